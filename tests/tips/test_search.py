import re
from html import escape, unescape

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import DAY, NOON, make_person, make_tip
from tips import search
from tips.models import Tip, TipStatus, Topic

pytestmark = pytest.mark.django_db

CARD = re.compile(r'<h3>\s*<a href="([^"]+)">([^<]*)</a>\s*</h3>\s*<p>(.*?)</p>\s*(?:<p>(.*?)</p>)?', re.DOTALL)


def ask(client, query, **more):
    response = client.get("/tips/", {"q": query, **more})
    assert response.status_code == 200
    return response.content.decode()


def cards(html):
    return [unescape(title) for _, title, _, _ in CARD.findall(html)]


def found(query, *, at=NOON):
    return [tip.live.title for tip in search.Found(Tip.objects.listed(at=at).for_list(), query)[:20]]


def found_whole(query):
    """Those that have all of the words."""
    answer = search.Found(Tip.objects.listed(at=NOON).for_list(), query)
    return [tip.live.title for tip in answer[: answer.whole]]


# What fits


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("running", "How to run"),
        ("run", "Running uphill"),
        ("exercise", "Exercises"),
        ("exercises", "An exercise"),
        ("RUN", "We run"),
        ("nunez", "By Zoë Núñez"),
        ("Núñez", "By Zoe Nunez"),
        ("cafe", "At the café"),
        ("café", "At the cafe"),
        ("cafe\u0301", "At the café"),
        ("café", "At the cafe\u0301"),
        ("runners", "A runner’s knee"),
        ("runner's", "Runners"),
        ("smørrebrod", "Smorrebrød"),
        ("漢字", "漢字"),
    ],
)
def test_a_word_is_found_in_its_other_forms_and_with_or_without_accents(query, title):
    make_tip(text={"title": title, "summary": "Rest."})
    make_tip(text={"title": "Calm", "summary": "Breathe."})

    titles = found(query)

    assert titles == [title]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("st", ["Strength for runners"]),
        ("runn", ["Strength for runners"]),
        ("strengthx", []),
        ("strength runn", ["Strength for runners"]),
        ("streng runners", []),
        ("for runners", ["Strength for runners"]),
        ("runners and strength", ["Strength for runners"]),
        ("runners strength runn", ["Strength for runners"]),
        ("runners knee runn", []),
        ("runners knee", []),
        ("r", []),
    ],
)
def test_every_word_must_be_there_and_the_last_is_found_by_its_beginning(query, titles):
    make_tip(text={"title": "Strength for runners"})

    assert found_whole(query) == titles


def test_all_that_readers_see_of_a_tip_is_looked_through():
    topic = Topic.objects.create(name="Lower back", slug="lower-back")
    make_tip(
        topics=[topic],
        text={"title": "Stand", "summary": "Walk", "body": "## Climb\n\n- *Row* and [swim](/pool/)", "sources": "Dive"},
    )

    answers = {
        word: len(found(word)) for word in ("stand", "walk", "climb", "row", "swim", "lower back", "dive", "pool")
    }

    assert answers == {"stand": 1, "walk": 1, "climb": 1, "row": 1, "swim": 1, "lower back": 1, "dive": 0, "pool": 0}


# In which order


def test_a_title_comes_before_a_summary_and_a_summary_before_a_body():
    make_tip(text={"title": "Title of knees"}, published_at=NOON - 5 * DAY)
    make_tip(text={"title": "Summary", "summary": "For knees."}, published_at=NOON - 4 * DAY)
    make_tip(text={"title": "Body", "body": "Knees, " * 12 + "and more of them."}, published_at=NOON - 3 * DAY)
    for each in range(9):
        make_tip(text={"title": f"Other {each}", "body": "Rest well. " * 9})

    titles = found("knees")

    assert titles == ["Title of knees", "Summary", "Body"]


def test_many_words_that_begin_alike_in_a_body_do_not_come_before_one_in_a_title():
    make_tip(text={"title": "Title of knees"}, published_at=NOON - 5 * DAY)
    make_tip(text={"title": "Body", "body": "Knee, knees, kneel, kneels, kneeling, knelt, kneecap, kneecaps. " * 9})
    for each in range(9):
        make_tip(text={"title": f"Other {each}", "body": "Rest well. " * 9})

    titles = found("kne")

    assert titles == ["Title of knees", "Body"]


