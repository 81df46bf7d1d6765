"""One engine: fills an empty database and asks. The figures go to standard output as JSON."""

import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from django.core.management import call_command
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import OuterRef, Subquery

from clinic.models import User
from tips import search
from tips.models import Tip, TipRevision, TipStatus, Topic

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "tips" / "demo"
NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
TIPS = 10_000
INVENTED_WORDS = 20_000
WORDS_OF_A_BODY = (400, 1400)
ROUNDS = 5
A_PAGE = 20
SYLLABLES = (
    "ba",
    "bri",
    "ce",
    "cla",
    "di",
    "dro",
    "fle",
    "fo",
    "gu",
    "ha",
    "ki",
    "lo",
    "mu",
    "ne",
    "pa",
    "qui",
    "ro",
    "tri",
)


def main():
    call_command("migrate", verbosity=0)
    make_tips()
    began = time.perf_counter()
    search.reindex()
    index = (time.perf_counter() - began) * 1000 / TIPS
    with connection.cursor() as cursor:
        # What the server does by itself after a while.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    queries = (HERE / "queries.txt").read_text().splitlines()
    found = [ask(query) for query in queries]
    facts = {
        "tips": TIPS,
        "letters": sum(map(len, TipRevision.objects.values_list("body", flat=True))) // TIPS,
        "queries": len(queries),
        "rounds": ROUNDS,
        "page": A_PAGE,
        "empty": sum(not each for each, _ in found),
        "capped": sum(more for _, more in found),
    }
    ids = list(Tip.objects.values_list("pk", flat=True)[:A_PAGE])
    asked = [[timed(ask, query) for query in queries] for _ in range(ROUNDS)]
    looked_up = [[timed(look_up, ids) for _ in queries] for _ in range(ROUNDS)]
    json.dump({"search": asked, "look_up": looked_up, "index": index, "facts": facts}, sys.stdout)


def timed(act, argument):
    began = time.perf_counter()
    act(argument)
    return (time.perf_counter() - began) * 1000


def ask(query):
    found = search.Found(Tip.objects.published(at=NOW).for_list().tips(), query)
    page = Paginator(found, A_PAGE).get_page(1)
    return len(list(page)) and page.paginator.count, found.has_more


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


def make_tips():
    chance = random.Random(2026)  # noqa: S311 - the same each time is what is wanted
    words = words_by_frequency(chance)
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))  # Zipf's law, as Mandelbrot has it

    def text(count):
        return " ".join(chance.choices(words, cum_weights=weights, k=count))

    def body():
        paragraphs = [text(60).capitalize() + "." for _ in range(chance.randint(*WORDS_OF_A_BODY) // 60)]
        return "\n\n".join(f"## {text(4)}\n\n{each}" if n % 4 == 0 else each for n, each in enumerate(paragraphs))

    author = User.objects.create(username="editor", email="editor@clinic.example")
    topics = [
        Topic.objects.create(name=word.title(), slug=word) for word in ("knees", "running", "recovery", "cycling")
    ]
    common = {"author": author, "publish_at": NOW}
    tips = Tip.objects.bulk_create(
        [Tip(slug=f"tip-{n}", **common | {"publish_at": NOW - timedelta(hours=n + 1)}) for n in range(TIPS)]
    )
    TipRevision.objects.bulk_create(
        [
            TipRevision(
                tip=tip,
                number=1,
                title=text(6)[:120],
                summary=text(18)[:300],
                body=body(),
                written_by=author,
                written_at=NOW,
            )
            for tip in tips
        ],
        batch_size=500,
    )
    Tip.topics.through.objects.bulk_create(
        Tip.topics.through(tip=tip, topic=topics[n % len(topics)]) for n, tip in enumerate(tips)
    )
    text_of = TipRevision.objects.filter(tip=OuterRef("pk")).values("pk")
    Tip.objects.update(status=TipStatus.APPROVED, live=Subquery(text_of))
