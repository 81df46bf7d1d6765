"""What the clock does, each thing once: nudges, reminders, lapses, and the owner's list."""

from datetime import timedelta
from itertools import chain

import pytest

from appointments.models import ConsultationRequest, HeldQuarter
from appointments.tick import tick
from clinic.models import OutgoingMail
from tests.factories import DAY, HOUR, NOON, SAID, make_consultation, make_person

from .stages import ACTS, EARLIER, HALF_AN_HOUR, START, S, bring_to, queued

pytestmark = pytest.mark.django_db

WEEK = 7 * DAY


def sent(event):
    return [(to, at) for e, to, at in OutgoingMail.objects.values_list("event", "to", "queued_at") if e == event]


def tick_through(start, end, *, every=HOUR):
    at = start
    while at <= end:
        tick(at=at)
        at += every


# Nudges


def test_half_way_whoever_has_the_request_is_nudged_once(clinic, therapist, colleague):
    make_consultation(status=S.IN_REVIEW, assigned_to=therapist, nudge_at=NOON)

    tick_through(NOON - HOUR, NOON + 5 * HOUR)

    assert sent("staff_nudge") == [(therapist.email, NOON)]


def test_a_request_that_nobody_has_nudges_all_who_triage(clinic, therapist, colleague, owner):
    make_consultation(nudge_at=NOON)

    tick(at=NOON)

    assert sorted(to for to, at in sent("staff_nudge")) == sorted([therapist.email, colleague.email])


@pytest.mark.parametrize("fields", [{"suspicion": "quick"}, {"nudge_at": NOON + HOUR}, {"nudge_at": None}])
def test_nobody_is_nudged_before_time_or_for_what_looks_like_spam(clinic, therapist, fields):
    make_consultation(**{"nudge_at": NOON} | fields)

    tick(at=NOON)

    assert sent("staff_nudge") == []


def test_a_request_that_was_answered_meanwhile_nudges_nobody(clinic, therapist):
    consultation = make_consultation(status=S.IN_REVIEW, assigned_to=therapist, nudge_at=NOON)
    as_the_clock_read_it = ConsultationRequest.objects.get()
    consultation.ask(question="Which side?", by=therapist, at=NOON)

    as_the_clock_read_it.nudge(at=NOON)

    assert sent("staff_nudge") == []


def test_the_nudge_comes_half_way_through_the_open_hours_of_the_promise(clinic, therapist):
    friday = NOON + 4 * DAY
    consultation = bring_to(S.NEEDS_INFO, by=therapist)

    consultation.answer(text="The left.", at=friday)

    # From Friday noon to Monday noon there are ten open hours: six on Friday, and four of Monday's. In between summer time begins.
    assert (consultation.answer_by, consultation.nudge_at) == (friday + 3 * DAY - HOUR, friday + 5 * HOUR)


# Reminders


@pytest.fixture
def booked(clinic, therapist):
    """Booked a week ahead."""
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    consultation.book(NOON + WEEK, by=therapist, at=NOON, **HALF_AN_HOUR)
    OutgoingMail.objects.all().delete()
    return consultation


def test_a_booked_patient_is_reminded_two_days_and_one_day_before(booked):
    tick_through(NOON, NOON + WEEK + HOUR)

    assert sent("reminder") == [(SAID["email"], NOON + 5 * DAY), (SAID["email"], NOON + 6 * DAY)]


