"""What the longest and deepest texts cost: time, memory, and whoever waits."""

import re
from functools import cache
from pathlib import Path
from time import process_time

import pytest

from tests.factories import make_tip
from tests.tips.hostile_texts import DEEP, HOSTILE, LONG
from tests.tips.test_markdown_hostile import dangers
from tips import pdf
from tips.checks import check
from tips.markdown import contents, plain_text, to_html
from tips.models import TipRevision

LONGEST = TipRevision._meta.get_field("body").max_length
MOST_SECONDS = 2
MOST_MEGABYTES = 200
ORDINARY_TEXTS = 100
ARTICLES = Path(pdf.__file__).parent / "demo"
# Linux keeps the peak of a process, and forgets it when asked.
PEAK = Path("/proc/self/clear_refs")
HEAVY = DEEP | LONG
RUN_TOGETHER = {
    "all of them": "\n\n".join(HOSTILE),
    "all of them, in quotes": "\n\n".join(HOSTILE).replace("\n", "\n> "),
    "all of them, on one line": " ".join(HOSTILE).replace("\n", " "),
}

each_text = pytest.mark.parametrize("text", (HEAVY | RUN_TOGETHER).values(), ids=(HEAVY | RUN_TOGETHER).keys())


def kilobytes(name):
    return int(re.search(rf"{name}:\s*(\d+)", Path("/proc/self/status").read_text())[1])


def cost(work):
    """What work took: seconds of the processor, and megabytes at the peak."""
    if PEAK.exists():
        PEAK.write_text("5")
        before = kilobytes("VmRSS")
    begun = process_time()
    work()
    seconds = process_time() - begun
    return seconds, (kilobytes("VmHWM") - before) / 1024 if PEAK.exists() else 0


@cache
def ordinary():
    return ("".join(path.read_text().split("+++\n", 2)[2] for path in sorted(ARTICLES.glob("*.md"))) * 10)[:LONGEST]


def limit():
    """In seconds: what this machine, as busy as it is now, takes to show so many ordinary texts of the same length."""
    return max(MOST_SECONDS, ORDINARY_TEXTS * cost(lambda: to_html.__wrapped__(ordinary()))[0])


def assert_light(work):
    seconds, megabytes = cost(work)
    for _again in range(2):
        if seconds < limit():
            break
        # The machine may have been busy with something else; a text that is heavy stays so.
        seconds = min(seconds, cost(work)[0])
    assert (seconds < limit(), megabytes < MOST_MEGABYTES) == (True, True), (seconds, limit(), megabytes)


def typeset(text):
    """The document, or in which words it is refused."""
    try:
        return pdf._set.__wrapped__("Title", "Author", "Summary.", "", "", text, "Ask.", "A study.", "Imprint")[:5]
    except pdf.CannotTypeset as refusal:
        return str(refusal)[:36]


def test_the_samples_are_more_than_two_hundred_and_all_different():
    samples = [*HOSTILE, *HEAVY.values()]

    assert len(set(samples)) == len(samples) > 200


@pytest.mark.skipif(not PEAK.exists(), reason="this system does not tell the peak of a process")
def test_the_scales_see_what_is_heavy():
    seconds, megabytes = cost(lambda: (bytes(range(256)) * 2**20, sum(range(10**7))))

    assert (seconds > 0.01, 200 < megabytes < 400) == (True, True)


@each_text
def test_a_heavy_text_is_shown_soon_and_safely(text):
    text = text[:LONGEST]

    assert_light(lambda: to_html.__wrapped__(text))

    assert list(dangers(to_html(text))) == []


@each_text
def test_the_words_and_contents_of_a_heavy_text_are_found_soon(text):
    text = text[:LONGEST]

    assert_light(lambda: plain_text(text))
    assert_light(lambda: contents.__wrapped__(text))


@each_text
def test_a_heavy_text_is_typeset_soon_or_refused_in_words(text):
    text = text[:LONGEST]
    outcomes = set()

    assert_light(lambda: outcomes.add(typeset(text)))

    assert outcomes <= {b"%PDF-", "This text cannot be made into a PDF:"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_typeset_or_refused_in_words(text):
    outcome = typeset(text)

    assert outcome in {b"%PDF-", "This text cannot be made into a PDF:"}


@pytest.mark.django_db
@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY.keys())
def test_a_heavy_text_is_checked_soon(text):
    tip = make_tip()
    newest = TipRevision(body=text[:LONGEST], sources="A study.", title="a", summary="a")

    assert_light(lambda: check(tip, newest, at=tip.publish_at))


def test_a_text_with_more_parts_than_any_article_is_not_typeset():
    with pytest.raises(pdf.CannotTypeset, match="it has too many parts"):
        pdf.markup("|a" * 100 + "|\n" + "|-" * 100 + "|\n" + "|\n" * 29_000)
