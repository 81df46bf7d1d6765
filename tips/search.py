"""What readers find: an index of the live texts, the ranking, and the snippets. All that depends on the engine is here.

Words are folded and stemmed in Python, in the text and in what is looked for, so that both engines
find the same. The index says what fits, never what may be seen: that is the queryset it is asked with.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

import snowballstemmer
from django.apps import apps as installed
from django.db import connection, models, transaction
from django.db.models import F
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.utils.html import escape, format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from clinic.plans import without

from .markdown import plain_text

# Only so many of the newest that fit are ranked, so that a common word stays quick.
MOST_RANKED = 1000
# Where fewer fit all the words, those that fit nearly all of them come behind.
FEW = 3
MOST_WORDS = 8
MOST_LETTERS = 40
SNIPPET_LETTERS = 220
# Where a line ends without a sign that says so.
BLOCK_END = re.compile(r"(?<=[^\s.,:;!?…])\s*\n\s*")
# And where a sentence ends, or a block; what goes on in small letters was an abbreviation.
SENTENCE_END = re.compile(r"(?:(?<=[.!?…])|(?<=[.!?…][\"'”’)])) (?![a-z])| · ")
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Letters that no normal form takes apart.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
# What nearly every text has, and so says nothing about what is meant.
SMALL_WORDS = {
    "a", "about", "after", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "did", "do", "does",
    "for", "from", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "no", "not",
    "of", "on", "or", "our", "so", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this",
    "to", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "you", "your",
}  # fmt: skip

# How an engine writes a word, the beginning of one, either of two, and both.
GRAMMAR = {
    "sqlite": ('"{}"', '"{}"*', " OR ", " AND "),
    "postgresql": ("'{}'", "'{}':*", " | ", " & "),
}
# Whether readers find a word at all. The sum keeps PostgreSQL from going through all tips for one that fits.
KNOWN = """
    SELECT 1 FROM (SELECT rowid + 0 AS key FROM tips_searchentry WHERE {fits}) AS fitting CROSS JOIN ({visible}) AS tip
    WHERE tip.id = key LIMIT 1
"""
FITS = {"sqlite": "tips_searchentry MATCH %s", "postgresql": "words @@ to_tsquery('simple', %s)"}
# How much a word counts in a title, and in a summary and topics.
IN_TITLE, ABOVE = 1, 0.2
# Both weigh a title over a summary and topics, and those over a body; and of very many only those written last are looked at.
# Which those are is found out among keys alone. Their order is by a sum, since in the order of an index PostgreSQL would
# unpack the words of one text after the other where it takes two that seldom meet for frequent.
# `ts_rank` has its weights for D, C, B and A, and adds up what each word is worth where it is asked for any of them.
POSTGRESQL = """
    WITH newest AS (
        SELECT tip.id, tip.publish_at FROM (
            SELECT rowid + 0 AS key FROM tips_searchentry WHERE words @@ to_tsquery('simple', %s)
            ORDER BY key DESC OFFSET 0
        ) AS fitting JOIN ({visible}) AS tip ON tip.id = key ORDER BY key DESC LIMIT {limit}
    )
    SELECT id, -ts_rank('{{0, 0.01, 0.2, 1}}', words, to_tsquery('simple', %s)) AS score
    FROM newest JOIN tips_searchentry ON rowid = id ORDER BY score, publish_at DESC, id DESC
"""
# In this order the index has them, so that it stops early.
SQLITE = """
    SELECT tip.id, tip.publish_at FROM tips_searchentry CROSS JOIN ({visible}) AS tip ON tip.id = tips_searchentry.rowid
    WHERE tips_searchentry MATCH %s ORDER BY tips_searchentry.rowid DESC LIMIT {limit}
"""
# Less is better. The weights are in the order of the columns, of which the first two are only kept.
SQLITE_SCORES = """
    SELECT rowid, bm25(tips_searchentry, 0, 0, 100, 20, 20, 1), title, summary || ' ' || topics FROM tips_searchentry
    WHERE tips_searchentry MATCH %s AND rowid >= %s
