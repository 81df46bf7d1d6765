"""Nobody acts on what they have not read, and what somebody typed or wished finds its place although things moved meanwhile."""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import ConsultationRequest, PatientStatement, TransitionNotAllowed
from clinic.mail import render
from clinic.models import OutgoingMail
from tests.factories import DAY, HOUR, NOON, SAID

from .desk import address, notices
from .pages import CHECK, TYPED, Page
from .pages import address as step_address
from .stages import HALF_AN_HOUR, WHY, S, bring_to, everything, make_arrived, queued
from .test_own_page import own, reached

pytestmark = pytest.mark.django_db

THIS_HOUR = timezone.now().replace(minute=0, second=0, microsecond=0)
SOON = THIS_HOUR + 2 * DAY
NEW = "new@patients.example"


def booked_ahead(therapist, *, start=None):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    consultation.book(start or SOON, **HALF_AN_HOUR, by=therapist, at=timezone.now() - 2 * DAY)
    OutgoingMail.objects.all().delete()
    return consultation


# At the desk


def test_an_act_on_a_page_that_shows_another_booking_is_refused_and_its_words_are_kept(clinic, signed_in, therapist):
    consultation, client = booked_ahead(therapist), signed_in(therapist)
    stale = {"version": str(consultation.version), "reason": "Ill on that day."}
    consultation.reschedule(reason="They asked.", by=therapist, at=timezone.now())
    consultation.book(SOON + DAY, **HALF_AN_HOUR, by=therapist, at=timezone.now())
    before = everything()

    answer = client.post(address(consultation, "reschedule"), stale)

    page = Page(answer)
    assert (answer.status_code, everything()) == (409, before)
    assert "Nothing was changed." in notices(page)[0]
    assert "Ill on that day." in answer.content.decode()

    shown = [tag.attrs["value"] for tag in page.all("input", type="hidden", name="version")]
    again = client.post(address(consultation, "reschedule"), stale | {"version": shown[0]})

    consultation.refresh_from_db()
    assert (again.status_code, consultation.status) == (302, S.IN_REVIEW)


@pytest.mark.parametrize(
    "says_more",
    [
        lambda one: one.change_wishes(windows=["fri-pm"], any_time=False, at=timezone.now()),
        lambda one: one.correct_contact(phone="+14075552368", at=timezone.now()),
    ],
    ids=["other wishes", "another number"],
)
def test_what_the_patient_says_meanwhile_is_read_before_anybody_acts(clinic, signed_in, therapist, says_more):
    consultation, client = bring_to(S.IN_REVIEW, by=therapist), signed_in(therapist)
    stale = {"version": str(consultation.version), "question": "Which knee is it?"}
    says_more(ConsultationRequest.objects.get(pk=consultation.pk))
    before = everything()

    answer = client.post(address(consultation, "ask"), stale)

    assert (answer.status_code, everything()) == (409, before)
    assert "Your page was older than what the patient or a colleague has done" in notices(Page(answer))[0]
    assert "Which knee is it?" in answer.content.decode()


