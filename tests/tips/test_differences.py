"""What one text says that another does not: nothing is left out, nothing is made up."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tips.differences import GONE, LEFT_OUT, NEW, SAME, differences, lines
from tips.models import TipRevision

LINES = st.lists(st.text(alphabet="ab c", max_size=12), max_size=8).map("\n".join)


def joined(shown, *kinds):
    """The lines that hold one of these kinds, or are empty, put together again."""
    kept = [
        [words for kind, words in line if kind in kinds] for line in shown if any(kind in kinds for kind, _ in line)
    ]
    return [line for line in map("".join, kept) if line.strip()]


@given(LINES, LINES)
@settings(max_examples=300, deadline=None)
def test_what_was_and_what_is_can_both_be_read_off(old, new):
    shown = lines(old, new)
    is_whole = not any(kind == LEFT_OUT for line in shown for kind, _ in line)

    was, now = joined(shown, SAME, GONE), joined(shown, SAME, NEW)

    if is_whole:
        assert was == [line for line in old.splitlines() if line.strip()]
        assert now == [line for line in new.splitlines() if line.strip()]


@given(LINES)
def test_the_same_text_differs_in_nothing(text):
    shown = lines(text, text)

    assert {kind for line in shown for kind, _ in line} <= {SAME, LEFT_OUT}


def test_a_changed_word_is_marked_within_its_line_between_its_neighbours():
    old = "one\ntwo\nthree\nStand on your left leg.\nfive\nsix\nseven"

    shown = lines(old, old.replace("left", "right"))

    assert shown == [
        [(LEFT_OUT, "")],
        [(SAME, "three")],
        [(SAME, "Stand on your "), (GONE, "left"), (NEW, "right"), (SAME, " leg.")],
        [(SAME, "five")],
        [(LEFT_OUT, "")],
    ]


def test_only_the_fields_that_differ_are_told_each_by_its_name():
    old = TipRevision(title="Knees", body="Stand.", hero_is_decorative=False)
    new = TipRevision(title="Knees", body="Sit.", hero_is_decorative=True)

    told = [(each.label, each.lines) for each in differences(old, new)]

    assert told == [
        ("text", [[(GONE, "Stand."), (NEW, "Sit.")]]),
        ("it says nothing that the text does not", [[(GONE, "no"), (NEW, "yes")]]),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 30_000, "b a " * 15_000),
        ("\n".join("ab"[n % 2] for n in range(30_000)), "\n".join("ba"[n % 3 % 2] for n in range(30_000))),
        ("word\n" * 12_000, "drow\n" * 12_000),
        ("\n".join(str(n * 37 % 101) for n in range(1_500)), "\n".join(str(n * 53 % 101) for n in range(1_500))),
        (("%s " * 299 + "\n") * 66 % tuple(range(19_734)), ("%s " * 299 + "\n") * 66 % tuple(range(19_734, 0, -1))),
    ],
    ids=["one long line", "many short lines", "every line", "as many lines as are compared", "as many words"],
)
def test_no_two_texts_take_long_to_compare(old, new):
    before = time.process_time()

    lines(old[:60_000], new[:60_000])

    # What is not bounded takes minutes; a machine that is busy with something else takes a few times as long as one that is not.
    assert time.process_time() - before < 10
