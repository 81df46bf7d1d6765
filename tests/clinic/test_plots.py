"""Plots: bars as long as their numbers say, words that are shown as they are, nothing but classes for their looks."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.plots import LEFT, MOST_WORDS, TALL, Bar, columns, rows, top_and_step

NAMED = {"name": "weeks", "title": "Requests by week", "about": "The table has the same numbers."}
labels = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=120)
bars = st.lists(st.builds(Bar, labels, st.integers(0, 10**6), st.just("7"), st.booleans()), min_size=1, max_size=60)


def drawn(svg):
    return ET.fromstring(svg)  # noqa: S314 - our own markup


def lengths(svg, attribute):
    return [each.attrib[attribute] for each in drawn(svg).iter("rect")]


def test_columns_stand_as_high_as_their_numbers_on_one_scale():
    svg = columns([Bar("Mar 2", 20, "20"), Bar("Mar 9", 10, "10"), Bar("Mar 16", 0, "<5", True)], **NAMED)

    # Of nothing a hair's breadth is seen.
    assert lengths(svg, "height") == [str(TALL), str(TALL // 2), "2"]


def test_rows_are_as_long_as_their_numbers():
    svg = rows([Bar("Knee", 40, "40"), Bar("Back", 10, "10"), Bar("Hip", 0, "<5", True)], **NAMED)

    assert lengths(svg, "width") == ["100.00%", "25.00%", "1.00%"]


@pytest.mark.parametrize(("draw", "size"), [(rows, "width"), (columns, "height")])
def test_what_is_known_to_be_nothing_is_not_drawn(draw, size):
    svg = draw([Bar("Home", 4000, "4000"), Bar("Lists", 1, "1"), Bar("Guides", 0, "0")], **NAMED)

    nothing = {"width": "0.00%", "height": "0"}[size]
    assert [each == nothing for each in lengths(svg, size)] == [False, False, True]


def test_what_is_vague_is_an_outline():
    svg = rows([Bar("Knee", 10, "10"), Bar("Back", 5, "<10", is_vague=True)], **NAMED)

    assert lengths(svg, "class") == ["bar", "bar bar--vague"]


def test_it_has_a_name_and_a_description_for_whoever_does_not_see_it():
    plot = drawn(rows([Bar("Knee", 10, "10")], **NAMED))

    assert (plot.attrib["role"], plot.attrib["aria-labelledby"], plot.attrib["aria-describedby"]) == (
        "img",
        "weeks-title",
        "weeks-about",
    )
    assert [(each.tag, each.attrib["id"], each.text) for each in plot if each.tag in {"title", "desc"}] == [
        ("title", "weeks-title", NAMED["title"]),
        ("desc", "weeks-about", NAMED["about"]),
    ]


@pytest.mark.parametrize(
    ("longest", "top", "step"),
    [(0, 2, 1), (4, 4, 1), (7, 8, 2), (25, 25, 5), (26, 30, 10), (60, 60, 20), (999, 1000, 200)],
)
def test_scales_are_round(longest, top, step):
    assert top_and_step(longest) == (top, step)


@given(st.integers(0, 10**9))
def test_every_number_is_on_its_scale_and_lines_are_few(longest):
    top, step = top_and_step(longest)

    assert longest <= top
    assert 2 <= top // step <= 5
    assert top % step == 0


@given(bars)
@pytest.mark.parametrize("draw", [columns, rows])
def test_whatever_is_drawn_is_well_formed_inside_and_without_style_or_script(draw, bars):
    svg = draw(bars, **NAMED)
    plot = drawn(svg)

    ends = [float(each.attrib["x"].rstrip("%")) + float(each.attrib["width"].rstrip("%")) for each in plot.iter("rect")]
    assert max(ends) <= 100.01
    assert {each.tag for each in plot.iter()} <= {"svg", "title", "desc", "line", "text", "rect"}
    assert re.findall(r"\s(?:style|on\w+|href)=", re.sub(r">[^<]*<", "><", svg)) == []


@given(st.integers(1, 200))
def test_words_below_columns_do_not_crowd(count):
    plot = drawn(columns([Bar("Mar 2", 3, "3")] * count, **NAMED))

    words = [each.attrib for each in plot.iter("text") if each.text == "Mar 2"]

    assert 1 <= len(words) <= MOST_WORDS
    assert float(words[0]["x"].rstrip("%")) == LEFT


def test_a_column_alone_does_not_fill_the_plot():
    svg = columns([Bar("Mar 2", 20, "20")], **NAMED)

    assert lengths(svg, "width") == ["8.80%"]


def test_long_words_are_there_as_far_as_a_telephone_has_room_and_nearly_whole():
    plot = drawn(rows([Bar("Strength after a knee injury: build it back", 3, "3"), Bar("x" * 200, 3, "3")], **NAMED))

    words = [(each.attrib["class"], each.text) for each in plot.iter("text") if each.text != "3"]
    assert words == [
        ("word word--whole", "Strength after a knee injury: build it back"),
        ("word word--short", "Strength after a knee injury: bui…"),
        ("word word--whole", "x" * 79 + "…"),
        ("word word--short", "x" * 33 + "…"),
    ]