def test_among_equals_the_newest_comes_first():
    for age, title in [(3, "Knees, third"), (1, "Knees, first"), (2, "Knees, other")]:
        make_tip(text={"title": title}, published_at=NOON - age * DAY)

    titles = found("knees")

    assert titles == ["Knees, first", "Knees, other", "Knees, third"]


def test_only_the_newest_that_fit_are_ranked_and_the_page_says_that_there_are_more(client, clinic, monkeypatch):
    monkeypatch.setattr(search, "MOST_RANKED", 2)
    for age, title in [(4, "Knees, and older"), (3, "Knees, and old"), (2, "Less new"), (1, "New")]:
        make_tip(text={"title": title, "body": "Knees."}, published_at=NOON - age * DAY)

    html = ask(client, "knees")

    assert "2+ pages for “knees”" in html
    assert len(cards(html)) == 2
    assert "Knees, and older" not in cards(html)


def test_where_more_fit_than_are_ranked_a_title_still_comes_before_a_summary_and_a_body(monkeypatch):
    monkeypatch.setattr(search, "MOST_RANKED", 4)
    make_tip(text={"title": "Knees, and old"}, published_at=NOON - 9 * DAY)
    texts = [{"title": "Knees"}, {"title": "Summary", "summary": "Knees."}, {"title": "Body", "body": "Knees."}]
    texts += [{"title": "New", "body": "Knees."}, {"title": "Newest", "body": "Knees."}]
    for number, text in enumerate(texts):
        make_tip(text=text, published_at=NOON - (8 - number) * DAY)

    titles = found("knees")

    assert titles == ["Knees", "Summary", "Newest", "New"]


def test_the_number_of_tips_found_is_exact_below_that(client, clinic):
    make_tip(text={"title": "Knees"})

    one = ask(client, "knees")
    make_tip(text={"title": "More on knees"})
    two = ask(client, "knees")

    assert ("1 page for “knees”" in one, "2 pages for “knees”" in two) == (True, True)


def test_what_is_found_goes_on_on_the_next_page(client, clinic):
    for age in range(21):
        make_tip(text={"title": f"Knees {age}"}, published_at=NOON - (age + 1) * DAY)

    first, second = ask(client, "knees"), ask(client, "knees", page=2)

    assert cards(first) + cards(second) == [f"Knees {age}" for age in range(21)]
    assert 'href="?q=knees&amp;page=2"' in first


# What is never found


def test_what_readers_may_not_see_is_not_found(editor):
    make_tip(text={"title": "Scheduled"}, author=editor, published_at=NOON + DAY)
    make_tip(text={"title": "Expired"}, author=editor, expire_at=NOON - DAY, published_at=NOON - 2 * DAY)
    make_tip(text={"title": "Archived"}, author=editor, status=TipStatus.ARCHIVED)
    make_tip(text={"title": "Draft"}, author=editor, published_at=None)
    make_tip(text={"title": "Live"}, author=editor)

    titles = [found(word) for word in ("scheduled", "expired", "archived", "draft", "live")]

    assert titles == [[], [], [], [], ["Live"]]
    assert found("scheduled", at=NOON + 2 * DAY) == ["Scheduled"]


def test_a_guide_is_found_as_well(client, clinic):
    make_tip(kind="guide", text={"title": "Knees"})

    assert cards(ask(client, "knees")) == ["Knees"]


def test_the_index_follows_the_live_text_and_not_the_newest(editor):
    tip = make_tip(author=editor, text={"title": "Elbows"})
    tip.revise(by=editor, at=NOON, title="Shoulders", summary="S", body="B", sources="")
    before = [found("elbows"), found("shoulders")]

    Tip.objects.filter(pk=tip.pk).update(status=TipStatus.IN_CLINICAL)
    tip.refresh_from_db()
    reviewer = make_person("Clinical reviewer")
    tip.approve_clinical(tip.latest, next_review=NOON.date() + DAY, by=reviewer, at=NOON)

    assert before == [["Elbows"], []]
    assert [found("elbows"), found("shoulders")] == [[], ["Shoulders"]]


def test_within_a_topic_only_its_own_tips_are_found(client, clinic):
    knees = Topic.objects.create(name="Knees", slug="knees")
    make_tip(topics=[knees], text={"title": "Strong knees"})
    make_tip(text={"title": "Strong hips"})

    html = client.get("/tips/topics/knees/", {"q": "strong"}).content.decode()

    assert cards(html) == ["Strong knees"]