def test_a_time_agreed_the_day_before_needs_no_reminder(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    consultation.book(NOON + 20 * HOUR, by=therapist, at=NOON, **HALF_AN_HOUR)

    tick_through(NOON, NOON + DAY)

    assert sent("reminder") == []


def test_a_time_that_was_given_up_is_not_recalled(booked, therapist):
    booked.reschedule(reason="Ill.", by=therapist, at=NOON + DAY)

    tick_through(NOON + DAY, NOON + WEEK)

    assert sent("reminder") == []


def test_a_clock_that_stood_still_sends_one_reminder_and_none_after_the_visit(booked):
    tick(at=NOON + WEEK - HOUR)
    tick(at=NOON + WEEK + HOUR)

    assert sent("reminder") == [(SAID["email"], NOON + WEEK - HOUR)]


# Questions that nobody answers


def test_a_question_is_asked_twice_and_then_the_request_lapses(clinic, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)

    tick_through(NOON, NOON + 10 * DAY)

    consultation.refresh_from_db()
    # Asked on a Monday morning: again on Wednesday, closed on the next Monday.
    assert sent("one_thing") == [(SAID["email"], EARLIER + 2 * DAY)]
    assert sent("closed_for_now") == [(SAID["email"], EARLIER + WEEK)]
    assert (consultation.status, consultation.closed_at) == (S.LAPSED, EARLIER + WEEK)


def test_an_answered_question_is_not_asked_again(clinic, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)
    consultation.answer(text="The left.", at=NOON)

    tick_through(NOON, NOON + 10 * DAY, every=6 * HOUR)

    assert (sent("one_thing"), sent("closed_for_now")) == ([], [])


def test_holidays_and_weekends_are_no_days_to_answer_in(clinic, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)
    friday = NOON + 4 * DAY
    consultation.questions.update(asked_at=friday)

    tick_through(friday, friday + 3 * DAY)

    assert sent("one_thing") == []


# Offers that nobody takes


def test_the_first_offer_that_runs_out_comes_back_and_the_second_ends_it_for_now(clinic, therapist):
    consultation = bring_to(S.PROPOSED, by=therapist)

    tick_through(NOON, NOON + 3 * DAY)
    consultation.refresh_from_db()
    first = (consultation.status, sent("still_want_to_talk") != [])
    consultation.propose([START + WEEK], by=therapist, at=NOON + 3 * DAY, **HALF_AN_HOUR)
    tick_through(NOON + 3 * DAY, NOON + 6 * DAY)

    consultation.refresh_from_db()
    assert (first, consultation.status) == ((S.IN_REVIEW, True), S.LAPSED)
    assert len(sent("still_want_to_talk")) == len(sent("closed_for_now")) == 1
    assert HeldQuarter.objects.count() == 0


def test_an_offer_with_one_time_still_held_stands(clinic, therapist):
    consultation = bring_to(S.PROPOSED, by=therapist)
    first, *_ = consultation.times.all()
    consultation.times.exclude(pk=first.pk).update(held_until=NOON - HOUR)

    tick(at=NOON)

    consultation.refresh_from_db()
    assert consultation.status == S.PROPOSED


def test_a_patient_who_chooses_at_the_last_moment_is_not_undone(clinic, therapist):
    consultation = bring_to(S.PROPOSED, by=therapist)
    as_the_clock_read_it = ConsultationRequest.objects.get()
    ACTS["choose"](consultation, therapist)

    as_the_clock_read_it.status = S.PROPOSED
    with pytest.raises(Exception, match="Nothing was changed"):
        as_the_clock_read_it.let_offer_expire(at=NOON + 3 * DAY)

    consultation.refresh_from_db()
    assert consultation.status == S.BOOKED


# Nobody is forgotten


def test_after_a_visit_without_a_word_it_is_back_on_top_a_working_day_later(booked):
    moments = [NOON + WEEK + HOUR, NOON + WEEK + DAY + HOUR]

    on_top = [booked in chain(*ConsultationRequest.objects.waiting_for_us(at=at)) for at in moments]

    assert on_top == [False, True]


@pytest.mark.parametrize("workers", [1, 3])
def test_through_a_month_no_request_is_forgotten_and_no_mail_is_sent_twice(clinic, owner, workers):
    """A dozen requests that people leave lying, in every state; the clock alone moves them."""
    people = [make_person("Therapist") for _ in range(3)]
    for number in range(12):
        status = [S.NEW, S.IN_REVIEW, S.NEEDS_INFO, S.PROPOSED][number % 4]
        said = {"email": f"patient-{number}@patients.example"}
        consultation = bring_to(status, by=people[number % 3], said=said) if number < 8 else None
        if consultation is None:
            consultation = bring_to(S.IN_REVIEW, by=people[number % 3], said=said)
            consultation.book(NOON + (number - 4) * DAY, by=people[number % 3], at=NOON, **HALF_AN_HOUR)
    OutgoingMail.objects.all().delete()

    at = NOON
    while at <= NOON + 30 * DAY:
        for _ in range(workers):
            tick(at=at)
        for consultation in ConsultationRequest.objects.open():
            assert consultation.answer_by
            assert consultation.assigned_to or consultation.status == S.NEW
        at += 3 * HOUR

    told = list(OutgoingMail.objects.exclude(event__startswith="staff").values_list("event", "to"))
    once = [each for each in told if each[0] != "reminder"]
    assert sorted(set(once)) == sorted(once)
    reminded = [to for event, to in told if event == "reminder"]
    assert sorted(reminded) == sorted([f"patient-{number}@patients.example" for number in range(8, 12)] * 2)
    assert ConsultationRequest.objects.filter(status__in=[S.NEEDS_INFO, S.PROPOSED]).count() == 0
    waiting = chain(*ConsultationRequest.objects.waiting_for_us(at=at))
    assert set(waiting) == set(ConsultationRequest.objects.open())


def test_a_clock_set_back_does_nothing_twice(booked, owner):
    make_consultation(answer_by=NOON - HOUR, said={"email": "late@patients.example"})
    tick_through(NOON, NOON + WEEK, every=6 * HOUR)
    before = queued()

    tick_through(NOON + WEEK - 2 * HOUR, NOON + WEEK, every=timedelta(minutes=30))

    assert queued() == before
