"""Texts written to break the page: what comes out holds nothing that the allow-list does not know, and comes out soon."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tips.hostile_texts import HOSTILE
from tips.markdown import ATTRIBUTES, TAGS, to_html

# What a browser takes for a scheme, once it has dropped what it drops; any other address leads within the site.
SCHEME = re.compile(r"^[\x00-\x20]*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
HARMLESS = {"https", "http", "mailto", "tel"}


class Elements(HTMLParser):
    """Each element with its attributes, without our own drawings."""

    def __init__(self, html):
        super().__init__()
        self.found, self.drawing = [], 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.drawing += tag == "svg"
        if not self.drawing:
            self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        self.drawing -= tag == "svg"


def dangers(html):
    """What the page should not hold: elements, attributes and addresses that the allow-list does not know."""
    for tag, attributes in Elements(html).found:
        if tag not in TAGS:
            yield tag
        allowed = ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
        yield from (f"{tag} {name}" for name in attributes if name not in allowed)
        href = attributes.get("href") or ""
        scheme = SCHEME.match(re.sub(r"[\t\n\r]", "", href))
        if scheme and scheme[1].lower() not in HARMLESS:
            yield href


def drawings(html):
    return html.count("<svg")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_dangerous_is_left_of_a_hostile_text(text):
    html = to_html(text)

    assert list(dangers(html)) == []
    assert drawings(html) <= text.count("::: exercise")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_dangerous_is_left_of_a_hostile_text_inside_other_marks(text):
    html = to_html(f"> - before\n>\n>   {text}\n>\n> **x** {text} *y*\n\n::: exercise plank\n{text}\n:::\n")

    assert list(dangers(html)) == []


@settings(max_examples=150, deadline=None, database=None)
@given(
    st.lists(
        st.sampled_from([*HOSTILE, "\n\n", "> ", "- ", "*", "`", "[", "](", ")", "<", '"', "&#", ":::"]), max_size=12
    )
)
def test_nothing_dangerous_is_left_of_hostile_texts_run_together(parts):
    html = to_html("".join(parts))

    assert list(dangers(html)) == []


def test_the_check_itself_sees_each_kind_of_danger():
    html = '<script></script><p onclick="x">y</p><a href=" java\tscript:x">z</a><svg><path onload="x"/></svg>'

    found = list(dangers(html))

    assert found == ["script", "p onclick", " java\tscript:x"]
