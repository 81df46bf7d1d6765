from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.clock import Hours, NeverOpen, add_days, add_hours

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [ZoneInfo(name) for name in ("America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney", "UTC")]
OFFICE = [(time(8), time(18))]
WITH_LUNCH = [(time(8), time(12)), (time(14), time(18))]
MINUTE = timedelta(minutes=1)


def hours(week=None, holidays=(), zone=NEW_YORK):
    return Hours(week or dict.fromkeys(range(5), OFFICE), frozenset(holidays), zone)


def local(*when, zone=NEW_YORK, **options):
    return datetime(*when, tzinfo=zone, **options)


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        pytest.param(local(2026, 3, 2, 9), 4, local(2026, 3, 2, 13), id="within a day"),
        pytest.param(local(2026, 3, 2, 16), 4, local(2026, 3, 3, 10), id="into the next day"),
        pytest.param(local(2026, 3, 2, 16), 2, local(2026, 3, 2, 18), id="up to the last minute"),
        pytest.param(local(2026, 3, 2, 5), 4, local(2026, 3, 2, 12), id="from before opening"),
        pytest.param(local(2026, 3, 2, 22), 4, local(2026, 3, 3, 12), id="from after closing"),
        pytest.param(local(2026, 3, 6, 16), 4, local(2026, 3, 9, 10), id="over a weekend and into summer time"),
        pytest.param(local(2026, 3, 7, 12), 4, local(2026, 3, 9, 12), id="from a Saturday"),
        pytest.param(local(2026, 10, 30, 16), 4, local(2026, 11, 2, 10), id="over a weekend and out of summer time"),
        pytest.param(local(2026, 3, 2, 9), 25, local(2026, 3, 4, 14), id="over several days"),
        pytest.param(local(2026, 3, 2, 9), 0.25, local(2026, 3, 2, 9, 15), id="a quarter of an hour"),
        pytest.param(local(2026, 3, 2, 20), 0, local(2026, 3, 3, 8), id="none, but not before it opens"),
    ],
)
def test_add_hours_counts_only_open_hours(start, amount, due):
    assert add_hours(start, amount, within=hours()) == due


def test_add_hours_leaves_out_lunch_and_holidays():
    within = hours(dict.fromkeys(range(5), WITH_LUNCH), holidays=[date(2026, 3, 3)])

    due = add_hours(local(2026, 3, 2, 11), 6, within=within)

    assert due == local(2026, 3, 4, 9)


def test_add_hours_does_not_mind_in_which_order_the_stretches_were_entered():
    within = hours(dict.fromkeys(range(5), WITH_LUNCH[::-1]))

    due = add_hours(local(2026, 3, 2, 11), 2, within=within)

    assert due == local(2026, 3, 2, 15)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        pytest.param(local(2026, 3, 2, 9, 30), 1, local(2026, 3, 3, 9, 30), id="the next day"),
        pytest.param(local(2026, 3, 6, 17), 1, local(2026, 3, 9, 17), id="over a weekend and into summer time"),
        pytest.param(local(2026, 10, 30, 17), 1, local(2026, 11, 2, 17), id="over a weekend and out of summer time"),
        pytest.param(local(2026, 3, 7, 12), 1, local(2026, 3, 10, 8), id="from a Saturday"),
        pytest.param(local(2026, 3, 2, 18), 1, local(2026, 3, 4, 8), id="from the closing minute"),
        pytest.param(local(2026, 3, 2, 3), 1, local(2026, 3, 3, 8), id="from before opening"),
        pytest.param(local(2026, 3, 2, 9), 6, local(2026, 3, 10, 9), id="over a week"),
        pytest.param(local(2026, 3, 2, 20), 0, local(2026, 3, 3, 8), id="none, but not before it opens"),
    ],
)
def test_add_days_gives_the_same_time_of_a_later_open_day(start, days, due):
    assert add_days(start, days, within=hours()) == due


def test_add_days_leaves_out_holidays():
    within = hours(holidays=[date(2026, 3, 3), date(2026, 3, 4)])

    due = add_days(local(2026, 3, 2, 9), 1, within=within)

    assert due == local(2026, 3, 5, 9)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        pytest.param(local(2026, 3, 2, 15), local(2026, 3, 3, 10), id="closed by then"),
        pytest.param(local(2026, 3, 2, 8), local(2026, 3, 3, 9), id="not yet open"),
        pytest.param(local(2026, 3, 2, 9, 30), local(2026, 3, 3, 9, 30), id="open"),
    ],
)
def test_add_days_takes_the_nearest_open_moment_of_a_day_with_other_hours(start, due):
    within = hours({0: OFFICE, 1: [(time(9), time(10))]})

    assert add_days(start, 1, within=within) == due


