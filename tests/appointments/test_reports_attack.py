"""Whoever holds every report of every period cannot say of any group that it was one, two, three or four people.

Shown by making other people, in whole fives, who give the same reports: with them every group is nobody, or five or more.
"""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments import weekly
from appointments.admin.period import Period
from appointments.admin.tables import tables
from appointments.models import ConsultationRequest, StatusChange, StoppedVisit, WeekCount
from appointments.models.queryset import new_reference
from tests.factories import DAY, NOON, make_tip

pytestmark = pytest.mark.django_db

WEEKS = 4
WEEK = timedelta(days=7)
MONDAY = date(2026, 3, 2)
MONDAYS = [MONDAY + n * WEEK for n in range(WEEKS)]
PERIODS = [Period(first, last) for first in MONDAYS for last in MONDAYS if first <= last]
# What may become of a request in the week in which it came.
MOVES = {"booked": ["booked"], "attended": ["booked", "completed"], "ended": ["withdrawn"]}
PEOPLE = st.lists(
    st.tuples(
        st.integers(0, 7 * WEEKS - 1),
        st.sampled_from(["knee", "back"]),
        st.sampled_from(["routine", "urgent"]),
        st.booleans(),
        st.sampled_from(["", *MOVES]),
    ),
    max_size=45,
)


def make_people(people, tip):
    """Requests as they are drawn: the day, region, urgency, whether from the tip, and what became of them."""
    requests = [
        ConsultationRequest(
            reference=new_reference(),
            region=region,
            urgency=urgency,
            tip=tip if has_tip else None,
            submitted_at=NOON + day * DAY,
            answer_by=NOON + day * DAY,
            **dict.fromkeys(["form_hash", "link_hash"], f"person {number}"),
        )
        for number, (day, region, urgency, has_tip, became) in enumerate(people)
    ]
    ConsultationRequest.objects.bulk_create(requests)
    StatusChange.objects.bulk_create(
        StatusChange(consultation=request, from_status="new", to_status=to, actor="system", at=request.submitted_at)
        for request, (*facts, became) in zip(requests, people, strict=True)
        for to in MOVES.get(became, [])
    )
    stops = Counter(day for day, *rest in people)
    StoppedVisit.objects.bulk_create(StoppedVisit(day=MONDAY + day * DAY, count=n) for day, n in stops.items())


def all_reports():
    """Everything that all pages and files of all periods say, and how long the bars are."""
    weekly.count_finished_weeks(at=NOON + WEEKS * WEEK)
    return [
        (period, table.name, [[str(cell) for cell in row] for row in table.rows], [bar.length for bar in table.bars])
        for period in PERIODS
        for table in tables(period)
    ]


def in_fives():
    """Other people: five equal ones for each bundle, in its week."""
    told = {}
    for week, kind, key, count in WeekCount.objects.values_list("week", "kind", "key", "count"):
        told.setdefault(week, {}).setdefault(kind, []).extend([key] * count)
    return told


def make_in_fives(told, tip):
    requests, changes, number = [], [], 0
    for week, kinds in told.items():
        at = NOON + (week - MONDAY)
        for region, urgency, source in zip(
            kinds.get("region", []), kinds.get("urgency", []), kinds.get("tip", []), strict=True
        ):
            number += 1
            facts = {"region": region, "urgency": urgency, "tip": tip if source else None}
            hashes = dict.fromkeys(["form_hash", "link_hash"], f"five {number}")
            requests.append(
                ConsultationRequest(reference=new_reference(), submitted_at=at, answer_by=at, **facts, **hashes)
            )
        if stopped := len(kinds.get("stopped", [])):
            StoppedVisit.objects.create(day=week, count=stopped)
    ConsultationRequest.objects.bulk_create(requests)
    for kind, to in [("booked", "booked"), ("attended", "completed"), ("ended", "withdrawn")]:
        weeks = [week for week, kinds in told.items() for _ in kinds.get(kind, [])]
        # Each of another request, the oldest first: nobody is booked before they came.
        for request, week in zip(requests, sorted(weeks), strict=False):
            at = NOON + (week - MONDAY)
            assert request.submitted_at <= at
            changes.append(StatusChange(consultation=request, from_status="new", to_status=to, actor="system", at=at))
    StatusChange.objects.bulk_create(changes)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE)
def test_people_in_whole_fives_give_the_same_reports_of_every_period(clinic, people):
    with transaction.atomic():
        tip = make_tip(slug="a-tip")
        before = transaction.savepoint()
        make_people(people, tip)
        reports, told = all_reports(), in_fives()
        transaction.savepoint_rollback(before)
        make_in_fives(told, tip)

        others = all_reports()
        transaction.set_rollback(True)

    assert others == reports


def test_the_reports_that_are_compared_tell_something(clinic):
    tip = make_tip(slug="a-tip")
    make_people([(day, "knee", "urgent", True, "attended") for day in range(20)], tip)

    said = {cell for period, name, rows, bars in all_reports() for row in rows for cell in row[1:]}

    assert {"<5", "<10", "15", "20"} <= said
