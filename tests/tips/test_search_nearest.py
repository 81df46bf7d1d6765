import re

import pytest

from tests.factories import DAY, NOON, make_tip
from tests.tips.test_search import ask, found, found_whole
from tips import search, views

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("strength workouts for seniors", ["Strength for runners", "Strong knees"]),
        ("knee pain when running", ["Strength for runners", "Strong knees"]),
        ("knee pain seniors", ["Strong knees", "Strength for runners"]),
        ("knee hips", ["Strong knees", "Hips", "Strength for runners"]),
        ("knee pain hips", ["Strong knees", "Strength for runners"]),
        ("workouts for seniors", []),
    ],
)
def test_where_few_have_all_the_words_words_that_none_has_are_left_out_and_then_one_of_the_rest(editor, query, titles):
    make_tip(author=editor, text={"title": "Strength for runners", "summary": "No pain.", "body": "Run far. Knees."})
    make_tip(author=editor, text={"title": "Strong knees", "summary": "Pain in a knee.", "body": "Strength."})
    make_tip(author=editor, text={"title": "Hips", "summary": "Calm.", "body": "Breathe."})

    assert found(query) == titles


def test_what_has_all_the_words_comes_before_what_has_nearly_all(editor):
    make_tip(author=editor, text={"title": "Lower back pain", "body": "Rest."})
    make_tip(author=editor, text={"title": "Calm", "body": "At home, for a lower back with pain."})

    assert found("lower back pain at home") == ["Calm", "Lower back pain"]


def test_where_enough_have_all_the_words_the_others_stay_away():
    for each in range(search.FEW):
        make_tip(text={"title": f"Lower back pain at home {each}"})
    make_tip(text={"title": "Lower back pain"})

    assert len(found("lower back pain home")) == search.FEW


def test_a_word_that_stands_only_where_readers_may_not_look_is_a_word_that_none_has(editor):
    make_tip(author=editor, text={"title": "Strength"})
    make_tip(author=editor, text={"title": "Seniors"}, published_at=NOON + DAY)

    assert found("strength seniors") == ["Strength"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("lower back pain", ""),
        ("lower back pain at home", "The first has all of your words. The others come close."),
        ("lower back pain seniors", "No page has all of your words. These come closest."),
        ("seniors", ""),
    ],
)
def test_the_page_says_where_not_all_words_were_found(client, clinic, query, words):
    make_tip(text={"title": "Lower back pain", "body": "Rest."})
    make_tip(text={"title": "Calm", "body": "At home, for a lower back with pain."})

    html = ask(client, query)

    assert re.findall(r"(?:The first|No page)[^<]*words\.[^<\n]*", html) == ([words] if words else [])


def test_the_second_page_says_nothing_of_the_first(client, clinic, monkeypatch):
    monkeypatch.setattr(views, "TIPS_A_PAGE", 1)
    make_tip(text={"title": "Lower back pain", "body": "Rest."})
    make_tip(text={"title": "Calm", "body": "At home, for a lower back with pain."})

    html = client.get("/tips/", {"q": "lower back pain at home", "page": 2}).content.decode()

    assert "Lower back pain" in html
    assert "has all of your words" not in html


@pytest.mark.parametrize(("query", "most"), [("knee hurts", "knee"), ("hurts knee", "knee"), ("hurts kne", "kneeling")])
def test_a_word_in_a_title_counts_although_most_texts_have_it(query, most):
    make_tip(text={"title": "After a knee injury", "body": "It hurts."}, published_at=NOON - 9 * DAY)
    make_tip(text={"title": "Calm", "body": f"It hurts, hurts, hurts and hurts. {most}"}, published_at=NOON - 8 * DAY)
    for each in range(9):
        make_tip(text={"title": f"Other {each}", "body": "A knee, and another knee."})

    titles = found(query)

    assert titles[:2] == ["After a knee injury", "Calm"]


def test_small_words_alone_are_looked_for_like_any_other():
    make_tip(text={"title": "To be or not to be"})

    assert [found_whole("to be"), found_whole("or the")] == [["To be or not to be"], []]
