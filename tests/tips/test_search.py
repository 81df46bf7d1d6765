import re
from html import escape, unescape

import pytest

from tests.factories import DAY, NOON, make_tip

pytestmark = pytest.mark.django_db

CARD = re.compile(r'<h3>\s*<a href="([^"]+)">([^<]*)</a>')


def search(client, query):
    response = client.get("/tips/", {"q": query})
    assert response.status_code == 200
    return response.content.decode()


def cards(html):
    return [unescape(title) for _, title in CARD.findall(html)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("knee", ["100% of the knee", "Knee_strength"]),
        ("KNEE", ["100% of the knee", "Knee_strength"]),
        ("strength knee", ["Knee_strength"]),
        ("  knee \t uphill ", ["Knee_strength"]),
        ("%", ["100% of the knee"]),
        ("_", ["Knee_strength"]),
        ("knee elbow", []),
        ("\\", []),
        ("", ["100% of the knee", "Knee_strength", "Calm"]),
        ("   ", ["100% of the knee", "Knee_strength", "Calm"]),
    ],
)
def test_search_finds_the_tips_that_hold_every_word_as_it_was_typed(client, clinic, query, found):
    make_tip(text={"title": "Calm", "body": "Breathe."}, published_at=NOON - 3 * DAY)
    make_tip(text={"title": "Knee_strength", "body": "Ride uphill."}, published_at=NOON - 2 * DAY)
    make_tip(text={"title": "100% of the knee", "body": "Walk."})

    html = search(client, query)

    assert cards(html) == found


@pytest.mark.parametrize(
    "query",
    ["'", '"', "'; DROP TABLE tips_tip; --", "{{ 7|add:7 }}", "<script>alert(1)</script>", "🙂", "漢字", "x" * 100, "[a-z]+", "%25", "\u202e", "a" * 50 + " b" * 20],
)  # fmt: skip
def test_a_search_that_finds_nothing_says_so_and_shows_what_was_typed_as_text(client, clinic, query):
    make_tip()

    html = search(client, query)

    assert cards(html) == []
    assert f'value="{escape(query)}"'.replace("&#x27;", "&#39;") in html.replace("&#x27;", "&#39;")
    assert "Nothing fits those words." in html


def test_ten_thousand_characters_are_searched_for_as_a_hundred(client, clinic):
    make_tip()

    html = search(client, "y" * 10_000)

    assert (f'value="{"y" * 100}"' in html, "y" * 101 in html) == (True, False)


def test_a_search_does_not_look_into_what_is_not_yet_published(client, clinic, editor):
    tip = make_tip(author=editor)
    tip.revise(by=editor, at=NOON, title="Secret", summary="Secret", body="Secret", sources="Secret")
    make_tip(text={"title": "Secret draft"}, published_at=None)

    html = search(client, "secret")

    assert cards(html) == []


def test_a_search_with_a_character_that_nobody_types_is_refused_on_our_own_page(client, clinic):
    make_tip()

    response = client.get("/tips/", {"q": "kn\0ee"})

    assert (response.status_code, "That request made no sense to us" in response.content.decode()) == (400, True)