def test_add_days_begins_after_lunch_when_asked_at_lunch():
    within = hours(dict.fromkeys(range(5), WITH_LUNCH))

    assert add_days(local(2026, 3, 2, 13), 1, within=within) == local(2026, 3, 3, 14)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_hours_are_those_of_the_clinics_own_zone(zone):
    within = hours(zone=zone)

    due = add_hours(local(2026, 3, 2, 17, zone=zone).astimezone(UTC), 2, within=within)

    assert (due, due.tzinfo) == (local(2026, 3, 3, 9, zone=zone), UTC)


@pytest.mark.parametrize(
    ("day", "real_hours"),
    [
        pytest.param(date(2026, 3, 8), 5, id="an hour is missing"),
        pytest.param(date(2026, 11, 1), 7, id="an hour comes twice"),
        pytest.param(date(2026, 3, 15), 6, id="an ordinary Sunday"),
    ],
)
def test_a_night_on_which_the_clocks_change_counts_the_hours_it_has(day, real_hours):
    within = hours({6: [(time(0), time(6))]})
    midnight = datetime.combine(day, time(0), NEW_YORK)

    closing = add_hours(midnight, real_hours, within=within)

    assert closing == datetime.combine(day, time(6), NEW_YORK)
    assert add_hours(midnight, real_hours + 1, within=within).astimezone(NEW_YORK).date() == day + timedelta(days=7)


def test_the_repeated_hour_is_counted_from_where_it_was_asked():
    within = hours({6: [(time(0), time(6))]})

    first = add_hours(local(2026, 11, 1, 1, 30), 1, within=within)
    second = add_hours(local(2026, 11, 1, 1, 30, fold=1), 1, within=within)

    assert (first, second) == (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 7, 30, tzinfo=UTC))


@pytest.mark.parametrize("count", [add_hours, add_days])
@pytest.mark.parametrize(
    "within",
    [
        pytest.param(Hours({}, frozenset(), NEW_YORK), id="no hours"),
        pytest.param(
            hours(holidays=[date(2026, 3, 1) + timedelta(days=offset) for offset in range(400)]), id="only holidays"
        ),
    ],
)
def test_a_clinic_that_never_opens_cannot_promise_a_time(count, within):
    with pytest.raises(NeverOpen):
        count(local(2026, 3, 2, 9), 1, within=within)


@pytest.mark.parametrize(("count", "amount"), [(add_hours, 10_000), (add_days, 400)])
def test_more_than_a_year_of_open_time_is_not_promised(count, amount):
    with pytest.raises(NeverOpen):
        count(local(2026, 3, 2, 9), amount, within=hours())


# Properties


def stretches(marks):
    return [
        (time(*divmod(15 * opens, 60)), time(*divmod(15 * closes, 60))) for opens, closes in zip(*marks, strict=True)
    ]


def a_day():
    """One or two stretches between 6 and 22 o'clock that do not touch."""
    marks = st.lists(st.integers(24, 88), min_size=2, max_size=4, unique=True).map(sorted)
    return marks.map(lambda m: stretches((m[0::2][: len(m) // 2], m[1::2])))


weeks = st.dictionaries(st.integers(0, 6), a_day(), min_size=1)
days_off = st.sets(st.dates(date(2026, 1, 1), date(2027, 6, 1)), max_size=20)
clinics = st.builds(Hours, weeks, days_off, st.sampled_from(ZONES))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001 - the zone is given apart
    lambda moment: moment.replace(second=0, microsecond=0)
)
# Few enough that a clinic of a quarter of an hour a week gets there within the year.
quarter_hours = st.integers(1, 12).map(lambda quarters: quarters / 4)
thorough = settings(max_examples=150, deadline=None)


def is_open(moment, within):
    day = moment.astimezone(within.zone).date()
    return any(opens <= moment <= closes for opens, closes in within.stretches(day))


@thorough
@given(clinics, moments, quarter_hours)
def test_an_answer_is_due_while_the_clinic_is_open_and_never_before_it_was_asked(within, start, amount):
    due = [add_hours(start, amount, within=within), add_days(start, round(amount), within=within)]

    assert [is_open(moment, within) for moment in due] == [True, True]
    assert min(due) >= start


@thorough
@given(clinics, moments, moments, quarter_hours)
def test_who_asks_later_is_not_answered_earlier(within, one, other, amount):
    earlier, later = sorted([one, other])

    assert add_hours(earlier, amount, within=within) <= add_hours(later, amount, within=within)
    assert add_days(earlier, round(amount), within=within) <= add_days(later, round(amount), within=within)


@thorough
@given(clinics, moments, quarter_hours, quarter_hours)
def test_more_hours_end_later(within, start, amount, more):
    assert add_hours(start, amount, within=within) < add_hours(start, amount + more, within=within)


@thorough
@given(clinics, moments, quarter_hours, quarter_hours)
def test_hours_added_in_two_parts_are_the_hours_added_at_once(within, start, first, second):
    in_parts = add_hours(add_hours(start, first, within=within), second, within=within)

    assert in_parts == add_hours(start, first + second, within=within)
