from contextlib import nullcontext
from datetime import timedelta

import pytest

from appointments.models import HeldQuarter, TimeOff, TimeTaken, TransitionNotAllowed
from appointments.models.statement import Mode
from tests.factories import DAY, HOUR, NOON

from .stages import HALF_AN_HOUR, NEXT, START, S, bring_to, everything, quarters, queued

pytestmark = pytest.mark.django_db

QUARTER = timedelta(minutes=15)
HELD_FOR = 48 * HOUR


@pytest.fixture
def consultation(clinic, therapist):
    return bring_to(S.IN_REVIEW, by=therapist)


def propose(consultation, *times, minutes=30, at=NOON, **who):
    by = who.get("by", consultation.assigned_to)
    consultation.propose(list(times), minutes=minutes, mode=Mode.CLINIC, by=by, at=at)


def times_of(consultation):
    return list(consultation.times.values_list("starts_at", "held_until", "booked_at", "released_at"))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_to_three_times_are_held_for_the_patient(consultation, therapist, count):
    times = [START + index * HOUR for index in range(count)]

    propose(consultation, *reversed(times))

    assert times_of(consultation) == [(start, NOON + HELD_FOR, None, None) for start in times]
    assert quarters(therapist) == [60 * index + part for index in range(count) for part in (0, 15)]


@pytest.mark.parametrize(
    ("times", "minutes"),
    [
        pytest.param([], 30, id="none"),
        pytest.param([START + index * HOUR for index in range(4)], 30, id="four"),
        pytest.param([NOON], 30, id="now"),
        pytest.param([START, NOON - HOUR], 30, id="one in the past"),
        pytest.param([START, START], 30, id="the same twice"),
        pytest.param([START, START + QUARTER], 30, id="overlapping"),
        pytest.param([START + timedelta(minutes=5)], 30, id="off the quarter hour"),
        pytest.param([START + timedelta(seconds=1)], 30, id="with seconds"),
        pytest.param([START], 20, id="not whole quarter hours long"),
        pytest.param([START], 0, id="of no length"),
        pytest.param([START], 255, id="longer than four hours"),
    ],
)
def test_times_that_cannot_be_offered_are_refused_and_nothing_changes(consultation, times, minutes):
    before = everything()

    with pytest.raises(ValueError, match="time"):
        propose(consultation, *times, minutes=minutes)

    assert everything() == before


def test_times_that_touch_do_not_overlap(consultation, therapist):
    propose(consultation, START, START + 2 * QUARTER)

    assert quarters(therapist) == [0, 15, 30, 45]


@pytest.mark.parametrize("start", [START - QUARTER, START, START + QUARTER])
def test_a_held_time_is_refused_to_another_request_and_leaves_nothing_behind(consultation, therapist, start):
    propose(consultation, START)
    other = bring_to(S.IN_REVIEW, by=therapist)
    before = everything()

    with pytest.raises(TimeTaken, match="just been taken"):
        propose(other, START - DAY + 2 * HOUR, start)

    assert everything() == before


def test_a_refused_offer_can_be_mended_with_another_time_at_once(consultation, therapist):
    propose(consultation, START)
    other = bring_to(S.IN_REVIEW, by=therapist)
    with pytest.raises(TimeTaken):
        propose(other, START)

    propose(other, NEXT)

    assert [time.starts_at for time in other.times.all()] == [NEXT]


@pytest.mark.parametrize("start", [START - 2 * QUARTER, START + 2 * QUARTER])
def test_the_time_right_before_or_after_is_free(consultation, therapist, start):
    propose(consultation, START)
    other = bring_to(S.IN_REVIEW, by=therapist)

    propose(other, start)

    assert [time.starts_at for time in other.times.all()] == [start]


def test_the_same_time_of_another_therapist_is_free(consultation, colleague):
    propose(consultation, START)
    other = bring_to(S.IN_REVIEW, by=colleague)

    propose(other, START)

    assert quarters(colleague) == [0, 15]


def test_a_hold_that_has_run_out_is_cleared_by_the_next_offer(consultation, therapist):
    propose(consultation, START + 3 * DAY)
    other = bring_to(S.IN_REVIEW, by=therapist)

    propose(other, START + 3 * DAY, at=NOON + HELD_FOR)

    assert set(HeldQuarter.objects.values_list("time__consultation", flat=True)) == {other.pk}


def test_a_hold_stands_until_its_last_second(consultation, therapist):
    propose(consultation, START + 3 * DAY)
    other = bring_to(S.IN_REVIEW, by=therapist)

    with pytest.raises(TimeTaken):
        propose(other, START + 3 * DAY, at=NOON + HELD_FOR - timedelta(seconds=1))

    assert not other.times.exists()


