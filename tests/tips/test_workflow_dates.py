"""When a text goes live, when it is to be read again, and what it may not be before."""

from contextlib import nullcontext
from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from clinic.mail import render
from clinic.models import OutgoingMail
from tests.factories import DAY, NOON, make_tip
from tests.tips.test_admin import as_it_stands, change, wrong_fields
from tests.tips.test_standing import page
from tests.tips.test_workflow import ACTS, S, bring_to, people
from tips.models import Tip, TransitionNotAllowed, latest_review

pytestmark = pytest.mark.django_db
__all__ = ["people"]


@pytest.mark.parametrize(
    ("next_review", "holds"),
    [
        (date(2026, 3, 2), False),
        (date(2026, 3, 3), True),
        (date(2028, 3, 2), True),
        (date(2028, 3, 3), False),
    ],
)
def test_the_next_review_is_after_today_and_in_two_years_at_the_latest(clinic, people, next_review, holds):
    tip = bring_to(S.IN_CLINICAL, people)

    with nullcontext() if holds else pytest.raises(TransitionNotAllowed, match="two years"):
        tip.approve_clinical(tip.latest, next_review=next_review, by=people["reviewer"], at=NOON)

    assert (tip.live is not None) == holds


def test_two_years_from_a_leap_day_end_on_the_last_of_february():
    assert latest_review(date(2028, 2, 29)) == date(2030, 2, 28)


@pytest.mark.parametrize(
    ("publish_at", "seen"), [(None, NOON), (NOON - DAY, NOON), (NOON + DAY, NOON + DAY)], ids=["none", "past", "ahead"]
)
def test_readers_see_it_from_its_date_and_never_from_before_it_was_agreed_to(clinic, people, publish_at, seen):
    tip = bring_to(S.IN_CLINICAL, people)
    Tip.objects.filter(pk=tip.pk).update(publish_at=publish_at)
    tip.refresh_from_db()

    ACTS["approve_clinical"](tip, people)

    assert (tip.publish_at, tip.is_live(at=seen), tip.is_live(at=seen - DAY)) == (seen, True, False)


def test_a_new_text_of_a_live_article_keeps_its_date(clinic, people):
    tip = bring_to(S.IN_CLINICAL, people, live=True)

    ACTS["approve_clinical"](tip, people)

    assert tip.publish_at == NOON - DAY


def test_what_is_kept_of_a_text_is_said_with_its_year(clinic, people, signed_in):
    tip = bring_to(S.IN_CLINICAL, people)
    tip.arrange(by=people["author"], at=NOON, topics=[], regions=[], publish_at=NOON.replace(year=2099, month=4, day=6))
    ACTS["approve_clinical"](tip, people)
    client = signed_in(people["editor"])

    with pytest.raises(TransitionNotAllowed, match="Monday, March 2, 2026"):
        ACTS["submit"](tip, people)
    standing, history = (client.get(f"{page(tip)}{path}").content.decode() for path in ("", "history/"))

    wrote, acted, seen_from = "February 28, 2026, ", "Monday, March 2, 2026, ", "Monday, April 6, 2099, "
    assert [wrote in standing, seen_from in standing, wrote in history, acted in history] == [True] * 4
    assert f"publish at: – → {seen_from}" in history
    assert seen_from in render(OutgoingMail.objects.get()).body


def test_what_waits_for_its_date_is_published_now_without_one_and_later_with_another(clinic, people, signed_in):
    soon, later = (timezone.now() + days * DAY for days in (10, 20))
    tip = make_tip(author=people["editor"], published_at=soon)
    client = signed_in(people["editor"])

    client.post(change(tip), as_it_stands(tip, publish_at=f"{later:%Y-%m-%dT%H:%M}"))
    tip.refresh_from_db()
    moved = tip.publish_at
    client.post(change(tip), as_it_stands(tip, publish_at=""))

    assert moved > soon
    assert client.get(tip.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("hour", [5, 6])
def test_what_went_live_in_an_hour_that_comes_twice_may_be_saved_again(clinic, people, signed_in, hour):
    twice = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
    tip = make_tip(author=people["editor"], published_at=twice)
    client = signed_in(people["editor"])

    kept = client.post(change(tip), as_it_stands(tip, title="Newer"))
    tip.refresh_from_db()
    typed = client.post(change(tip), as_it_stands(tip, expire_at="2027-11-07T01:30"))

    assert (kept.status_code, tip.latest.title, tip.publish_at) == (302, "Newer", twice)
    assert wrong_fields(typed) == ["expire_at"]


def test_what_would_expire_before_it_is_published_does_not_go_live(clinic, people):
    tip = bring_to(S.IN_CLINICAL, people)
    Tip.objects.filter(pk=tip.pk).update(expire_at=NOON)
    tip.refresh_from_db()

    with pytest.raises(TransitionNotAllowed, match="have expired by the time"):
        ACTS["approve_clinical"](tip, people)

    assert tip.live is None


def test_a_new_text_of_what_has_expired_does_not_go_live_unseen(clinic, people):
    tip = bring_to(S.APPROVED, people)
    tip.revise(by=people["author"], at=NOON, **tip.latest.text | {"title": "Newer"})
    ACTS["submit"](tip, people)
    ACTS["approve_editorial"](tip, people)
    Tip.objects.filter(pk=tip.pk).update(expire_at=NOON)
    tip.refresh_from_db()

    with pytest.raises(TransitionNotAllowed, match="have expired by the time"):
        ACTS["approve_clinical"](tip, people)


def test_taken_up_again_it_goes_the_whole_way_before_readers_see_it(clinic, people):
    tip = bring_to(S.ARCHIVED, people)

    tip.take_up_again(by=people["editor"], at=NOON)

    tip.refresh_from_db()
    assert (tip.status, tip.live, tip.is_live(at=NOON)) == (S.DRAFT, None, False)
