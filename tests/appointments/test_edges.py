"""What went wrong once, or nearly: each is a small story."""

from datetime import time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import ConsultationRequest, OfferedTime, Question, StoppedVisit, WorkingHours
from appointments.tick import tick
from appointments.views import steps
from clinic import mail
from clinic.logs import Plain
from clinic.models import OutgoingMail
from clinic.wording import spoken
from tests.factories import DAY, HOUR, NOON, SAID, make_consultation
from tests.refusing import refusing

from .agreeing import events, free, make_new, make_proposed, own, propose
from .desk import address, offered
from .pages import CHECK, TYPED, Page, fill
from .pages import address as step_address
from .stages import ACTS, HALF_AN_HOUR, START, S, bring_to, everything, make_arrived, queued

pytestmark = pytest.mark.django_db


def words(event):
    return mail.render(OutgoingMail.objects.filter(event=event).last()).body


# The right time in the mail


def test_a_time_that_was_offered_and_has_passed_is_not_the_one_that_is_told(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    consultation.propose([NOON + HOUR, START], by=therapist, at=NOON, **HALF_AN_HOUR)
    later = consultation.times.get(starts_at=START)

    consultation.choose(later, at=NOON + 2 * HOUR)

    assert spoken(START, clinic.tzinfo) in words("booked")
    assert spoken(NOON + HOUR, clinic.tzinfo) not in words("booked")
    assert list(consultation.times.standing()) == [later]


def test_no_time_is_said_to_be_kept_beyond_its_own_beginning(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.propose([NOON + HOUR, NOON + 2 * HOUR], by=therapist, at=NOON, **HALF_AN_HOUR)

    assert (
        f"Choose by {spoken(NOON + 2 * HOUR, clinic.tzinfo)}. A time that has begun can no longer be chosen."
        in words("choose_a_time")
    )


def test_a_booked_request_that_is_declined_says_that_the_visit_is_off(clinic, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)

    ACTS["decline"](consultation, therapist)

    assert f"Your booked time, {spoken(START, clinic.tzinfo)}, is canceled." in words("about_your_request")


def test_a_request_that_was_never_booked_says_nothing_of_a_visit(clinic, therapist):
    consultation = bring_to(S.PROPOSED, by=therapist)

    ACTS["decline"](consultation, therapist)

    assert "booked time" not in words("about_your_request")


# The clock and second chances


def test_a_second_question_has_a_time_of_its_own(clinic, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)
    consultation.questions.update(reminded_at=NOON)
    consultation.lapse(at=NOON + 7 * DAY)
    consultation.take_up_again(at=NOON + 8 * DAY)
    consultation.ask(question="And the right?", by=therapist, at=NOON + 8 * DAY)

    tick(at=NOON + 8 * DAY + HOUR)

    consultation.refresh_from_db()
    assert consultation.status == S.NEEDS_INFO


def test_after_an_outage_the_second_asking_comes_first_and_the_end_days_later(clinic, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)

    tick(at=NOON + 21 * DAY)
    status = ConsultationRequest.objects.get().status
    tick(at=NOON + 24 * DAY)

    consultation.refresh_from_db()
    assert (status, consultation.status) == (S.NEEDS_INFO, S.LAPSED)


@pytest.mark.parametrize("comes_back", [False, True])
def test_whoever_can_only_be_called_is_not_closed_by_the_clock_but_comes_back_to_us(clinic, therapist, comes_back):
    said = {"email": SAID["email"] if comes_back else "", "prefer": "phone"}
    asked, proposed = [bring_to(status, by=therapist, said=said) for status in (S.NEEDS_INFO, S.PROPOSED)]
    OutgoingMail.objects.update(parked_at=NOON)
    before = queued()

    for days in range(1, 30):
        tick(at=NOON + days * DAY)
        OutgoingMail.objects.filter(to=SAID["email"]).update(parked_at=NOON)

    asked.refresh_from_db()
    proposed.refresh_from_db()
    told = [(event, to) for event, to in queued() if (event, to) not in before]
    assert (asked.status, proposed.status) == (S.IN_REVIEW, S.IN_REVIEW)
    assert "closed_for_now" not in events()
    assert therapist.email in {to for event, to in told if event == "staff_update"}


def test_a_mail_that_arrives_after_one_that_came_back_says_that_the_address_is_good(clinic, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)
    outcomes = []
    for ended in ({"parked_at": NOON}, {"sent_at": NOON}, {}):
        queued_mail = mail.queue("one_thing", to=SAID["email"], reference=consultation.reference, context={}, at=NOON)
        OutgoingMail.objects.filter(pk=queued_mail.pk).update(**ended)
        outcomes.append(consultation.can_be_mailed)

    assert outcomes == [False, True, True]


def test_a_request_taken_up_again_has_its_first_expiry_before_it(clinic, therapist):
    consultation = bring_to(S.PROPOSED, by=therapist)
    consultation.let_go(at=NOON + 3 * DAY)
    consultation.propose([START + 7 * DAY], by=therapist, at=NOON + 3 * DAY, **HALF_AN_HOUR)
    consultation.let_go(at=NOON + 6 * DAY)
    consultation.take_up_again(at=NOON + 7 * DAY)
    consultation.propose([START + 14 * DAY], by=therapist, at=NOON + 7 * DAY, **HALF_AN_HOUR)

    consultation.let_go(at=NOON + 10 * DAY)

    assert consultation.status == S.IN_REVIEW


def test_one_row_that_cannot_be_acted_on_does_not_silence_the_others(clinic, caplog):
    broken = make_consultation(answer_by=NOON - 2 * HOUR, link_sealed="not ours")
    make_consultation(answer_by=NOON - HOUR, said={"email": "other@patients.example"})

    tick(at=NOON)

    assert queued() == [("running_late", "other@patients.example")]
    [line] = map(Plain().format, caplog.records)
    assert f"the worker could not do something that was due reference={broken.reference} exception=" in line


def test_one_row_that_the_database_refuses_does_not_silence_the_others(clinic, caplog):
    refused = make_consultation(answer_by=NOON - 2 * HOUR)
    make_consultation(answer_by=NOON - HOUR, said={"email": "other@patients.example"})

    with refusing(lambda sql, params: sql.startswith("INSERT") and refused.reference in params):
        tick(at=NOON)

    assert queued() == [("running_late", "other@patients.example")]
    [line] = map(Plain().format, caplog.records)
    assert f"reference={refused.reference} exception=IntegrityError" in line
    assert SAID["email"] not in line


# What looks like spam


def test_spam_that_comes_back_is_no_suspect_and_its_sender_hears_of_it(clinic, therapist):
    consultation = make_arrived(suspicion="trapped")
    consultation.mark_spam(by=therapist, at=NOON)

    consultation.restore_from_spam(reason="A real person.", by=therapist, at=NOON)

    consultation.refresh_from_db()
    assert (consultation.suspicion, queued()) == ("", [("received", SAID["email"])])


@pytest.mark.parametrize("act", ["claim", "clear_suspicion"])
def test_a_suspect_cleared_too_late_gets_a_promise_that_can_be_kept(clinic, therapist, act):
    consultation = make_arrived(suspicion="trapped", answer_by=NOON - DAY)

    getattr(consultation, act)(by=therapist, at=NOON)

    consultation.refresh_from_db()
    assert consultation.answer_by > NOON
    assert spoken(consultation.answer_by, clinic.tzinfo) in words("received")


def test_a_suspect_mails_nobody_whatever_its_sender_does(clinic, client):
    consultation = make_consultation(at=timezone.now(), suspicion="trapped")

    client.post(own(consultation, "status_contact"), {"email": "victim@example.com"})
    client.post(own(consultation, "status_withdraw"))

    assert queued() == []


def test_a_suspect_is_not_declined_by_mail(clinic, signed_in, therapist):
    page = Page(signed_in(therapist).get(address(make_arrived(suspicion="trapped"))))

    assert offered(page) == {"clear", "claim", "note", "spam"}


def test_nobody_has_us_write_to_a_stranger_from_many_requests(clinic, client):
    for number in range(4):
        consultation = make_consultation(at=timezone.now(), said={"email": f"mine-{number}@patients.example"})
        client.post(own(consultation, "status_contact"), {"email": "victim@example.com"})
        client.post(own(consultation, "status_withdraw"))

    assert [to for event, to in queued()].count("victim@example.com") == 3


def test_suspects_push_nobody_real_aside_and_nobody_urgent_is_pushed(clinic, settings):
    settings.CONSULTATION_FLOOD_PER_HOUR = 3
    for _ in range(5):
        make_consultation(at=timezone.now(), suspicion="trapped", said={"email": "bot@example.com", "phone": ""})
    fill(first := Client()).post(CHECK)
    for number in range(3):
        make_consultation(at=timezone.now(), said={"email": f"{number}@patients.example", "phone": ""})

    fill(Client(), urgent={"urgent_signs": ["U7"]}).post(CHECK)
    fill(Client()).post(CHECK)

    sent = ConsultationRequest.objects.filter(statement__goal=SAID["goal"], statement__email=SAID["email"])
    assert list(sent.order_by("pk").values_list("urgency", "suspicion")) == [
        ("routine", ""),
        ("urgent", ""),
        ("routine", "flood"),
    ]
    assert first


# Emergencies come first


def test_no_limit_stands_before_the_stop_page(clinic, client, settings, monkeypatch):
    settings.CONSULTATION_SENDS_PER_HOUR = 1
    monkeypatch.setattr(steps, "PAGES_PER_SEND", 2)
    fill(client, until="safety")

    answer = client.post(step_address("safety"), {"emergency_signs": ["E2"]})

    assert Page(answer).texts("h1") == ["Call 911 now, or go to the nearest emergency room."]


def test_an_expired_token_does_not_stand_before_the_stop_page(clinic, client):
    fill(client, until="safety")
    typed = Page(client.get(step_address("safety"))).fields | {"emergency_signs": ["E2"]}

    answer = Client(enforce_csrf_checks=True).post(step_address("safety"), typed)

    assert Page(answer).texts("h1") == ["Call 911 now, or go to the nearest emergency room."]
    assert StoppedVisit.objects.get().count == 1


@pytest.mark.parametrize("path", [step_address("who"), CHECK, "/consultation/stopped/", "/consultation/link/"])
def test_a_page_shown_again_is_kept_by_no_browser(clinic, client, path):
    fill(client)
    typed = {"carried": Page(client.get(CHECK)).fields["carried"]} | TYPED["who"]

    answer = Client(enforce_csrf_checks=True).post(path, typed)

    assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (403, True)


# The patient's page


def test_a_visit_that_has_begun_is_not_given_up_from_the_page(clinic, client, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)
    before = everything()

    page = Page(client.get(own(consultation)))
    answer = client.post(own(consultation, "status_cannot_come"), {"any_time": "on"})

    assert own(consultation, "status_cannot_come") not in [a.attrs.get("href") for a in page.all("a")]
    assert answer.status_code == 409
    assert everything() == before


def test_wishes_said_after_the_offer_has_run_out_are_kept(clinic, client, signed_in, therapist):
    consultation = make_proposed(signed_in, therapist)
    asked = Page(client.get(own(consultation, "status_none")))
    consultation.let_offer_expire(at=timezone.now())
    OutgoingMail.objects.all().delete()

    client.post(own(consultation, "status_none"), asked.fields | {"windows": ["tue-am"]})

    consultation.refresh_from_db()
    assert (consultation.status, consultation.statement.windows) == (S.IN_REVIEW, ["tue-am"])
    assert events() == ["staff_update"]


def test_an_answer_typed_while_times_were_offered_is_shown_and_not_mixed_with_them(clinic, client, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist, at=timezone.now())
    now = timezone.now()
    consultation.answer(text="By phone.", by=therapist, at=now)
    start = (now + DAY).replace(minute=0, second=0, microsecond=0)
    consultation.propose([start], by=therapist, at=now, **HALF_AN_HOUR)

    answer = client.post(own(consultation, "status_answer"), {"answer": "The left."})

    page = Page(answer)
    assert (answer.status_code, page.fields["answer"]) == (409, ["The left."])
    assert len(page.all("input", name="time")) == 1
    assert page.texts("button") == ["Book this time"]


# The therapist's page


def test_a_page_that_lay_open_for_some_minutes_still_proposes(clinic, signed_in, therapist, monkeypatch):
    consultation = make_new()
    times = free(Page(signed_in(therapist).get(address(consultation))))[:1]
    start = timezone.datetime.fromisoformat(times[0])
    monkeypatch.setattr("appointments.admin.request.timezone.now", lambda: start - timedelta(minutes=100))

    # Signed in at that hour: how long a visit lasts is another matter.
    signed_in(therapist).post(address(consultation, "propose"), {"times": times, "mode": "clinic"})

    assert OfferedTime.objects.get().starts_at == start


def test_hours_that_overlap_offer_each_time_once(clinic, signed_in, therapist):
    for weekday in range(7):
        WorkingHours.objects.create(therapist=therapist, weekday=weekday, starts=time(9), ends=time(12))
        WorkingHours.objects.create(therapist=therapist, weekday=weekday, starts=time(10, 15), ends=time(13))

    times = free(Page(signed_in(therapist).get(address(make_new()))))

    assert len(times) == len(set(times)) > 0
    assert propose(signed_in(therapist), make_new(), count=3).status_code == 302


def test_a_time_between_two_seconds_is_no_quarter_hour(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    with pytest.raises(ValueError, match="whole quarter hours"):
        consultation.book(START + timedelta(microseconds=5), by=therapist, at=NOON, **HALF_AN_HOUR)


def test_a_colleague_who_took_the_call_logs_the_answer(clinic, signed_in, therapist, colleague):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)

    signed_in(colleague).post(address(consultation, "answer"), {"text": "The left."})

    assert Question.objects.get().answer == "The left."


def test_whoever_loses_the_claim_is_not_offered_it_again(clinic, signed_in, therapist, colleague):
    consultation = make_new()
    consultation.claim(by=colleague, at=timezone.now())

    answer = signed_in(therapist).post(address(consultation, "claim"))

    assert (answer.status_code, "claim" in offered(Page(answer))) == (409, False)


def test_the_second_look_is_for_the_day_of_the_decision(clinic, signed_in, therapist, colleague):
    consultation = make_new(urgency="urgent")
    consultation.ask(question="Which side?", by=therapist, at=timezone.now() - 2 * DAY)

    assert "look" not in offered(Page(signed_in(colleague).get(address(consultation))))