"""
SQLITE_FITTING = "SELECT rowid, 1 FROM tips_searchentry WHERE tips_searchentry MATCH %s AND rowid >= %s"


class SearchEntry(models.Model):
    """The words of a tip's live text, as they are looked for, and the same text to quote from.

    On SQLite the table is the full-text index itself; nothing in it is more than a copy.
    """

    # The key of a virtual table is always called so.
    tip = models.OneToOneField(
        "tips.Tip", primary_key=True, db_column="rowid", on_delete=models.CASCADE, related_name="+", editable=False
    )
    text_id = models.BigIntegerField(editable=False)
    plain = models.TextField(editable=False)
    title = models.TextField(editable=False)
    summary = models.TextField(editable=False)
    topics = models.TextField(editable=False)
    body = models.TextField(editable=False)

    class Meta:
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")

    def __str__(self):
        return str(self.tip_id)


# Words


def fold(word):
    """“Zoë” is zoe."""
    word = word.replace("'", "").replace("’", "")
    if not word.isascii():
        apart = unicodedata.normalize("NFKD", word).casefold()
        letters = "".join(each for each in apart if not unicodedata.combining(each)).translate(PLAIN)
        word = "".join(WORD.findall(letters))
    return word.lower()[:MOST_LETTERS]


@lru_cache(maxsize=20_000)
def stem(folded):
    # One of its own for each word: a stemmer keeps what it works on in itself, and requests are answered in threads.
    return snowballstemmer.stemmer("english").stemWord(folded)


def indexed(text):
    """Every word and its stem, so that a word is found by its beginning and in its other forms."""
    return " ".join(form for word in map(fold, WORD.findall(text)) for form in dict.fromkeys((word, stem(word))))


def normalized(text):
    return " ".join(unicodedata.normalize("NFC", text).split())


@dataclass(frozen=True)
class Wanted:
    """What a reader looks for: the stem of every word, and how the last one begins."""

    stems: list
    beginning: str

    @classmethod
    def from_query(cls, query):
        """Small words count only where there are no others."""
        text = normalized(query[: MOST_WORDS * MOST_LETTERS])
        words = [*filter(None, map(fold, WORD.findall(text)))][:MOST_WORDS]
        words = [word for word in words if word not in SMALL_WORDS] or words
        last = words[-1] if words else ""
        # Each once, and the last one last.
        stems = list(dict.fromkeys(map(stem, reversed(words))))[::-1]
        return cls(stems, last if len(last) > 1 else "")

    @cached_property
    def initials(self):
        return tuple(each[0] for each in self.stems)

    def has(self, word):
        folded = fold(word)
        # Stemming takes time, and leaves a word its first letter.
        if not folded.startswith(self.initials):
            return False
        return stem(folded) in self.stems or bool(self.beginning and folded.startswith(self.beginning))

    def without(self, stem):
        others = [each for each in self.stems if each != stem]
        return Wanted(others, "" if stem == self.stems[-1] else self.beginning)

    def count_in(self, forms):
        """How many of the words there are among those, as they are indexed."""
        forms = set(forms.split())
        missing = [stem for stem in self.stems if stem not in forms]
        begun = self.stems[-1] in missing and self.beginning and any(map(self.is_begun_by, forms))
        return len(self.stems) - len(missing) + bool(begun)

    def is_begun_by(self, form):
        return form.startswith(self.beginning)

    def in_grammar(self):
        """Each word for the engine; words hold only letters and digits, so that nothing in them is grammar."""
        word, beginning, either, _both = GRAMMAR[connection.vendor]
        *others, last = map(word.format, self.stems)
        if self.beginning:
            begins = beginning.format(self.beginning)
            last = begins if self.stems[-1].startswith(self.beginning) else f"({last}{either}{begins})"
        return [*others, last]

    def all_of_them(self):
        return GRAMMAR[connection.vendor][3].join(self.in_grammar())

    def any_of_them(self):
        return GRAMMAR[connection.vendor][2].join(self.in_grammar())


# The index


@transaction.atomic
def index(tip):
    """Make the tip's live text the one that is found; for the transaction in which it becomes so."""
    text = tip.live
    # To whoever reads a part of it, a heading and what follows are two things.
    plain = normalized(BLOCK_END.sub(" · ", plain_text(text.body)))
    SearchEntry(
        tip_id=tip.pk,
        text_id=text.pk,
        plain=plain,
        title=indexed(normalized(text.title)),
        summary=indexed(normalized(text.summary)),
        topics=indexed(normalized(" ".join(topic.name for topic in tip.topics.all()))),
        body=indexed(plain),
    ).save()


@transaction.atomic
def reindex(apps=installed):
    """Index every tip whose live text is not the one in the index; there is none unless the tips came from elsewhere."""
    current = SearchEntry.objects.filter(text_id=F("tip__live_id")).values("pk")
    stale = apps.get_model("tips", "Tip").objects.filter(live__isnull=False).exclude(pk__in=current)
    for tip in stale.select_related("live").prefetch_related("topics").iterator(chunk_size=200):
        index(tip)


@receiver(post_migrate, dispatch_uid="search_entries")
def reindex_after_migrate(app_config, apps=installed, **kwargs):
    if app_config.label == "tips" and "searchentry" in apps.all_models["tips"]:
        reindex(apps)


# Searching