# Whatever is typed

HOSTILE = [
    "'", '"', '""', "'; DROP TABLE tips_tip; --", "{{ 7|add:7 }}", "<script>alert(1)</script>", "🙂", "漢字", "x" * 100,
    "[a-z]+", "%", "_", "%25", "\\", "\u202e", "a" * 50 + " b" * 20, "AND", "OR NOT NEAR(zz yy)", "title:zz", "zz*", "^zz",
    "zz & !yy", "zz <-> yy", "zz:*A", "(", "-zz", "½", "ﷺ", "ß", "\u0301", "k\u0301\u0301", "'''zz'' |", "1e5", "http://zz.example/?a=b",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE)
def test_a_search_that_finds_nothing_says_so_helps_on_and_shows_what_was_typed_as_text(client, clinic, query):
    make_tip(topics=[Topic.objects.create(name="Knees", slug="knees")])

    html = ask(client, query)

    assert cards(html) == []
    assert f'value="{escape(query)}"'.replace("&#x27;", "&#39;") in html.replace("&#x27;", "&#39;")
    assert "Nothing found for" in html
    assert ('href="/tips/topics/knees/"' in html, 'href="/consultation/"' in html, 'href="tel:' in html) == (True,) * 3


@pytest.mark.parametrize("query", ["", "   "])
def test_looking_for_nothing_lists_them_all(client, clinic, query):
    make_tip(text={"title": "Calm"})

    assert cards(ask(client, query)) == ["Calm"]


def test_ten_thousand_characters_are_searched_for_as_a_hundred(client, clinic):
    make_tip()

    html = ask(client, "y" * 10_000)

    assert (f'value="{"y" * 100}"' in html, "y" * 101 in html) == (True, False)


def test_a_search_with_a_character_that_nobody_types_is_refused_on_our_own_page(client, clinic):
    make_tip()

    response = client.get("/tips/", {"q": "kn\0ee"})

    assert (response.status_code, "That request made no sense to us" in response.content.decode()) == (400, True)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.one_of(st.text(max_size=300), st.text("ab'\"*:&|!()<->^~\\ \0", max_size=40), st.sampled_from(HOSTILE)))
def test_any_text_has_an_answer(db, query):
    tips = Tip.objects.published(at=NOON).for_list()

    answer = search.Found(tips, query)

    assert (len(answer), answer[:20], answer.has_more) == (0, [], False)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=80).filter(lambda text: "\0" not in text))
def test_a_text_is_found_by_its_own_words(editor, text):
    tip = make_tip(author=editor, text={"title": "Words", "body": "Rest."})
    tip.live.title = text.encode("utf-8", "ignore").decode()
    search.index(tip)

    answer = search.Found(Tip.objects.filter(pk=tip.pk), text)

    assert answer.ids == ([tip.pk] if answer.wanted.stems else [])


# The index


def test_reindex_makes_what_is_missing_or_old_and_nothing_else(editor):
    missing, old, current = (make_tip(author=editor, text={"title": name}) for name in ("Ankles", "Elbows", "Hips"))
    search.SearchEntry.objects.filter(pk=missing.pk).delete()
    search.SearchEntry.objects.filter(pk=old.pk).update(text_id=0, title="gone")
    search.SearchEntry.objects.filter(pk=current.pk).update(title="kept")

    search.reindex()
    search.reindex()

    assert {word: found(word) for word in ("ankles", "elbows", "gone", "kept")} == {
        "ankles": ["Ankles"],
        "elbows": ["Elbows"],
        "gone": [],
        "kept": ["Hips"],
    }
    assert search.SearchEntry.objects.count() == 3


def test_migrating_fills_an_index_that_came_back_empty():
    make_tip(text={"title": "Ankles"})
    search.SearchEntry.objects.all().delete()

    call_command("migrate", verbosity=0)

    assert found("ankles") == ["Ankles"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_flush_empties_the_index_as_well(turn):
    entries = search.SearchEntry.objects.count()

    make_tip(text={"title": "Ankles"})

    assert (entries, search.SearchEntry.objects.count(), found("ankles")) == (0, 1, ["Ankles"])


def test_a_new_topic_is_found_at_once(editor):
    tip = make_tip(author=editor)

    tip.arrange(by=editor, at=NOON, topics=[Topic.objects.create(name="Rowing", slug="rowing")], regions=[])

    assert found("rowing") == [tip.live.title]
