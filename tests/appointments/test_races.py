"""Many at once, each in a thread with a connection of its own. On PostgreSQL each guard stands beside its absence."""

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from appointments import emails
from appointments.models import (
    ConsultationRequest,
    HeldQuarter,
    OfferedTime,
    PatientStatement,
    Question,
    RequestStatus,
    StatusChange,
    TimeTaken,
    TransitionNotAllowed,
)
from appointments.tick import tick
from clinic.digest import tell_owners
from clinic.models import OutgoingMail
from tests.factories import DAY, HOUR, NOON, SAID, come_in, make_clinic, make_person

from .pages import CHECK, fill
from .stages import HALF_AN_HOUR, NEXT, START, S, bring_to, make_arrived

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ON_POSTGRESQL = connection.vendor == "postgresql"


def at_once(acts):
    """Let every act begin at the same moment; gives what each returned or was refused with."""
    ready = threading.Barrier(len(acts), timeout=20)

    def run(act):
        try:
            return act(ready)
        except (TransitionNotAllowed, TimeTaken) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def winners(results):
    return [result for result in results if not isinstance(result, Exception)]


def guards(guarded, unguarded):
    """The code as it is; and on PostgreSQL, where races are real, what would happen without its guard."""
    return [pytest.param(guarded, True, id="guarded")] + [pytest.param(unguarded, False, id="control")] * ON_POSTGRESQL


def claim(consultation, person):
    consultation.claim(by=person, at=NOON)


def claim_without_comparing(consultation, person):
    if consultation.status != RequestStatus.NEW:
        raise TransitionNotAllowed
    ConsultationRequest.objects.filter(pk=consultation.pk).update(status=RequestStatus.IN_REVIEW, assigned_to=person)


@pytest.mark.parametrize(("take", "guarded"), guards(claim, claim_without_comparing))
def test_of_two_who_claim_at_once_one_has_it_and_the_other_is_told(take, guarded):
    make_clinic()
    people = [make_person("Therapist") for _ in range(2)]
    reference = make_arrived().reference

    def claims(person):
        def act(ready):
            consultation = ConsultationRequest.objects.get(reference=reference)
            ready.wait()
            take(consultation, person)
            return person

        return act

    won = winners(at_once([claims(person) for person in people]))

    assert len(won) == (1 if guarded else 2)
    if guarded:
        assert ConsultationRequest.objects.get().assigned_to == won[0]
        assert list(StatusChange.objects.values_list("to_status", "by")) == [(S.NEW, None), (S.IN_REVIEW, won[0].pk)]


def submit(form_key, ready):
    ready.wait()
    return send(form_key)


def send(form_key):
    fields = {"region": "knee", "urgency": "routine", "tip": None, "said": SAID, "at": NOON}
    return ConsultationRequest.objects.submit(form_key=form_key, **fields).reference


def submit_after_a_look(form_key, ready):
    """Looks whether the form was sent, without a key that the database keeps unique."""
    sent = PatientStatement.objects.filter(goal=SAID["goal"]).select_related("consultation").first()
    connection.close()  # the pool is smaller than the crowd
    ready.wait()
    return sent.consultation.reference if sent else send(secrets.token_urlsafe())


@pytest.mark.parametrize(("take", "guarded"), guards(submit, submit_after_a_look))
def test_one_form_sent_twenty_times_at_once_is_one_request(take, guarded):
    make_clinic()
    therapist = make_person("Therapist")

    references = at_once([lambda ready: take("one form", ready)] * 20)

    if guarded:
        assert set(references) == set(ConsultationRequest.objects.values_list("reference", flat=True))
        assert (ConsultationRequest.objects.count(), PatientStatement.objects.count()) == (1, 1)
        sent = sorted(OutgoingMail.objects.values_list("event", "to"))
        assert sent == [("received", SAID["email"]), ("staff_new", therapist.email)]
    else:
        assert len(set(references)) > 1


def propose(consultation, therapist, ready):
    ready.wait()
    consultation.propose([START], by=therapist, at=NOON, **HALF_AN_HOUR)


def propose_after_a_look(consultation, therapist, ready):
    """Looks whether the time is free, and takes it without a row that the database keeps unique."""
    taken = OfferedTime.objects.filter(therapist=therapist, starts_at=START).exists()
    ready.wait()
    if taken:
        raise TimeTaken
    OfferedTime.objects.create(
        consultation=consultation, therapist=therapist, starts_at=START, held_until=START, **HALF_AN_HOUR
    )


