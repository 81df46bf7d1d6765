"""The promise to answer: told honestly when it is broken, and measured."""

from datetime import timedelta

import pytest

from appointments.models import ConsultationRequest, RequestStatus
from appointments.tick import tick
from clinic.models import ClinicSettings, forget
from tests.factories import DAY, HOUR, NOON, make_clinic, make_consultation

from .pages import Page
from .stages import ACTS, S, bring_to, queued

pytestmark = pytest.mark.django_db

LATE = {"answer_by": NOON - HOUR}
TOLD = [("running_late", "zoe@patients.example")]


# Late


@pytest.mark.parametrize("status", [S.NEW, S.IN_REVIEW])
def test_whoever_was_promised_an_answer_by_now_is_told_that_it_is_late(clinic, therapist, status):
    consultation = make_consultation(status=status, assigned_to=therapist if status == S.IN_REVIEW else None, **LATE)

    tick(at=NOON)

    consultation.refresh_from_db()
    assert (queued(), consultation.late_told_at) == (TOLD, NOON)


def test_the_same_promise_is_told_once_however_often_the_clock_ticks(clinic):
    make_consultation(**LATE)

    for minutes in range(5):
        tick(at=NOON + timedelta(minutes=minutes))

    assert queued() == TOLD


@pytest.mark.parametrize("status", [status for status in RequestStatus if status not in {S.NEW, S.IN_REVIEW}])
def test_nobody_is_told_who_waits_for_nothing_from_us(clinic, therapist, status):
    consultation = bring_to(status, by=therapist)
    ConsultationRequest.objects.filter(pk=consultation.pk).update(answer_by=NOON - DAY)

    tick(at=NOON)

    assert "running_late" not in [event for event, to in queued()]


@pytest.mark.parametrize("fields", [{"answer_by": NOON + HOUR}, LATE | {"suspicion": "trapped"}])
def test_who_is_in_time_or_looks_like_spam_is_not_told(clinic, fields):
    make_consultation(**fields)

    tick(at=NOON)

    assert queued() == []


def test_a_new_promise_that_is_broken_is_told_again(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist, **LATE)
    tick(at=NOON)
    consultation.refresh_from_db()
    ACTS["ask"](consultation, therapist)
    ACTS["answer"](consultation, therapist)

    tick(at=consultation.answer_by + HOUR)

    assert [event for event, to in queued()].count("running_late") == 2


def test_a_request_that_moves_while_the_clock_looks_at_it_is_not_told(clinic, therapist):
    consultation = make_consultation(**LATE)
    as_the_clock_read_it = ConsultationRequest.objects.get()
    consultation.claim(by=therapist, at=NOON)
    consultation.ask(question="Which side?", by=therapist, at=NOON)

    as_the_clock_read_it.tell_late(at=NOON)

    assert [event for event, to in queued()] == ["one_thing"]


# The measured answer


def make_answered(*hours, at=NOON - DAY):
    for wait in hours:
        make_consultation(at=at - wait * HOUR, first_answered_at=at)


def test_half_of_those_answered_lately_waited_no_longer_than_this(clinic):
    make_answered(*[1] * 10, *[5] * 11)

    assert ConsultationRequest.objects.typical_answer(at=NOON) == 5 * HOUR


def test_fewer_than_twenty_answers_say_nothing(clinic):
    make_answered(*[1] * 19)
    make_answered(*[1] * 5, at=NOON - 31 * DAY)

    assert ConsultationRequest.objects.typical_answer(at=NOON) is None


@pytest.mark.parametrize("act", ["ask", "propose", "book", "decline"])
def test_the_first_word_of_ours_stops_the_time(clinic, therapist, act):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    ACTS[act](consultation, therapist)

    consultation.refresh_from_db()
    assert consultation.first_answered_at == NOON


def test_neither_a_claim_nor_a_later_word_counts_as_the_first(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    before = consultation.first_answered_at
    ACTS["ask"](consultation, therapist)
    ACTS["answer"](consultation, therapist)

    ACTS["decline"](consultation, therapist, at=NOON + DAY)

    consultation.refresh_from_db()
    assert (before, consultation.first_answered_at) == (None, NOON)


def test_the_start_page_tells_what_was_measured_and_only_then(clinic, client):
    before = client.get("/consultation/").content.decode()
    make_answered(*[4] * 20)
    tick(at=NOON)
    forget()

    after = client.get("/consultation/").content.decode()

    words = "half of all requests had an answer within 4 hours"
    assert (words in before, words in after) == (False, True)


def test_what_was_measured_is_forgotten_when_it_is_too_old(clinic):
    make_answered(*[4] * 20)
    tick(at=NOON)

    tick(at=NOON + 31 * DAY)

    assert ClinicSettings.objects.get().typical_answer is None


def test_a_clinic_without_settings_is_measured_without_a_word(db):
    make_answered(*[4] * 20)

    tick(at=NOON)

    assert ClinicSettings.objects.count() == 0


def test_the_promise_at_the_start_is_the_owners_target(client):
    make_clinic(reply_days=3)

    page = Page(client.get("/consultation/"))

    assert any(text.startswith("An answer by ") for text in page.texts("strong"))
