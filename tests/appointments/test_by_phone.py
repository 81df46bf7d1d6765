"""What a patient says on the phone is done at the desk as if they had done it on their own page."""

import pytest
from django.utils import timezone

from appointments.models import Actor, ConsultationRequest, PatientStatement, TransitionNotAllowed
from clinic.wording import dialed
from tests.factories import SAID

from .agreeing import events, own
from .desk import address, audited, notices, offered
from .pages import Page
from .stages import DAY, HALF_AN_HOUR, S, bring_to, everything, make_arrived, queued

pytestmark = pytest.mark.django_db


def make_booked(therapist, **fields):
    """With a visit that lies ahead."""
    now = timezone.now()
    consultation = make_arrived(at=now, **fields)
    start = (now + 2 * DAY).replace(minute=0, second=0, microsecond=0)
    consultation.book(start, by=therapist, at=now, **HALF_AN_HOUR)
    return consultation


# Withdrawing


@pytest.mark.parametrize("email", [SAID["email"], ""])
def test_whoever_takes_the_call_withdraws_a_booked_request(clinic, client, signed_in, therapist, colleague, email):
    consultation = make_booked(therapist, said={"email": email})
    browser = signed_in(colleague)
    is_offered = "withdraw" in offered(Page(browser.get(address(consultation))))

    answer = browser.post(address(consultation, "withdraw"), follow=True)

    consultation.refresh_from_db()
    last = consultation.history.last()
    assert is_offered
    assert (consultation.status, last.actor, last.by) == (S.WITHDRAWN, Actor.STAFF, colleague)
    assert list(consultation.times.standing()) == []
    assert notices(Page(answer))[0].startswith("Withdrawn. The patient g")
    assert ("staff_update", therapist.email) in queued()
    assert ("withdrawn" in events()) == bool(email)
    lead = Page(client.get(own(consultation))).texts("p", class_="lead")[0]
    assert lead.startswith("You have withdrawn this request.")


def test_each_of_two_that_are_withdrawn_in_one_call_is_told(clinic, signed_in, therapist):
    both = [bring_to(S.IN_REVIEW, by=therapist) for _ in range(2)]

    for each in both:
        signed_in(therapist).post(address(each, "withdraw"))

    assert queued() == [("withdrawn", SAID["email"])] * 2


def test_a_visit_that_has_begun_is_not_withdrawn_at_the_desk(clinic, signed_in, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)

    answer = signed_in(therapist).post(address(consultation, "withdraw"))

    consultation.refresh_from_db()
    assert (answer.status_code, consultation.status) == (409, S.BOOKED)


# Another number or address


NEW = {"phone": "(407) 555-2368", "email": "zoe.nunez@patients.example"}


def test_whoever_takes_the_call_corrects_how_the_patient_is_reached(clinic, signed_in, therapist, colleague):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    old_link = consultation.link_token

    answer = signed_in(colleague).post(address(consultation, "contact"), NEW, follow=True)

    consultation.refresh_from_db()
    statement, before = consultation.statement, consultation.corrections.get()
    assert (dialed(statement.phone), statement.email) == (NEW["phone"], NEW["email"])
    assert (before.old_phone.as_e164, before.old_email) == (SAID["phone"], SAID["email"])
    assert consultation.link_token != old_link
    assert notices(Page(answer)) == ["It is used from now on. What was there before stands beside it."]
    assert queued() == [
        ("contact_changed", SAID["email"]),
        ("new_address", NEW["email"]),
        ("staff_corrected", therapist.email),
    ]
    assert ("changed", colleague.pk, consultation.reference, {"act": "contact"}) in audited()


def test_nobody_is_mailed_what_they_corrected_themselves(clinic, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    signed_in(therapist).post(address(consultation, "contact"), {"phone": NEW["phone"]})

    assert queued() == [("contact_changed", SAID["email"])]


def test_a_correction_that_says_nothing_is_told_so(clinic, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    before = everything()

    page = Page(signed_in(therapist).post(address(consultation, "contact"), {}))

    wanted = "Write the new phone number or the new e-mail address."
    assert [tag.text for tag in page.within("li", "errorlist")] == [wanted]
    assert [page.all("input", name=name)[0].attrs["autocomplete"] for name in NEW] == ["off", "off"]
    assert everything() == before


# A call that nobody answers


def test_a_note_claims_no_new_request_and_the_page_says_so(clinic, signed_in, therapist):
    consultation, browser = make_arrived(), signed_in(therapist)
    page = Page(browser.get(address(consultation)))

    browser.post(address(consultation, "note"), {"text": "Nobody answered."})

    consultation.refresh_from_db()
    words = "Offering times, asking and booking claim it as well. A note does not: claim it before you call."
    assert words in page.texts("p", class_="help")
    assert (consultation.status, consultation.assigned_to) == (S.NEW, None)


def test_an_address_that_is_corrected_back_hears_of_its_link_each_time(clinic, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    browser = signed_in(therapist)

    for email in ("b@patients.example", "c@patients.example", "b@patients.example"):
        browser.post(address(consultation, "contact"), {"email": email})

    told = [to for event, to in queued() if event == "new_address"]
    assert sorted(told) == ["b@patients.example", "b@patients.example", "c@patients.example"]


def test_what_a_patient_corrected_meanwhile_is_not_written_over(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    as_read = ConsultationRequest.objects.get(pk=consultation.pk)
    consultation.correct_contact(email="theirs@patients.example", at=timezone.now())

    with pytest.raises(TransitionNotAllowed):
        as_read.correct_contact(by=therapist, email="heard@patients.example", at=timezone.now())

    assert PatientStatement.objects.get(consultation=consultation).email == "theirs@patients.example"