@pytest.mark.parametrize(("take", "guarded"), guards(propose, propose_after_a_look))
def test_one_free_time_offered_to_ten_at_once_is_held_for_one(take, guarded):
    make_clinic()
    therapist = make_person("Therapist")
    consultations = [bring_to(S.IN_REVIEW, by=therapist) for _ in range(10)]

    def offers(consultation):
        def act(ready):
            take(consultation, therapist, ready)
            return consultation.pk

        return act

    won = winners(at_once([offers(consultation) for consultation in consultations]))

    if guarded:
        assert len(won) == 1
        assert list(OfferedTime.objects.values_list("consultation", flat=True)) == won
        assert HeldQuarter.objects.count() == 2
        assert list(OutgoingMail.objects.values_list("event", flat=True)) == ["choose_a_time"]
        assert ConsultationRequest.objects.filter(status=S.PROPOSED).count() == 1
    else:
        assert len(won) > 1
        assert OfferedTime.objects.filter(starts_at=START).count() == len(won)


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_the_patient_who_chooses_while_staff_take_the_offer_back_gets_one_answer(attempt):
    make_clinic()
    therapist = make_person("Therapist")
    pk = bring_to(S.PROPOSED, by=therapist).pk

    def chooses(ready):
        consultation = ConsultationRequest.objects.get(pk=pk)
        time = consultation.times.first()
        ready.wait()
        consultation.choose(time, at=NOON)
        return S.BOOKED

    def takes_back(ready):
        consultation = ConsultationRequest.objects.get(pk=pk)
        ready.wait()
        consultation.take_back_offer(by=therapist, at=NOON)
        return S.IN_REVIEW

    won = winners(at_once([chooses, takes_back]))

    assert won == [ConsultationRequest.objects.get().status]
    assert HeldQuarter.objects.count() == (2 if won == [S.BOOKED] else 0)


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_two_times_of_one_offer_chosen_at_once_leave_one_booked(attempt):
    make_clinic()
    pk = bring_to(S.PROPOSED, by=make_person("Therapist")).pk

    def chooses(starts_at):
        def act(ready):
            consultation = ConsultationRequest.objects.get(pk=pk)
            time = consultation.times.get(starts_at=starts_at)
            ready.wait()
            consultation.choose(time, at=NOON)
            return starts_at

        return act

    won = winners(at_once([chooses(START), chooses(NEXT)]))

    assert [time.starts_at for time in OfferedTime.objects.booked()] == won
    assert len(won) == 1
    assert list(HeldQuarter.objects.values_list("time__starts_at", flat=True)) == won * 2


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_one_correction_pressed_twice_at_once_is_one_and_both_are_led_to_the_same_link(attempt):
    make_clinic()
    therapist = make_person("Therapist")
    pk = bring_to(S.IN_REVIEW, by=therapist).pk

    def corrects(ready):
        consultation = ConsultationRequest.objects.get(pk=pk)
        ready.wait()
        consultation.correct_contact(email="new@patients.example", at=NOON)
        return consultation.link_token

    links = at_once([corrects] * 2)

    consultation = ConsultationRequest.objects.get()
    assert links == [consultation.link_token] * 2
    assert consultation.corrections.count() == 1
    assert sorted(OutgoingMail.objects.values_list("event", flat=True)) == [
        "contact_changed",
        "new_address",
        "staff_corrected",
    ]


def test_time_off_entered_while_a_visit_is_being_booked_names_it():
    clinic = make_clinic()
    therapist = make_person("Therapist")
    consultation, browser = bring_to(S.IN_REVIEW, by=therapist), come_in(therapist)
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + 2 * DAY
    local = timezone.localtime(start, clinic.tzinfo)
    times = {"starts_at": f"{local - HOUR:%Y-%m-%dT%H:%M}", "ends_at": f"{local + HOUR:%Y-%m-%dT%H:%M}"}

    answered = threading.Event()

    def books(ready):
        with transaction.atomic():
            consultation.book(start, **HALF_AN_HOUR, by=therapist, at=NOON)
            ready.wait()
            answered.wait(1.5)

    def takes_off(ready):
        ready.wait()
        answer = browser.post("/admin/appointments/timeoff/add/", times)
        answered.set()
        return answer

    at_once([books, takes_off])

    told = browser.get("/admin/appointments/timeoff/").content.decode()
    assert f'Still booked in that time: <a href="/admin/queue/{consultation.reference}/">' in told


def send_link(ready):
    # Whoever connects first would be done before the others ask.
    ConsultationRequest.objects.exists()
    ready.wait()
    ConsultationRequest.objects.send_link_again(SAID["email"], at=NOON)


