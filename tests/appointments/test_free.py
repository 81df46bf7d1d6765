from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.clock import Hours
from appointments.free import QUARTER, free_starts, window_of
from appointments.models import HeldQuarter, TimeOff, WorkingHours, free_times
from clinic.models import ClinicSettings
from tests.factories import DAY, HOUR, NOON, make_clinic, make_consultation, make_person

from .stages import HALF_AN_HOUR, START, S, bring_to

NEW_YORK = ZoneInfo("America/New_York")
# A Monday and a Tuesday, from nine to eleven.
MONDAY = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
WEEK = {0: [(time(9), time(11))], 1: [(time(9), time(11))]}


def free(minutes=30, after=MONDAY, days=7, taken=(), off=(), week=WEEK, zone=NEW_YORK, holidays=frozenset()):
    hours = Hours(week, holidays, zone)
    return list(free_starts(hours=hours, off=off, taken=set(taken), minutes=minutes, after=after, days=days))


def at(start, *minutes):
    return [start + timedelta(minutes=each) for each in minutes]


@pytest.mark.parametrize(
    ("facts", "starts"),
    [
        ({"days": 1}, at(MONDAY, 0, 30, 60, 90)),
        ({}, at(MONDAY, 0, 30, 60, 90) + at(MONDAY + DAY, 0, 30, 60, 90)),
        ({"days": 1, "minutes": 45}, at(MONDAY, 0, 45)),
        ({"days": 1, "minutes": 120}, at(MONDAY, 0)),
        ({"days": 1, "minutes": 135}, []),
        ({"days": 1, "after": MONDAY + timedelta(minutes=1)}, at(MONDAY, 30, 60, 90)),
        ({"days": 1, "after": MONDAY + timedelta(seconds=1)}, at(MONDAY, 30, 60, 90)),
        ({"days": 1, "after": MONDAY - DAY}, []),
        ({"days": 1, "taken": at(MONDAY, 30)}, at(MONDAY, 0, 60, 90)),
        ({"days": 1, "taken": at(MONDAY, 15)}, at(MONDAY, 30, 60, 90)),
        ({"days": 1, "off": [(MONDAY + QUARTER, MONDAY + 4 * QUARTER)]}, at(MONDAY, 60, 90)),
        ({"days": 1, "off": [(MONDAY - HOUR, MONDAY)]}, at(MONDAY, 0, 30, 60, 90)),
        ({"holidays": {MONDAY.date()}, "days": 1}, []),
        ({"week": {}}, []),
        ({"days": 1, "week": {0: [(time(9), time(10)), (time(9, 30), time(10, 30))]}}, at(MONDAY, 0, 30, 60)),
        ({"days": 1, "week": {0: [(time(9), time(10)), (time(10), time(11))]}, "minutes": 45}, at(MONDAY, 0, 45)),
        ({"days": 1, "week": {0: [(time(9, 5), time(10, 5))]}}, at(MONDAY, 15)),
    ],
)
def test_what_is_free_lies_in_the_hours_and_on_nothing_taken(facts, starts):
    assert free(**facts) == starts


def test_hours_stay_where_they_are_when_the_clocks_change():
    spring = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)

    starts = free(after=spring, days=3, week={day: [(time(9), time(10))] for day in range(7)})

    assert [start.astimezone(NEW_YORK).strftime("%a %H:%M %Z") for start in starts] == [
        "Sat 09:00 EST",
        "Sat 09:30 EST",
        "Sun 09:00 EDT",
        "Sun 09:30 EDT",
        "Mon 09:00 EDT",
        "Mon 09:30 EDT",
    ]


QUARTERS = st.integers(0, 40).map(lambda number: MONDAY + number * QUARTER)


@given(
    st.sets(QUARTERS),
    st.sampled_from([15, 30, 45, 60]),
    st.lists(st.tuples(QUARTERS, QUARTERS).map(sorted), max_size=3),
    st.integers(0, 10_000).map(lambda seconds: MONDAY + timedelta(seconds=seconds)),
)
def test_no_two_free_times_overlap_and_none_touches_what_is_taken(taken, minutes, off, after):
    starts = free(minutes=minutes, taken=taken, off=off, after=after)

    length = timedelta(minutes=minutes)
    quarters = [start + index * QUARTER for start in starts for index in range(minutes // 15)]
    assert len(quarters) == len(set(quarters))
    assert taken.isdisjoint(quarters)
    assert [s for s in starts if any(begin < s + length and s < end for begin, end in off)] == []
    assert [s for s in starts if s < after or s.minute % 15 or s.second] == []


@pytest.mark.parametrize(
    ("hour", "window"),
    [(0, "mon-am"), (11, "mon-am"), (12, "mon-pm"), (16, "mon-pm"), (17, "mon-eve"), (23, "mon-eve")],
)
def test_a_part_of_the_day_is_told_by_the_clinics_clock(hour, window):
    start = datetime(2026, 3, 2, hour, 45, tzinfo=NEW_YORK).astimezone(UTC)

    assert window_of(start, zone=NEW_YORK) == window


# With what is in the database


def local(starts):
    return [start.astimezone(NEW_YORK).strftime("%a %H:%M") for start in starts]


@pytest.mark.django_db
def test_a_therapist_without_hours_works_when_the_clinic_is_open():
    therapist = make_person("Therapist")
    make_clinic(weekdays=[2])

    starts = local(free_times(therapist, at=NOON, clinic=ClinicSettings.current(), days=7))

    assert (starts[0], starts[-1], len(starts)) == ("Wed 08:00", "Wed 17:30", 20)


@pytest.mark.django_db
def test_a_therapists_own_hours_and_time_off_count():
    therapist, colleague = make_person("Therapist"), make_person("Therapist")
    make_clinic()
    WorkingHours.objects.create(therapist=therapist, weekday=1, starts=time(9), ends=time(11))
    WorkingHours.objects.create(therapist=colleague, weekday=3, starts=time(9), ends=time(11))
    TimeOff.objects.create(therapist=therapist, starts_at=START - DAY, ends_at=START - timedelta(hours=2))
    TimeOff.objects.create(therapist=colleague, starts_at=NOON, ends_at=NOON + 30 * DAY)

    starts = local(free_times(therapist, at=NOON, clinic=ClinicSettings.current(), days=7))

    assert starts == ["Tue 10:00", "Tue 10:30"]


@pytest.mark.django_db
def test_what_is_held_is_not_free_until_the_hold_has_run_out():
    therapist = make_person("Therapist")
    make_clinic()
    bring_to(S.PROPOSED, by=therapist)

    now, later = [
        START in free_times(therapist, at=at, clinic=ClinicSettings.current()) for at in (NOON - HOUR, NOON + 3 * DAY)
    ]
    HeldQuarter.objects.update(held_until=NOON)
    expired = START in free_times(therapist, at=NOON, clinic=ClinicSettings.current())

    assert (now, later, expired) == (False, False, True)


@pytest.mark.django_db
def test_what_is_booked_is_not_free_and_what_another_therapist_has_does_not_count():
    therapist, colleague = make_person("Therapist"), make_person("Therapist")
    make_clinic()
    consultation = make_consultation(status=S.IN_REVIEW, assigned_to=therapist)
    consultation.book(START, by=therapist, at=NOON - HOUR, **HALF_AN_HOUR)

    theirs, others = [
        START in free_times(who, at=NOON - HOUR, clinic=ClinicSettings.current()) for who in (therapist, colleague)
    ]

    assert (theirs, others) == (False, True)
