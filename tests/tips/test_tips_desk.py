"""The first page of those who write and review: what waits for whom, and what is due."""

import pytest

from clinic.models import ClinicSettings
from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_admin import TEXT
from tips.models import Tip, TipStatus

pytestmark = pytest.mark.django_db

S = TipStatus


def test_the_desk_says_what_waits_for_whom(clinic, editor, signed_in):
    other = make_person("Editor")
    make_tip(author=other, status=S.IN_EDITORIAL, published_at=None, text={"title": "To agree to"})
    make_tip(author=editor, status=S.IN_EDITORIAL, published_at=None, text={"title": "My own"})
    make_tip(author=other, published_at=None, text={"title": "Not mine"})
    make_tip(author=other, published_at=NOON + 100_000 * DAY, text={"title": "Ahead"})
    make_tip(author=other, next_review=NOON.date(), text={"title": "Due"})
    make_tip(author=other, text={"title": "Live"})

    answer = signed_in(editor).get("/admin/articles/")

    rows = [(str(part["heading"]), [tip.newest_title for tip, _ in part["rows"]]) for part in answer.context["parts"]]
    assert rows == [
        ("Waits for you", ["To agree to"]),
        ("Yours, in work", ["My own"]),
        ("Goes live", ["Ahead"]),
        ("Due for review", ["Due"]),
        ("In work by others", ["Not mine"]),
    ]


def test_the_desk_asks_no_more_of_the_database_for_many_articles(
    clinic, editor, signed_in, django_assert_max_num_queries
):
    for _ in range(30):
        make_tip(status=S.IN_EDITORIAL, published_at=None, author=make_person("Therapist"))
    client = signed_in(editor)
    ClinicSettings.current()

    with django_assert_max_num_queries(16):
        client.get("/admin/articles/")


def test_a_colleagues_correction_of_an_article_in_ones_name_waits_for_one(clinic, editor, signed_in):
    tip = make_tip(author=editor, text={"title": "In my name"})
    tip.revise(by=make_person("Editor"), at=NOON, **TEXT)
    Tip.objects.filter(pk=tip.pk).update(status=S.IN_EDITORIAL)

    waits = signed_in(editor).get("/admin/articles/").context["parts"][0]["rows"]

    assert [waiting for waiting, _ in waits] == [tip]
