"""What is counted of a week, against the rows themselves."""

import threading
from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments import weekly
from appointments.models import (
    Actor,
    CarriedOver,
    RequestStatus,
    StatusChange,
    StoppedVisit,
    WeekCount,
)
from appointments.tick import tick
from clinic.models import OutgoingMail
from tests.factories import DAY, HOUR, NOON, make_consultation, make_tip

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 3, 2)
WEEK = 7 * DAY
ZONE = ZoneInfo("America/New_York")


def move(consultation, to, *, frm="in_review", at=NOON):
    StatusChange.objects.create(consultation=consultation, from_status=frm, to_status=to, actor=Actor.SYSTEM, at=at)


def counted(monday=MONDAY):
    return {kind: dict(rows) for kind, rows in weekly.counted_in(monday, ZONE).items() if any(rows.values())}


def test_a_week_is_counted_by_region_urgency_and_tip(clinic):
    tip = make_tip()
    make_consultation(region="knee", urgency="urgent", tip=tip)
    make_consultation(region="knee")
    make_consultation(region="back", at=NOON + 6 * DAY)

    assert counted() == {
        "sent": {"": 3},
        "region": {"knee": 2, "back": 1},
        "urgency": {"urgent": 1, "routine": 2},
        "tip": {str(tip.pk): 1, "": 2},
    }


def test_what_was_or_looks_like_spam_is_not_counted(clinic):
    make_consultation(suspicion="links")
    make_consultation(status=RequestStatus.SPAM)

    assert counted() == {}


def test_a_week_begins_at_midnight_where_the_clinic_is(clinic):
    midnight = datetime(2026, 3, 2, tzinfo=ZONE)
    for at in (midnight - timedelta(seconds=1), midnight, midnight + WEEK - timedelta(seconds=1)):
        make_consultation(at=at)
    # The clocks change on the 8th: that week has an hour less.
    make_consultation(at=datetime(2026, 3, 9, tzinfo=ZONE))

    assert [counted(MONDAY + n * WEEK)["sent"][""] for n in (-1, 0, 1)] == [1, 2, 1]


def test_a_request_is_booked_and_attended_once_however_often_it_moves(clinic):
    consultation = make_consultation()
    for at in (NOON, NOON + DAY, NOON + WEEK):
        move(consultation, "booked", at=at)
        # A hand-over has the same status on both sides.
        move(consultation, "booked", frm="booked", at=at)
    move(consultation, "completed", frm="booked", at=NOON + WEEK)

    booked, attended = ([counted(MONDAY + n * WEEK).get(kind) for n in (0, 1)] for kind in ("booked", "attended"))

    assert (booked, attended) == ([{"": 1}, None], [None, {"": 1}])


@pytest.mark.parametrize("days", [1, 7])
@pytest.mark.parametrize(("first", "second"), [("completed", "no_show"), ("no_show", "completed")])
def test_a_slip_about_how_a_visit_went_is_counted_only_where_its_week_was_over(clinic, first, second, days):
    kinds = {"completed": ("attended", {"": 1}), "no_show": ("ended", {"no_show": 1})}
    consultation = make_consultation()
    move(consultation, first, frm="booked")

    move(consultation, second, frm=first, at=NOON + days * DAY)

    told = {kind: counts for n in (0, 1) for kind, counts in counted(MONDAY + n * WEEK).items() if kind != "sent"}
    wanted = dict([kinds[second]] + ([kinds[first]] if days == 7 else []))
    assert {kind: told.get(kind) for kind in ("attended", "ended") if kind in told} == wanted


def test_ends_are_counted_with_their_reasons(clinic, therapist):
    declined = make_consultation(status=RequestStatus.DECLINED, decline_reason="too_far")
    move(declined, "declined")
    for frm in ("needs_info", "proposed", "proposed"):
        move(make_consultation(), "lapsed", frm=frm)
    move(make_consultation(), "withdrawn")
    move(make_consultation(), "no_show", frm="booked", at=NOON + WEEK)

    assert [counted()["ended"], counted(MONDAY + WEEK)["ended"]] == [
        {"declined:too_far": 1, "lapsed:needs_info": 1, "lapsed:proposed": 2, "withdrawn": 1},
        {"no_show": 1},
    ]


@pytest.mark.parametrize(
    ("urgency", "hours", "told"),
    [("routine", 24, "in_time"), ("routine", 24.1, "late"), ("urgent", 4, "in_time"), ("urgent", 5, "late")],
)
def test_an_answer_is_in_time_by_the_promise_that_was_made_first(clinic, urgency, hours, told):
    # A later promise is of no account.
    facts = {"urgency": urgency, "first_answered_at": NOON + hours * HOUR, "answer_by": NOON + 30 * DAY}
    make_consultation(**facts)

    assert counted()["answered"] == {told: 1}