def test_a_note_is_kept_once_however_often_its_button_is_pressed(clinic, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    client = signed_in(therapist)

    for text in ("Call after five.", "Call after five.", "Or before nine."):
        client.post(address(consultation, "note"), {"text": text})

    assert list(consultation.notes.order_by("pk").values_list("text", flat=True)) == [
        "Call after five.",
        "Or before nine.",
    ]


def test_a_note_is_kept_whatever_happened_meanwhile(clinic, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    signed_in(therapist).post(address(consultation, "note"), {"version": "0", "text": "Call after five."})

    assert consultation.notes.get().text == "Call after five."


@pytest.mark.parametrize(("suspicion", "hears"), [("trapped", True), ("", False)])
def test_whoever_claims_reads_first_whether_the_patient_hears_of_it(clinic, signed_in, therapist, suspicion, hears):
    consultation = make_arrived(suspicion=suspicion)

    page = signed_in(therapist).get(address(consultation)).content.decode()
    claim = page.partition('/claim/"')[2].partition("</form>")[0]

    assert ("The patient gets the mail" in claim, "The patient hears nothing yet." in claim) == (hears, not hears)


def test_whoever_can_only_be_called_is_named_when_they_are_let_in_together(clinic, signed_in, therapist):
    silent = make_arrived(suspicion="trapped", said={"email": "", "prefer": "phone"})
    told = make_arrived(suspicion="trapped")
    chosen = {"show": "suspect", "act": "clear", "reference": [silent.reference, told.reference]}

    answer = signed_in(therapist).post("/admin/queue/act/", chosen, follow=True)

    assert notices(Page(answer)) == [
        "2 requests are among the new ones now.",
        f"Their senders gave no e-mail address and have not heard that we have them. Please call: {silent.reference}.",
    ]


def test_time_off_over_an_offer_names_it(clinic, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    consultation.propose([SOON], **HALF_AN_HOUR, by=therapist, at=timezone.now())
    local = timezone.localtime(SOON, clinic.tzinfo)
    times = {"starts_at": f"{local - HOUR:%Y-%m-%dT%H:%M}", "ends_at": f"{local + HOUR:%Y-%m-%dT%H:%M}"}

    answer = signed_in(therapist).post("/admin/appointments/timeoff/add/", times, follow=True)

    words = f"Still offered in that time: {consultation.reference}. "
    assert [text for text in notices(Page(answer)) if text.startswith(words)] != []


def test_a_therapist_cannot_enter_hours_that_overlap(clinic, signed_in, therapist):
    client = signed_in(therapist)
    hours = {"weekday": "0", "starts": "08:00", "ends": "12:00"}
    client.post("/admin/appointments/workinghours/add/", hours)

    client.post("/admin/appointments/workinghours/add/", hours | {"starts": "10:00", "ends": "14:00"})

    assert therapist.working_hours.count() == 1


# On the patient's page


def test_what_suits_from_now_on_is_a_line_of_what_happened(clinic, client, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    client.post(own(consultation, "status_none"), {"windows": ["fri-pm"]})

    page = signed_in(therapist).get(address(consultation)).content.decode()
    assert page.count("Says what times suit from now on") == 1


def test_a_new_address_gets_a_new_link_and_the_one_at_the_old_address_opens_nothing(clinic, client, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    old = own(consultation, "status")

    answer = client.post(own(consultation), {"email": NEW}, follow=True)

    consultation.refresh_from_db()
    new = own(consultation, "status")
    assert answer.redirect_chain == [(new, 302)]
    assert (new != old, client.get(old).status_code, client.get(new).status_code) == (True, 404, 200)
    assert new in render(OutgoingMail.objects.get(event="new_address", to=NEW)).body
    assert new not in render(OutgoingMail.objects.get(event="contact_changed")).body


def test_whoever_had_noted_the_link_down_keeps_it_and_gets_it_by_mail(clinic, client, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    PatientStatement.objects.update(email="")
    noted = own(consultation, "status")

    client.post(own(consultation), {"email": NEW})

    assert client.get(noted).status_code == 200
    assert noted in render(OutgoingMail.objects.get(event="new_address", to=NEW)).body


@pytest.mark.parametrize("typed", [{"phone": "(407) 555-2368"}, {"email": SAID["email"].upper()}])
def test_whoever_corrects_something_else_keeps_the_link(clinic, client, therapist, typed):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    client.post(own(consultation), typed)

    assert client.get(own(consultation, "status")).status_code == 200
    assert not OutgoingMail.objects.filter(event="new_address").exists()


def test_wishes_of_whoever_cannot_come_are_kept_although_the_time_was_given_up_meanwhile(clinic, client, therapist):
    consultation = booked_ahead(therapist)
    consultation.reschedule(reason="Ill.", by=therapist, at=timezone.now())
    OutgoingMail.objects.all().delete()

    for _twice in range(2):
        answer = client.post(own(consultation, "status_cannot_come"), {"windows": ["fri-eve"]})

    consultation.statement.refresh_from_db()
    assert answer.status_code == 302
    assert consultation.statement.windows == ["fri-eve"]
    assert queued() == [("staff_update", therapist.email)]


def test_wishes_are_changed_from_what_they_are(clinic, client, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    page = Page(client.get(own(consultation, "status_none")))

    assert page.fields["windows"] == SAID["windows"]


def test_the_way_to_a_visit_is_told_until_it_is_over(clinic, client, therapist):
    consultation = booked_ahead(therapist, start=THIS_HOUR - HOUR)

    said = []
    for minutes in (180, 60):
        consultation.times.update(minutes=minutes)
        said.append(Page(client.get(own(consultation, "status"))).texts("p"))

    assert [any(words.startswith("Your time with us was") for words in page) for page in said] == [False, True]
    assert [any(words.startswith("At the clinic") for words in page) for page in said] == [True, False]


@pytest.mark.parametrize(("act", "why"), [("reschedule", {"reason": "They did not come."}), ("decline", WHY)])
def test_a_visit_that_has_begun_is_not_called_off(clinic, signed_in, therapist, act, why):
    consultation = booked_ahead(therapist, start=THIS_HOUR - HOUR)
    before = everything()

    page = Page(signed_in(therapist).get(address(consultation)))
    with pytest.raises(TransitionNotAllowed, match="has begun"):
        getattr(consultation, act)(**why, by=therapist, at=timezone.now())

    assert address(consultation, act) not in [form.attrs.get("action") for form in page.all("form")]
    assert everything() == before


def test_what_comes_after_a_visit_cancels_nothing(clinic, therapist):
    consultation, now = booked_ahead(therapist, start=THIS_HOUR - HOUR), timezone.now()

    consultation.erase(at=now)

    assert (consultation.times.count(), list(consultation.times.given_up(at=now))) == (1, [])


def test_a_visit_that_has_begun_is_not_withdrawn(clinic, client, therapist):
    consultation = booked_ahead(therapist, start=THIS_HOUR - HOUR)
    before = everything()

    links = [tag.attrs.get("href") for tag in Page(client.get(own(consultation, "status"))).all("a")]
    answer = client.post(own(consultation, "status_withdraw"))
    with pytest.raises(TransitionNotAllowed):
        consultation.withdraw(at=timezone.now())

    assert own(consultation, "status_withdraw") not in links
    assert (answer.status_code, Page(answer).texts("h1"), everything()) == (409, ["Your visit has begun"], before)


def test_a_lost_link_asked_for_while_the_database_is_away_keeps_the_address(clinic, client):
    def away(execute, sql, params, many, context):
        raise OperationalError("the database is away")

    with connection.execute_wrapper(away):
        answer = client.post("/consultation/link/", {"email": SAID["email"]})

    assert (answer.status_code, Page(answer).fields["email"]) == (503, [SAID["email"]])


# The clock, and two at once


def test_nobody_is_asked_again_who_has_gone_meanwhile(clinic, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)
    as_read = ConsultationRequest.objects.get(pk=consultation.pk)
    consultation.withdraw(at=NOON)
    OutgoingMail.objects.all().delete()

    with pytest.raises(TransitionNotAllowed):
        as_read.remind_of_question(at=NOON)

    assert queued() == []


@pytest.mark.parametrize("append", ["note", "contact", "wishes"])
def test_words_are_appended_in_the_order_in_which_they_are_erased(clinic, therapist, append):
    consultation = booked_ahead(therapist) if append == "wishes" else bring_to(S.IN_REVIEW, by=therapist)

    with CaptureQueriesContext(connection) as asked:
        if append == "note":
            consultation.add_note(text="Call after five.", by=therapist, at=NOON)
        elif append == "wishes":
            consultation.reschedule(any_time=True, at=timezone.now())
        else:
            consultation.correct_contact(phone="+14075552368", at=NOON)

    tables = [table for each in asked for table in ("consultationrequest", "patientstatement")
              if each["sql"].startswith((f'SELECT "appointments_{table}"', f'UPDATE "appointments_{table}"'))]  # fmt: skip
    assert tables[:2] == ["consultationrequest", "patientstatement"]
    assert reached(consultation)


# The way through the form


def test_the_advice_brings_every_answer_back_when_the_session_is_gone(clinic, client):
    for step in ("who", "where", "safety"):
        client.post(step_address(step), TYPED[step])
    client.post(step_address("urgent"), {"urgent_signs": ["U1"]})
    carried = Page(client.get("/consultation/advice/")).fields["carried"]
    later = Client()

    answer = later.post("/consultation/advice/", {"carried": carried})

    assert answer.url == step_address("problem")
    for step in ("problem", "times", "contact"):
        later.post(step_address(step), TYPED[step])
    assert later.get(CHECK).status_code == 200
