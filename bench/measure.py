"""One engine: fills an empty database and asks. The figures go to standard output as JSON."""

import json
import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from statistics import median

from django.core.management import call_command
from django.core.paginator import Paginator
from django.db import connection, transaction
from django.db.models import OuterRef, Q, Subquery

from clinic.models import User
from tips import search
from tips.models import Tip, TipRevision, TipStatus, Topic
from tips.search import SearchEntry

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "tips" / "demo"
NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
TIPS = int(os.environ.get("TIPS", "100000"))
INVENTED_WORDS = 20_000
WORDS_OF_A_BODY = (200, 700)
AT_ONCE = 5000
ROUNDS = 5
A_PAGE = 20
# It takes seconds.
TYPICAL_EVERY = int(os.environ.get("TYPICAL_EVERY", "4"))
SYLLABLES = (
    "ba", "bri", "ce", "cla", "di", "dro", "fle", "fo", "gu", "ha", "ki", "lo", "mu", "ne", "pa", "qui", "ro",
    "tri",
)  # fmt: skip


def main():
    call_command("migrate", verbosity=0)
    letters = make_tips()
    with connection.cursor() as cursor:
        # What the server does by itself after a while.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    queries = (HERE / "queries.txt").read_text().splitlines()
    found = [ask(query) for query in queries]
    facts = {
        "tips": TIPS,
        "letters": letters,
        "queries": len(queries),
        "rounds": ROUNDS,
        "page": A_PAGE,
        "typical": len(queries[::TYPICAL_EVERY]),
        "empty": sum(not each for each, _ in found),
        "capped": sum(more for _, more in found),
    }
    ids = list(Tip.objects.values_list("pk", flat=True)[:A_PAGE])
    typical, asked, looked_up = {}, [], []
    for turn in range(ROUNDS):
        asked.append([timed(ask, query) for query in queries])
        looked_up.append([timed(look_up, ids) for _ in queries])
        # A part of them in each round, so that all are asked about the same machine.
        typical |= {query: timed(ask_typically, query) for query in queries[::TYPICAL_EVERY][turn::ROUNDS]}
    index = [timed(search.index, tip) for tip in Tip.objects.select_related("live").filter(pk__in=ids)]
    json.dump(
        {
            "search": asked,
            "look_up": looked_up,
            "typical": [typical.get(query) for query in queries],
            "index": median(index),
            "facts": facts,
        },
        sys.stdout,
    )


def timed(act, argument):
    began = time.perf_counter()
    act(argument)
    return (time.perf_counter() - began) * 1000


def ask(query):
    found = search.Found(Tip.objects.published(at=NOW).for_list().tips(), query)
    page = Paginator(found, A_PAGE).get_page(1)
    return len(list(page)) and page.paginator.count, found.has_more


def ask_typically(query):
    """As most sites search: the phrase, anywhere in the title, the summary or the text."""
    fits = Q(live__title__icontains=query) | Q(live__summary__icontains=query) | Q(live__body__icontains=query)
    page = Paginator(Tip.objects.published(at=NOW).for_list().tips().filter(fits), A_PAGE).get_page(1)
    return len(list(page)) and page.paginator.count


def look_up(ids):
    return list(Tip.objects.for_list().in_bulk(ids))


# The tips


def words_by_frequency(chance):
    """The words of the sample articles, the frequent ones first, and behind them invented ones."""
    real = " ".join(path.read_text(encoding="utf-8").split("+++\n")[2] for path in sorted(DEMO.glob("*.md")))
    counted = {}
    for word in search.WORD.findall(real.lower()):
        counted[word] = counted.get(word, 0) + 1
    invented = {}
    while len(invented) < INVENTED_WORDS:
        invented["".join(chance.choices(SYLLABLES, k=chance.randint(2, 5)))] = True
    return [*sorted(counted, key=lambda word: (-counted[word], word)), *invented]


class Writer:
    """Texts of words as frequent as words are, by Zipf's law as Mandelbrot has it."""

    def __init__(self):
        self.chance = random.Random(2026)  # noqa: S311 - the same each time is what is wanted
        words = words_by_frequency(self.chance)
        self.words = words
        self.weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))
        self.forms = {word: search.indexed(word) for word in words}

    def text(self, count):
        return self.chance.choices(self.words, cum_weights=self.weights, k=count)

    def body(self):
        """Its paragraphs, and above every fourth a heading, as words."""
        for number in range(self.chance.randint(*WORDS_OF_A_BODY) // 60):
            if number % 4 == 0:
                yield "## ", self.text(4)
            yield "", self.text(60)

    def tip(self):
        """A text, and what the index holds of it: as `search.index` would find out, but each word is taken apart once."""
        title, summary, body = self.text(6), self.text(18), list(self.body())
        words = [word for _sign, part in body for word in part]
        text = {"title": " ".join(title)[:120], "summary": " ".join(summary)[:300]}
        text["body"] = "\n\n".join(sign + " ".join(part) for sign, part in body)
        indexed = {name: search.indexed(text[name]) for name in ("title", "summary")}
        return text, indexed | {"plain": " ".join(words), "body": " ".join(map(self.forms.get, words))}


def make_tips():
    """Returns how many letters a text has."""
    author = User.objects.create(username="editor", email="editor@clinic.example")
    topics = [
        Topic.objects.create(name=word.title(), slug=word) for word in ("knees", "running", "recovery", "cycling")
    ]
    writer, letters = Writer(), 0
    for begin in range(0, TIPS, AT_ONCE):
        letters += make_some(writer, range(begin, min(begin + AT_ONCE, TIPS)), author, topics)
    text_of = TipRevision.objects.filter(tip=OuterRef("pk")).values("pk")
    Tip.objects.update(status=TipStatus.APPROVED, live=Subquery(text_of))
    for entry in SearchEntry.objects.order_by("pk")[:3]:
        before = {name: getattr(entry, name) for name in ("plain", "title", "summary", "topics", "body")}
        search.index(entry.tip)
        entry.refresh_from_db()
        if before != {name: getattr(entry, name) for name in before}:
            raise RuntimeError("the index that was made here is not the one that the site makes")
    return letters // TIPS


@transaction.atomic
def make_some(writer, numbers, author, topics):
    tips = [Tip(slug=f"tip-{n}", author=author, publish_at=NOW - timedelta(minutes=TIPS - n)) for n in numbers]
    tips = Tip.objects.bulk_create(tips)
    written = [writer.tip() for _ in tips]
    by = {"number": 1, "written_by": author, "written_at": NOW}
    revisions = [TipRevision(tip=tip, **by, **text) for tip, (text, _words) in zip(tips, written, strict=True)]
    TipRevision.objects.bulk_create(revisions)
    topic_of = {tip.pk: topics[n % len(topics)] for n, tip in enumerate(tips)}
    through = Tip.topics.through
    through.objects.bulk_create(through(tip_id=pk, topic=topic) for pk, topic in topic_of.items())
    SearchEntry.objects.bulk_create(
        SearchEntry(tip=each.tip, text_id=each.pk, topics=search.indexed(topic_of[each.tip_id].name), **words)
        for each, (_text, words) in zip(revisions, written, strict=True)
    )
    return sum(len(text["body"]) for text, _words in written)