def send_link_after_a_look(ready):
    """Looks whether one was sent, and lets nobody wait who looks at the same moment."""
    lately = OutgoingMail.objects.queued_for(SAID["email"], since=NOON - HOUR).exists()
    ready.wait()
    if not lately:
        emails.your_link(ConsultationRequest.objects.get(), at=NOON)


@pytest.mark.parametrize(("take", "guarded"), guards(send_link, send_link_after_a_look))
def test_a_link_asked_for_four_times_at_once_is_mailed_once(take, guarded):
    make_clinic()
    bring_to(S.IN_REVIEW, by=make_person("Therapist"))

    at_once([take] * 4)

    assert (OutgoingMail.objects.count() == 1) == guarded


def test_of_many_requests_of_one_contact_at_once_five_are_taken_and_one_is_confirmed():
    make_clinic()
    browsers = [fill(Client()) for _ in range(8)]

    def sends(browser):
        def act(ready):
            ready.wait()
            return browser.post(CHECK).status_code

        return act

    codes = at_once([sends(browser) for browser in browsers])

    assert sorted(codes) == [302] * 5 + [429] * 3
    assert ConsultationRequest.objects.count() == 5
    assert [mail.event for mail in OutgoingMail.objects.all()] == ["received"]


def recall(consultation):
    consultation.times.booked().get().recall("reminded_early_at", at=NOON)


def recall_over_a_join(consultation):
    """By an update that names the request, and so asks for the time's own mark before it waits for the other worker."""
    due = OfferedTime.objects.booked().filter(consultation__status=S.BOOKED, reminded_early_at__isnull=True)
    with transaction.atomic():
        if due.filter(consultation=consultation).update(reminded_early_at=NOON):
            emails.reminder(consultation, at=NOON)


def ask_again(consultation):
    consultation.remind_of_question(at=NOON)


def ask_again_over_a_join(consultation):
    silent = Question.objects.filter(consultation__status=S.NEEDS_INFO, reminded_at__isnull=True)
    with transaction.atomic():
        if silent.filter(consultation=consultation).update(reminded_at=NOON):
            emails.one_thing(consultation, at=NOON)


@pytest.mark.parametrize(
    ("status", "act", "guarded"),
    [
        *[pytest.param(S.BOOKED, *each.values, id=f"recall-{each.id}") for each in guards(recall, recall_over_a_join)],
        *[pytest.param(S.NEEDS_INFO, *each.values, id=f"ask-{each.id}") for each in guards(ask_again, ask_again_over_a_join)],
    ],
)  # fmt: skip
def test_of_two_workers_that_mean_to_write_to_one_patient_the_second_does_not(status, act, guarded):
    make_clinic()
    pk = bring_to(status, by=make_person("Therapist")).pk

    def dawdle(execute, sql, params, many, context):
        """Before the mail, so that the other worker is at the mark by then."""
        if sql.startswith("INSERT") and OutgoingMail._meta.db_table in sql:
            time.sleep(0.5)
        return execute(sql, params, many, context)

    def works(ready):
        consultation = ConsultationRequest.objects.get(pk=pk)
        ready.wait()
        with connection.execute_wrapper(dawdle):
            act(consultation)

    at_once([works] * 2)

    assert OutgoingMail.objects.count() == (1 if guarded else 2)


def test_three_workers_whose_clocks_tick_at_once_tell_everybody_once():
    make_clinic()
    owner, therapist = make_person("Owner"), make_person("Therapist")
    for number in range(4):
        said = {"email": f"late-{number}@patients.example"}
        bring_to(S.IN_REVIEW, by=therapist, said=said, answer_by=NOON - HOUR, nudge_at=NOON - HOUR)
    for number in range(4):
        waiting = bring_to(S.NEEDS_INFO, by=therapist, said={"email": f"silent-{number}@patients.example"})
        waiting.questions.update(asked_at=NOON - 9 * DAY, reminded_at=NOON - 7 * DAY)
    OutgoingMail.objects.all().delete()

    def ticks(ready):
        ready.wait()
        tick(at=NOON)
        tell_owners(at=NOON)

    at_once([ticks] * 3)

    told = sorted(OutgoingMail.objects.values_list("event", "to"))
    assert told == sorted(
        [("running_late", f"late-{number}@patients.example") for number in range(4)]
        + [("closed_for_now", f"silent-{number}@patients.example") for number in range(4)]
        + [("staff_nudge", therapist.email)] * 4
        + [("staff_update", therapist.email)] * 4
        + [("owner_digest", owner.email)]
    )