def test_a_booked_time_is_not_cleared_when_its_hold_would_have_run_out(consultation, therapist):
    propose(consultation, START + 7 * DAY)
    consultation.choose(consultation.times.get(), at=NOON)
    other = bring_to(S.IN_REVIEW, by=therapist)

    with pytest.raises(TimeTaken):
        propose(other, START + 7 * DAY, at=NOON + 2 * HELD_FOR)

    assert not other.times.exists()


def test_choose_books_the_one_and_sets_the_others_free(consultation, therapist):
    propose(consultation, START, NEXT)

    consultation.choose(consultation.times.first(), at=NOON + HOUR)

    until = NOON + HELD_FOR
    assert times_of(consultation) == [(START, until, NOON + HOUR, None), (NEXT, until, None, NOON + HOUR)]
    assert quarters(therapist) == [0, 15]


def test_choose_refuses_a_hold_that_has_run_out(consultation, therapist):
    propose(consultation, START + 3 * DAY)
    before = everything()

    with pytest.raises(TransitionNotAllowed, match="no longer held"):
        consultation.choose(consultation.times.get(), at=NOON + HELD_FOR)

    assert everything() == before


def test_choose_refuses_a_time_that_has_begun(consultation):
    propose(consultation, START)
    before = everything()

    with pytest.raises(TransitionNotAllowed):
        consultation.choose(consultation.times.get(), at=START)

    assert everything() == before


def test_choose_finds_the_time_taken_when_an_offer_of_the_next_second_has_cleared_the_hold(consultation, therapist):
    propose(consultation, START + 3 * DAY)
    propose(bring_to(S.IN_REVIEW, by=therapist), START + 3 * DAY, at=NOON + HELD_FOR)
    before = everything()

    with pytest.raises(TimeTaken, match="just been taken"):
        consultation.choose(consultation.times.get(), at=NOON + HELD_FOR - timedelta(seconds=1))

    assert everything() == before


def test_choose_refuses_a_time_of_another_request(consultation, therapist):
    propose(consultation, START)
    other = bring_to(S.IN_REVIEW, by=therapist)
    propose(other, NEXT)
    before = everything()

    with pytest.raises(TransitionNotAllowed, match="no longer held"):
        consultation.choose(other.times.get(), at=NOON)

    assert everything() == before


def test_choose_refuses_a_time_that_was_taken_back(consultation, therapist):
    propose(consultation, START)
    taken_back = consultation.times.get()
    consultation.take_back_offer(by=therapist, at=NOON)
    propose(consultation, NEXT)

    with pytest.raises(TransitionNotAllowed, match="no longer held"):
        consultation.choose(taken_back, at=NOON)

    assert [time.starts_at for time in consultation.times.standing()] == [NEXT]


def test_a_time_agreed_by_phone_is_booked_at_once(consultation, therapist):
    consultation.book(START, by=therapist, at=NOON, **HALF_AN_HOUR)

    assert times_of(consultation) == [(START, None, NOON, None)]
    assert quarters(therapist) == [0, 15]


def test_a_time_agreed_by_phone_replaces_the_times_offered(consultation, therapist):
    propose(consultation, START, NEXT)

    consultation.book(START, by=therapist, at=NOON + HOUR, **HALF_AN_HOUR)

    assert [(time.starts_at, time.booked_at) for time in consultation.times.standing()] == [(START, NOON + HOUR)]
    assert quarters(therapist) == [0, 15]


def test_a_taken_time_cannot_be_booked_by_phone_and_the_offer_stands(consultation, therapist):
    propose(consultation, START)
    other = bring_to(S.IN_REVIEW, by=therapist)
    propose(other, NEXT)
    before = everything()

    with pytest.raises(TimeTaken):
        other.book(START, by=therapist, at=NOON, **HALF_AN_HOUR)

    assert everything() == before


@pytest.mark.parametrize(("begins", "refused"), [(HOUR / 4, True), (HOUR / 2, False)])
@pytest.mark.parametrize("act", ["book", "propose"])
def test_time_off_that_came_after_the_page_was_checked_is_kept_free(consultation, therapist, act, begins, refused):
    TimeOff.objects.create(therapist=therapist, starts_at=START + begins, ends_at=START + DAY)
    keep = {"book": {"start": START}, "propose": {"times": [START]}}[act]

    with pytest.raises(TimeTaken, match="has time off then") if refused else nullcontext():
        getattr(consultation, act)(**keep, **HALF_AN_HOUR, by=therapist, at=NOON)

    assert quarters(therapist) == ([] if refused else [0, 15])


def test_a_time_that_has_passed_cannot_be_booked_by_phone(consultation, therapist):
    before = everything()

    with pytest.raises(ValueError, match="future"):
        consultation.book(NOON, by=therapist, at=NOON, **HALF_AN_HOUR)

    assert everything() == before


def test_times_are_told_once_however_many_are_offered(consultation):
    propose(consultation, START, NEXT)

    assert queued() == [("choose_a_time", consultation.statement.email)]