def test_mails_are_counted_by_how_long_they_took_to_leave():
    for number, (sent, parked) in enumerate(
        [(5, None), (60, None), (601, None), (9000, None), (None, 5), (None, None)]
    ):
        later = {"sent_at": sent, "parked_at": parked}
        OutgoingMail.objects.create(
            event="received",
            to="zoe@patients.example",
            context="",
            message_id=f"<{number}>",
            queued_at=NOON,
            next_attempt_at=NOON,
            **{name: seconds and NOON + timedelta(seconds=seconds) for name, seconds in later.items()},
        )

    assert counted() == {"mail": {"minute": 2, "hour": 1, "later": 2, "never": 1}}


def test_stops_of_the_safety_screen_are_counted():
    for days in (0, 0, 6, 7):
        StoppedVisit.objects.count_one(on=MONDAY + days * DAY)

    assert counted() == {"stopped": {"": 3}}


def test_only_weeks_that_are_over_are_written_and_each_once(clinic):
    for day in range(14):
        make_consultation(at=NOON + day * DAY)

    weekly.count_finished_weeks(at=NOON + 13 * DAY)
    weekly.count_finished_weeks(at=NOON + 13 * DAY)
    first = WeekCount.objects.by_week("sent")
    tick(at=NOON + 14 * DAY)

    assert (first, WeekCount.objects.by_week("sent")) == ({MONDAY: 5}, {MONDAY: 5, MONDAY + WEEK: 5})
    assert WeekCount.objects.last_counted() == MONDAY + WEEK


def test_a_week_that_another_worker_has_written_is_left_as_it_is(clinic):
    WeekCount.objects.add(MONDAY, {"sent": {"": 7}})

    WeekCount.objects.add(MONDAY, {"sent": {"": 50}})

    assert (list(WeekCount.objects.values_list("kind", "key", "count")), CarriedOver.objects.get().count) == (
        [("sent", "", 5)],
        2,
    )


def test_an_erasure_takes_nothing_away_and_adds_nothing(clinic):
    consultations = [make_consultation(region="knee") for _ in range(6)]
    weekly.count_finished_weeks(at=NOON + WEEK)
    before = list(WeekCount.objects.order_by("pk").values())

    consultations[0].erase(at=NOON + WEEK)
    weekly.count_finished_weeks(at=NOON + 3 * WEEK)

    assert list(WeekCount.objects.order_by("pk").values()) == before


def test_an_empty_site_counts_nothing(clinic):
    weekly.count_finished_weeks(at=NOON)

    assert WeekCount.objects.last_counted() is None


REGIONS, URGENCIES = ["knee", "back", "neck"], ["routine", "urgent"]
# When it came, where it hurts, how urgent, whether it is spam, and after how many hours it was answered and booked.
HOURS = st.one_of(st.none(), st.integers(1, 400))
REQUESTS = st.lists(
    st.tuples(st.integers(0, 480), st.sampled_from(REGIONS), st.sampled_from(URGENCIES), st.booleans(), HOURS, HOURS),
    max_size=25,
)


def monday_of(at):
    day = at.astimezone(ZONE).date()
    return day - timedelta(days=day.weekday())


def in_plain_python(rows):
    """By week and kind, from the drawn rows alone."""
    found = {}
    for came, region, urgency, is_spam, answered, booked in rows:
        at = NOON + came * HOUR
        if not is_spam:
            for kind, key in [("sent", ""), ("region", region), ("urgency", urgency), ("tip", "")]:
                found.setdefault(monday_of(at), Counter())[kind, key] += 1
        for kind, hours in (("answered", answered), ("booked", booked)):
            if hours:
                found.setdefault(monday_of(at + hours * HOUR), Counter())[kind, ""] += 1
    return found


def as_counted(mondays):
    found = {}
    for monday in mondays:
        for kind, rows in weekly.counted_in(monday, ZONE).items():
            for key, count in rows.items():
                # In time or late is held against the promise by another test.
                found.setdefault(monday, Counter())[kind, "" if kind == "answered" else key] += count
    return {monday: +counts for monday, counts in found.items() if +counts}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(REQUESTS)
def test_any_rows_are_counted_as_plain_python_counts_them(clinic, rows):
    with transaction.atomic():
        for came, region, urgency, is_spam, answered, booked in rows:
            at = NOON + came * HOUR
            facts = {"region": region, "urgency": urgency, "suspicion": "links" if is_spam else ""}
            consultation = make_consultation(at=at, first_answered_at=answered and at + answered * HOUR, **facts)
            if booked:
                move(consultation, "booked", at=at + booked * HOUR)

        found = as_counted(MONDAY + n * WEEK for n in range(8))
        transaction.set_rollback(True)

    assert found == in_plain_python(rows)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_several_workers_at_once_one_counts_each_week(clinic):
    for day in range(28):
        make_consultation(at=NOON + day * DAY, region=REGIONS[day % 3])

    def worker():
        weekly.count_finished_weeks(at=NOON + 4 * WEEK)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert WeekCount.objects.by_week("sent") == {MONDAY + n * WEEK: count for n, count in enumerate([5, 5, 10, 5])}
    assert sum(each.count for each in CarriedOver.objects.filter(kind="region")) == 3