class Found:
    """The tips that fit a query, best first, a part at a time: what a paginator asks of a list."""

    def __init__(self, tips, query):
        self.tips, self.wanted = tips, Wanted.from_query(query)
        ids = list(ranked(tips, self.wanted)) if self.wanted.stems else []
        self.whole = len(ids)
        if self.whole < FEW and len(self.wanted.stems) > 1:
            ids = list(dict.fromkeys([*ids, *nearest(tips, self.wanted)]))
        self.ids, self.has_more = ids[:MOST_RANKED], len(ids) > MOST_RANKED

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, part):
        tips = self.tips.in_bulk(self.ids[part])
        texts = dict(SearchEntry.objects.filter(pk__in=tips).values_list("pk", "plain"))
        for pk, tip in tips.items():
            summary = normalized(tip.live.summary)
            tip.summary = marked(summary, self.wanted)
            tip.snippet = "" if first_in(summary, self.wanted) else quoted(texts.get(pk, ""), self.wanted)
        return [tips[pk] for pk in self.ids[part] if pk in tips]


def nearest(tips, wanted):
    """The ids of those that have all words that any of `tips` has, and then of those that have all of these but one.

    Each is looked for by several words that must all be there: those with any of many words would be most of them.
    """
    known = wanted
    for stem in unknown(tips, wanted):
        known = known.without(stem)
    yield from ranked(tips, known) if known.stems and known != wanted else ()
    but_one = {}
    for stem in known.stems if len(known.stems) > 1 else ():
        but_one |= ranked(tips, known.without(stem))
    yield from sorted(but_one, key=but_one.get)


def unknown(tips, wanted):
    visible, params = tips.order_by().values("id").query.sql_with_params()
    fits = FITS[connection.vendor]
    with without("seqscan"), connection.cursor() as cursor:
        for stem, word in zip(wanted.stems, wanted.in_grammar(), strict=True):
            cursor.execute(KNOWN.format(visible=visible, fits=fits), [word, *params])
            if cursor.fetchone() is None:
                yield stem


def ranked(tips, wanted):
    """By the ids of those among `tips` that fit, how well, less is better and first; one more than are ranked says that there are more."""
    visible, params = tips.order_by().values("id", "publish_at").query.sql_with_params()
    shape, words = {"visible": visible, "limit": MOST_RANKED + 1}, wanted.all_of_them()
    # PostgreSQL reckons nothing for unpacking words, and would rather unpack those of all tips: ten times as slow.
    with without("seqscan"), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL.format(**shape), [words, *params, wanted.any_of_them()])
            return dict(cursor.fetchall())
        cursor.execute(SQLITE.format(**shape), [*params, words])
        fitting = cursor.fetchall()
        score = scores(cursor, wanted, fitting)
    newest_first = sorted(fitting, key=lambda row: (row[1], row[0]), reverse=True)
    best_first = sorted(newest_first, key=lambda row: score.get(row[0], (0, 0)))
    return {pk: score.get(pk, (0, 0)) for pk, _published in best_first}


def scores(cursor, wanted, fitting):
    """By id, less is better. What stands above the text counts first: `bm25` gives nothing for a word that most texts have.

    It counts in all texts that fit: where they are very many, only where the words stand counts.
    """
    words = wanted.all_of_them()

    def asked(sql, words):
        cursor.execute(sql, [words, fitting[-1][0] if fitting else 0])
        return cursor.fetchall()

    if len(fitting) <= MOST_RANKED:
        return {pk: (-prominence(wanted, *texts), score) for pk, score, *texts in asked(SQLITE_SCORES, words)}
    above = dict(asked(SQLITE_FITTING, f"{{title summary topics}} : ({words})"))
    in_title = dict(asked(SQLITE_FITTING, f"{{title}} : ({words})"))
    return {pk: (-len(wanted.stems) * (IN_TITLE if pk in in_title else ABOVE), 0) for pk in above}


def prominence(wanted, title, above):
    return IN_TITLE * wanted.count_in(title) + ABOVE * wanted.count_in(above)


def first_in(text, wanted):
    return next((word for word in WORD.finditer(text) if wanted.has(word[0])), None)


def quoted(text, wanted):
    """The sentence with the first word that was looked for, as HTML with all of them marked; empty if there is none."""
    first = first_in(text, wanted)
    if first is None:
        return ""
    start, end = 0, len(text)
    for found in SENTENCE_END.finditer(text):
        if found.start() >= first.end():
            end = found.start()
            break
        start = found.end()
    begins, stops = "", ""
    if first.end() - start > SNIPPET_LETTERS:
        start = max(first.start() - SNIPPET_LETTERS, text.rfind(" ", start, first.start() - SNIPPET_LETTERS // 3) + 1)
        begins = "… "
    if end - start > SNIPPET_LETTERS:
        end = max(first.end(), text.rfind(" ", start, start + SNIPPET_LETTERS))
        stops = " …"
    return format_html("{}{}{}", begins, marked(text[start:end], wanted), stops)


def marked(text, wanted):
    """The text as HTML, with the words that were looked for marked."""
    pieces, reached = [], 0
    for word in WORD.finditer(text):
        if wanted.has(word[0]):
            pieces.append((text[reached : word.start()], word[0]))
            reached = word.end()
    return format_html_join("", "{}<mark>{}</mark>", pieces) + escape(text[reached:])
