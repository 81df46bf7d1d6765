"""The first page of those who write and review: what waits for whom, and what is due."""

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from clinic.models import ClinicSettings
from clinic.templatetags.clinic_time import briefly
from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_admin import TEXT
from tips.admin import desk
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


@pytest.mark.parametrize("status", [S.APPROVED, S.DRAFT])
def test_the_desk_says_when_something_goes_live_also_while_a_newer_text_is_in_work(clinic, editor, signed_in, status):
    soon = timezone.now() + 5 * DAY
    make_tip(author=editor, status=status, published_at=soon, text={"title": "Ahead"})

    html = signed_in(editor).get("/admin/articles/").content.decode()

    with timezone.override(ClinicSettings.current().tzinfo):
        assert html.count(f"· {briefly(soon)}") == (2 if status == S.DRAFT else 1)


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


@pytest.mark.parametrize("part", ["none", "author", "wrote", "sent on"])
def test_a_clinician_is_not_asked_to_agree_to_what_they_had_a_part_in(clinic, signed_in, part):
    reviewer, other = make_person("Clinical reviewer"), make_person("Editor")
    reviewer.groups.add(Group.objects.get(name="Editor"))
    third, tip = make_person("Editor"), make_tip(author=reviewer if part == "author" else other)
    for writer in (reviewer if part == "wrote" else other, other):
        tip.revise(by=writer, at=NOON, **TEXT | {"title": f"By {writer}"})
    tip.submit(by=other, at=NOON)
    tip.approve_editorial(tip.latest, by=reviewer if part == "sent on" else third, at=NOON)

    parts = signed_in(reviewer).get("/admin/articles/").context["parts"]

    assert [waiting for waiting, _ in parts[0]["rows"]] == ([tip] if part == "none" else [])
    assert sum(tip == shown for part in parts for shown, _ in part["rows"]) == 1


def test_who_arranges_what_stands_around_a_text_may_still_agree_to_it(clinic, signed_in):
    reviewer, other = make_person("Clinical reviewer"), make_person("Editor")
    reviewer.groups.add(Group.objects.get(name="Editor"))
    third, tip = make_person("Editor"), make_tip(author=other, published_at=None)
    tip.submit(by=other, at=NOON)
    tip.approve_editorial(tip.latest, by=third, at=NOON)
    tip.arrange(by=reviewer, at=NOON, topics=[], regions=["knee"])

    parts = signed_in(reviewer).get("/admin/articles/").context["parts"]

    assert [waiting for waiting, _ in parts[0]["rows"]] == [tip]


def test_what_somebody_arranges_after_changes_were_asked_for_is_not_taken_for_the_request(clinic, editor, signed_in):
    author = make_person("Editor")
    tip = make_tip(author=author, published_at=None, status=S.IN_EDITORIAL)
    tip.request_changes(by=editor, at=NOON, comment="Say which leg first.")
    tip.arrange(by=author, at=NOON, topics=[], regions=["knee"])

    asked = signed_in(author).get(f"/admin/articles/{tip.pk}/").context["asked"]

    assert (asked.by, asked.comment) == (editor, "Say which leg first.")


def test_what_the_desk_cuts_off_is_said(clinic, editor, signed_in, monkeypatch):
    monkeypatch.setattr(desk, "MOST_SHOWN", 1)
    client = signed_in(editor)
    make_tip(author=editor, published_at=None)
    all_shown = client.get("/admin/articles/").content.decode()
    make_tip(author=editor, published_at=None)

    cut_off = client.get("/admin/articles/").content.decode()

    assert ["There are more" in html for html in (all_shown, cut_off)] == [False, True]
