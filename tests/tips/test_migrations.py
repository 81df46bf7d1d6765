"""Where the articles from before the workflow stand in it."""

from importlib import import_module

import pytest
from django.apps import apps

from tests.factories import DAY, NOON, make_person, make_tip
from tips.models import Tip, TipStatus

pytestmark = pytest.mark.django_db

S = TipStatus
WORDS = {"title": "Waiting", "summary": "S", "body": "B", "sources": "A study."}


def place():
    import_module("tips.migrations.0003_standing_of_what_there_is").place(apps, None)
    return list(Tip.objects.order_by("pk").values_list("status", "independently_reviewed"))


def test_who_was_named_as_the_reviewer_has_reviewed():
    whole = {"clinical_reviewer": make_person(), "last_reviewed": NOON.date(), "next_review": NOON.date() + DAY}
    make_tip(**whole)
    for missing in whole:
        make_tip(**whole | {missing: None})

    placed = place()

    assert placed == [(S.APPROVED, True)] + [(S.APPROVED, False)] * 3


def test_a_text_newer_than_the_live_one_is_a_draft_and_what_is_live_stays():
    tip = make_tip()
    tip.revise(by=tip.author, at=NOON, **WORDS)
    Tip.objects.filter(pk=tip.pk).update(status=S.APPROVED)
    make_tip(published_at=None)
    make_tip(status=S.ARCHIVED)

    placed = place()

    assert placed == [(S.DRAFT, False), (S.DRAFT, False), (S.ARCHIVED, False)]
    assert Tip.objects.get(pk=tip.pk).live.number == 1


def test_placing_twice_changes_nothing():
    tip = make_tip()
    tip.revise(by=tip.author, at=NOON, **WORDS)

    assert place() == place()
