"""What a search shows of each tip: its summary, and a sentence where the summary lacks the word."""

import re
from html import unescape

import pytest

from tests.factories import make_tip
from tests.tips.test_search import CARD, ask
from tips import search

pytestmark = pytest.mark.django_db


def summaries(html):
    return [summary for _, _, summary, _ in CARD.findall(html)]


def snippets(html):
    return [snippet for _, _, _, snippet in CARD.findall(html)]


EXERCISES = """
Start.

## Up

Then we **ran**, running & *runs* <b>uphill</b>. The end.

::: exercise bridge
Name: Glute bridge
What for: The back of your hips, e.g. for knees.
How: Lie on your back. Say “Up.” Lift.
:::

- Bend your elbows
- Heels down
"""


@pytest.mark.parametrize(
    ("query", "snippet"),
    [
        ("run", "Then we ran, <mark>running</mark> &amp; <mark>runs</mark> &lt;b&gt;uphill&lt;/b&gt;."),
        ("knee", "What for: The back of your hips, e.g. for <mark>knees</mark>."),
        ("hips", "What for: The back of your <mark>hips</mark>, e.g. for knees."),
        ("lift", "<mark>Lift</mark>."),
        ("elbow", "Bend your <mark>elbows</mark>"),
        ("heel", "<mark>Heels</mark> down"),
        ("start", "<mark>Start</mark>."),
    ],
)
def test_the_summary_is_followed_by_the_whole_sentence_with_the_word_that_it_lacks(client, clinic, query, snippet):
    make_tip(text={"summary": "Calm & slow.", "body": EXERCISES})

    html = ask(client, query)

    assert (summaries(html), snippets(html)) == (["Calm &amp; slow."], [snippet])


def test_of_a_very_long_sentence_the_part_around_the_word_is_shown(client, clinic):
    make_tip(text={"body": "One " * 90 + "knee" + " more" * 90})

    [snippet] = snippets(ask(client, "knee"))

    assert (snippet[:6], snippet[-6:], "One <mark>knee</mark> more" in snippet) == ("… One ", "more …", True)
    assert len(re.sub(r"<[^>]+>", "", unescape(snippet))) <= search.SNIPPET_LETTERS + 4


@pytest.mark.parametrize(
    ("query", "summary"),
    [
        ("nunez", "With <mark>Núñez</mark> at the café."),
        ("at the caf", "With Núñez at the <mark>café</mark>."),
        ("stand", "With Núñez at the café."),
    ],
)
def test_the_summary_is_marked_where_it_fits_and_shown_plain_where_only_the_title_does(client, clinic, query, summary):
    make_tip(text={"title": "Stand", "summary": "With Núñez at the café.", "body": "Breathe."})

    html = ask(client, query)

    assert (summaries(html), snippets(html)) == ([summary], [""])


def test_a_snippet_stays_short_where_a_text_has_no_spaces():
    snippet = search.quoted("ab-" * 900 + "knee" + "-ab" * 900, search.Wanted.from_query("knee"))

    assert (len(snippet) < 2 * search.SNIPPET_LETTERS, "<mark>knee</mark>" in snippet) == (True, True)


@pytest.mark.parametrize("where", ["summary", "body"])
def test_markup_in_a_text_stays_text_in_its_snippet(client, clinic, where):
    make_tip(text={where: "Knees <script>alert(1)</script> </mark><img src=x onerror=alert(1)> & knees"})

    html = ask(client, "alert")
    [snippet] = summaries(html) if where == "summary" else snippets(html)

    assert re.findall(r"<[^>]*>", snippet) == ["<mark>", "</mark>"] * 2
    assert "&lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt; &lt;/mark&gt;&lt;img" in snippet
