"""The rules of what readers see, beside the same rules in plain words, at the very instants at which they turn."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.factories import DAY, HOUR, NOON, make_tip
from tips.models import LISTED_AFTER, Tip, TipStatus

pytestmark = pytest.mark.django_db

MOMENT = timedelta(microseconds=1)
instants = st.builds(
    lambda days, slip: NOON + days * DAY + slip, st.integers(-2, 2), st.sampled_from([-MOMENT, 0 * MOMENT, MOMENT])
)
nights = st.builds(lambda slip: NOON.replace(hour=5, minute=0) + slip, st.sampled_from([-MOMENT, 0 * MOMENT, MOMENT]))


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    is_live=st.booleans(),
    status=st.sampled_from([status for status in TipStatus if status != TipStatus.APPROVED]),
    publish_at=instants,
    lasts=st.none() | st.sampled_from([MOMENT, DAY, 2 * DAY]),
    days_overdue=st.none() | st.integers(LISTED_AFTER.days - 1, LISTED_AFTER.days + 1),
    at=instants | nights,
)
@example(is_live=True, status=TipStatus.DRAFT, publish_at=NOON, lasts=None, days_overdue=None, at=NOON)
@example(is_live=True, status=TipStatus.DRAFT, publish_at=NOON, lasts=DAY, days_overdue=None, at=NOON + DAY)
@example(is_live=True, status=TipStatus.DRAFT, publish_at=NOON, lasts=None, days_overdue=90, at=NOON)
def test_the_rules_turn_at_the_very_instant(clinic, editor, is_live, status, publish_at, lasts, days_overdue, at):
    expire_at = publish_at + lasts if lasts else None
    with timezone.override(clinic.tzinfo), transaction.atomic():
        next_review = None if days_overdue is None else timezone.localdate(at) - days_overdue * DAY
        tip = make_tip(author=editor, published_at=None)
        live = {"live": tip.latest, "publish_at": publish_at} if is_live else {}
        Tip.objects.filter(pk=tip.pk).update(status=status, next_review=next_review, **live)
        Tip.objects.filter(pk=tip.pk, live__isnull=False).update(expire_at=expire_at)

        found = [rule(at=at).exists() for rule in (Tip.objects.published, Tip.objects.listed, Tip.objects.gone)]
        transaction.set_rollback(True)

    archived, over = status == TipStatus.ARCHIVED, expire_at is not None and at >= expire_at
    published = is_live and not archived and at >= publish_at and not over
    listed = published and (days_overdue is None or days_overdue < LISTED_AFTER.days)
    assert found == [published, listed, is_live and (archived or over)]


def test_the_day_of_the_rule_is_the_clinic_s(clinic):
    make_tip(next_review=NOON.date() - LISTED_AFTER)
    midnight = NOON.replace(hour=5)

    with timezone.override(clinic.tzinfo):
        listed = [Tip.objects.listed(at=at).exists() for at in (midnight - HOUR, midnight)]

    assert listed == [True, False]
