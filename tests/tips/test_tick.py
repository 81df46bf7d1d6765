"""What the clock does for articles: their people hear in time that a review is due, once, and nothing else happens."""

from datetime import timedelta

import pytest

from clinic.models import OutgoingMail
from tests.factories import DAY, HOUR, NOON, make_person, make_tip
from tips.models import Tip, TipStatus
from tips.tick import tell_that_review_is_due, tick

pytestmark = pytest.mark.django_db

TODAY = NOON.date()


def told():
    return sorted(mail.to.split("@")[0] for mail in OutgoingMail.objects.filter(event="tip_review_due"))


def test_its_people_and_the_editors_hear_thirty_days_before(clinic):
    author, reviewer = (
        make_person("Therapist", username="author"),
        make_person("Clinical reviewer", username="reviewer"),
    )
    make_person("Editor", username="editor")
    make_person("Editor", username="gone", is_active=False)
    make_person("Owner")
    make_tip(author=author, clinical_reviewer=reviewer, next_review=TODAY + 30 * DAY)

    tick(at=NOON - timedelta(days=1))
    before = told()
    tick(at=NOON)

    assert (before, told()) == ([], ["author", "editor", "reviewer"])


def test_the_days_are_counted_where_the_clinic_is(clinic, editor):
    make_tip(author=editor, next_review=TODAY + 30 * DAY)
    # Already this day in UTC, and still the evening before where the clinic is.
    early = NOON.replace(hour=2)

    tick(at=early)
    before = len(told())
    tick(at=early + 4 * HOUR)

    assert (before, len(told())) == (0, 1)


def test_once_for_each_review_however_often_and_by_however_many(clinic, editor):
    tip = make_tip(author=editor, next_review=TODAY + DAY)
    second_worker = Tip.objects.get()

    tick(at=NOON)
    tick(at=NOON + DAY)
    tell_that_review_is_due(second_worker, at=NOON)

    assert len(told()) == 1
    assert Tip.objects.get(pk=tip.pk).review_told_at == NOON


def test_after_a_new_review_they_hear_before_the_next(clinic, editor):
    tip = make_tip(author=editor, next_review=TODAY + DAY)
    tick(at=NOON)
    tip.refresh_from_db()

    tip.confirm(tip.live, next_review=TODAY + 300 * DAY, by=make_person("Clinical reviewer", email=""), at=NOON)
    tick(at=NOON + DAY)
    once = len(told())
    tick(at=NOON + 280 * DAY)

    assert (once, len(told())) == (1, 2)


@pytest.mark.parametrize(
    "fields",
    [
        {"published_at": None},
        {"status": TipStatus.ARCHIVED},
        {"published_at": NOON - 2 * DAY, "expire_at": NOON - DAY},
        {"published_at": NOON + DAY},
    ],
    ids=["never live", "archived", "expired", "scheduled"],
)
def test_nobody_hears_of_what_no_reader_sees(clinic, editor, fields):
    make_tip(author=editor, next_review=TODAY, **fields)

    tick(at=NOON)

    assert told() == []
