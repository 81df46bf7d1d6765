import logging
import re
from datetime import time
from html import unescape

import pytest
from django.conf import settings
from django.utils.html import strip_tags

from appointments import emails
from appointments.models import ConsultationRequest, Question, WorkingHours
from appointments.models.statement import PatientStatement
from clinic import mail
from clinic.models import OutgoingMail
from clinic.wording import spoken
from tests.factories import DAY, HOUR, NOON, SAID, make_consultation, make_person

from .pages import CHECK, TYPED, Page, address, fill
from .stages import ACTS, S, bring_to, make_arrived, queued

pytestmark = pytest.mark.django_db

# What the patient typed or chose that a mail could repeat; a choice stands for itself in words.
WORDS = [str(SAID[name]) for name in ("goal", "note", "full_name", "access_needs", "phone", "duration", "onset")]
WORDS += [
    SAID["goal"].split()[2],
    *SAID["full_name"].split(),
    "698-5559",
    "Knee",
    "weeks",
    "Little by little",
    "morning",
]
TO_PATIENT = [
    "received",
    "one_thing",
    "choose_a_time",
    "still_want_to_talk",
    "booked",
    "time_changed",
    "missed",
    "about_your_request",
    "taken_up_again",
    "withdrawn",
    "closed_for_now",
    "running_late",
    "your_link",
    "reminder",
    "new_address",
    "contact_changed",
]
TO_STAFF = ["staff_new", "staff_nudge", "staff_update", "staff_corrected", "staff_handed_over"]
# Sent on no move of a request but for a reason of their own.
APART = [
    "running_late",
    "reminder",
    "your_link",
    "new_address",
    "contact_changed",
    "staff_handed_over",
    "staff_nudge",
    "staff_corrected",
]
# A way on which nearly every mail is sent.
WAY = ["claim", "ask", "answer", "propose", "let_offer_expire", "propose", "choose", "reschedule", "ask", "lapse"]
WAY += ["take_up_again", "book", "decline", "reconsider"]


def send(event, consultation, person):
    options = {"staff_handed_over": {"people": [person], "by": person}, "contact_changed": {"to": SAID["email"]}}
    getattr(emails, event)(consultation, at=NOON, **options.get(event, {}))
    return mail.render(OutgoingMail.objects.get(event=event))


def html_of(message):
    [html] = [content for content, kind in message.alternatives if kind == "text/html"]
    return html


def entry_of(message):
    """The calendar entry that goes with a mail, its long lines put together again."""
    return "".join(text for text, kind in message.alternatives if kind != "text/html").replace("\r\n ", "")


def everything_in(message):
    headers = [*message.recipients(), *map(str, message.message().values())]
    return "\n".join([message.subject, message.body, unescape(html_of(message)), entry_of(message), *headers])


def test_the_list_of_mails_is_complete():
    sent = [
        name
        for name, value in vars(emails).items()
        if callable(value) and getattr(value, "__module__", "") == emails.__name__
    ]

    assert sorted(name for name in sent if not name.startswith("_")) == sorted(TO_PATIENT + TO_STAFF)


@pytest.mark.parametrize("event", TO_PATIENT + TO_STAFF)
def test_no_mail_holds_a_word_that_the_patient_said(clinic, therapist, event):
    consultation = bring_to(S.BOOKED, by=therapist, decline_reason="too_far", next_step="call_us")
    Question.objects.create(
        consultation=consultation, text="Is it the left?", answer="Yes, left.", asked_by=therapist, asked_at=NOON
    )

    message = send(event, consultation, therapist)

    held = [word for word in [*WORDS, "Is it the left?", "Yes, left."] if word in everything_in(message)]
    assert held == []
    assert (SAID["email"] in everything_in(message)) == (event in TO_PATIENT)
    assert SAID["email"] not in message.subject + message.body + html_of(message)


@pytest.mark.parametrize("event", TO_PATIENT)
def test_a_mail_to_the_patient_has_the_reference_or_the_link_and_a_way_to_call(clinic, therapist, event):
    consultation = bring_to(S.BOOKED, by=therapist, decline_reason="too_far", next_step="call_us")

    message = send(event, consultation, therapist)

    assert message.to == [SAID["email"]]
    assert consultation.reference in message.body
    assert "(407) 698-5558" in message.body
    links = [word for word in message.body.split() if "://" in word]
    own = f"{settings.BASE_URL}/r/{consultation.link_token}/"
    expected = {
        "about_your_request": [],
        "contact_changed": [],
        "withdrawn": [f"{settings.BASE_URL}/consultation/"],
    }
    assert links == expected.get(event, [own])


@pytest.mark.parametrize("event", TO_PATIENT + TO_STAFF)
def test_the_html_part_has_the_words_the_links_and_the_times_of_the_text(clinic, therapist, event):
    consultation = bring_to(S.PROPOSED, by=therapist, decline_reason="too_far", next_step="call_us")

    message = send(event, consultation, therapist)

    shown = unescape(strip_tags(html_of(message).split("</h1>")[1]))
    words = [line.removeprefix("- ").removesuffix(":") for line in message.body.splitlines()]
    assert [line for line in words if line not in shown] == []
    assert re.findall(r'href="(http[^"]*)"', html_of(message)) == re.findall(r"https?://\S+", message.body)


@pytest.mark.parametrize("event", TO_PATIENT + TO_STAFF)
def test_a_mail_fetches_runs_and_asks_for_nothing(clinic, therapist, event):
    consultation = bring_to(S.BOOKED, by=therapist, decline_reason="too_far", next_step="call_us")

    html = html_of(send(event, consultation, therapist))

    tags = {"html", "head", "meta", "title", "style", "body", "div", "h1", "p", "br", "ul", "li", "a", "small"}
    assert set(re.findall(r"<(\w+)", html)) <= tags
    assert re.findall(r"url\(|@import|src=|srcset|http-equiv|\son\w+=|style=", html) == []


@pytest.mark.parametrize("event", TO_STAFF)
def test_a_mail_to_staff_has_the_reference_and_the_way_to_the_request(clinic, therapist, event):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    message = send(event, consultation, therapist)

    assert message.to == [therapist.email]
    assert consultation.reference in message.subject
    links = [word for word in message.body.split() if "://" in word]
    assert links == [f"{settings.BASE_URL}/admin/queue/{consultation.reference}/"]


@pytest.mark.parametrize("event", ["staff_new", "staff_nudge"])
def test_whoever_is_to_answer_reads_by_when(clinic, therapist, event):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    body = send(event, consultation, therapist).body

    assert f"- {spoken(consultation.answer_by, clinic.tzinfo)}" in body.splitlines()


@pytest.mark.parametrize(("status", "email", "is_told"), [("needs_info", "", True), ("needs_info", SAID["email"], False),
                                                          ("in_review", "", False)])  # fmt: skip
def test_whoever_asked_a_patient_without_mail_is_told_to_call(clinic, therapist, status, email, is_told):
    consultation = bring_to(status, by=therapist, said={"email": email})

    body = send("staff_update", consultation, therapist).body

    assert ("Please call and ask" in body) == is_told


@pytest.mark.parametrize("event", TO_PATIENT + TO_STAFF)
def test_a_name_full_of_headers_changes_no_mail(clinic, therapist, event):
    advert = "Buy now!\r\nBcc: victim@example.com"
    consultation = bring_to(S.BOOKED, by=therapist, said={"full_name": advert, "goal": advert, "note": advert})

    message = send(event, consultation, therapist)

    assert "Buy now" not in everything_in(message)
    assert "victim" not in everything_in(message)
    assert len(message.recipients()) == 1


def test_the_times_are_said_with_weekday_and_zone_in_order(clinic, therapist):
    consultation = bring_to(S.PROPOSED, by=therapist)

    body = send("choose_a_time", consultation, therapist).body

    assert [line for line in body.splitlines() if line.startswith("- ")] == [
        "- Tuesday, March 3, 12:00 PM EST",
        "- Tuesday, March 3, 1:00 PM EST",
    ]


def test_a_booking_says_when_and_how(clinic, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)

    lines = send("booked", consultation, therapist).body.splitlines()

    assert [line for line in lines if line.startswith("- ")] == [
        "- Tuesday, March 3, 12:00 PM EST",
        "- At the clinic",
        "- 30 minutes",
        f"- Reference: {consultation.reference}",
    ]


def test_the_first_mail_says_by_when_we_answer_and_where_to_turn_before(clinic):
    consultation = make_consultation(answer_by=NOON + DAY)

    body = send("received", consultation, None).body

    assert "one of us reads it and answers you by:\n- Tuesday, March 3, 12:00 PM EST\n" in body
    assert f"If it gets worse, do not wait for us. {clinic.emergency_words}" in body


@pytest.mark.parametrize("event", TO_PATIENT)
def test_nobody_who_may_have_been_told_to_see_a_doctor_reads_that_nothing_is_to_be_done(clinic, therapist, event):
    consultation = bring_to(S.BOOKED, by=therapist, urgency="urgent")

    body = send(event, consultation, therapist).body

    # Somebody else's doing is another matter: "If you did not ask for this, you need do nothing."
    assert [words for words in re.split(r"[.\n]\s*", body) if "need do nothing" in words and "If " not in words] == []


def test_a_late_answer_is_admitted_with_the_number_before_anything_else(clinic):
    consultation = make_consultation(answer_by=NOON - HOUR)

    body = send("running_late", consultation, None).body

    assert body.split("\n\n")[:2] == [
        "We promised you an answer by Monday, March 2, 11:00 AM EST and have not kept that promise. We are sorry.",
        "If you would rather not wait, call us: (407) 698-5558",
    ]
    assert f"If it gets worse, do not wait for us. {clinic.emergency_words}" in body


def test_a_changed_address_is_told_to_the_old_one_without_the_link(clinic):
    consultation = make_consultation(said={"email": "new@patients.example"})

    emails.contact_changed(consultation, to="old@patients.example", at=NOON)

    [message] = [mail.render(each) for each in OutgoingMail.objects.all()]
    assert message.to == ["old@patients.example"]
    assert [word for word in ("new@patients.example", consultation.link_token) if word in everything_in(message)] == []


def test_where_there_was_no_address_nobody_is_told_of_the_change(clinic):
    consultation = make_consultation()

    emails.contact_changed(consultation, to="", at=NOON)

    assert queued() == []


def test_a_refusal_gives_its_reason_and_the_next_step(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.decline(reason="too_far", next_step="other_clinic", by=therapist, at=NOON)

    lines = mail.render(OutgoingMail.objects.get()).body.splitlines()
    assert lines[2:5] == [
        "We are too far away.",
        "",
        "Please ask another clinic nearby; your doctor or insurer can name one.",
    ]


def test_a_new_request_is_told_to_every_therapist_and_to_nobody_else(
    clinic, therapist, colleague, owner, editor, reviewer
):
    make_person("Therapist", is_active=False)
    consultation = make_arrived()

    emails.staff_new(consultation, at=NOON)

    assert queued() == sorted([("staff_new", therapist.email), ("staff_new", colleague.email)])


def test_where_one_person_is_owner_and_therapist_they_hear_of_a_new_request(clinic, owner):
    owner.groups.add(make_person("Therapist", is_active=False).groups.get())

    emails.staff_new(make_arrived(), at=NOON)

    assert queued() == [("staff_new", owner.email)]


def test_an_owner_who_is_a_therapist_or_keeps_hours_hears_of_a_new_request_as_the_others_do(clinic, therapist, owner):
    keeps_hours = make_person("Owner")
    owner.groups.add(therapist.groups.get())

    emails.staff_new(make_arrived(), at=NOON)
    before = queued()
    WorkingHours.objects.create(therapist=keeps_hours, weekday=0, starts=time(8), ends=time(9))
    emails.staff_new(make_arrived(), at=NOON)

    assert before == sorted([("staff_new", owner.email), ("staff_new", therapist.email)])
    assert sorted(set(queued()) - set(before)) == [("staff_new", keeps_hours.email)]


def test_the_object_given_to_the_mails_has_no_field_of_the_patients(clinic):
    known = set(make_consultation().for_mail())

    assert known == {
        "reference",
        "answer_by",
        "status_path",
        "times",
        "mode",
        "minutes",
        "held_until",
        "reason",
        "next_step",
    }
    assert known & {field.name for field in PatientStatement._meta.fields} == set()


def test_no_mail_along_the_whole_way_holds_a_word_of_the_patients(clinic, client, therapist):
    fill(client)
    client.post(CHECK)
    consultation = ConsultationRequest.objects.get()
    ConsultationRequest.objects.update(submitted_at=NOON - DAY)
    for name in WAY:
        ACTS[name](consultation, therapist)

    texts = [everything_in(mail.render(each)) for each in OutgoingMail.objects.all()]

    assert {each.event for each in OutgoingMail.objects.all()} == {*TO_PATIENT, *TO_STAFF} - {
        "missed",
        "withdrawn",
        *APART,
    }
    assert [word for text in texts for word in WORDS if word in text] == []


def test_no_address_title_or_log_holds_a_word_of_the_patients(clinic, client, caplog):
    caplog.set_level(logging.DEBUG)
    visited = []
    for step in TYPED:
        for typed in ({"goal": ""}, {}):
            answer = client.post(address(step), TYPED[step] | typed, follow=True)
            visited += [answer.request["PATH_INFO"] + answer.request["QUERY_STRING"], Page(answer).title]
            visited += [url for url, status in answer.redirect_chain]
    sent = client.post(CHECK, follow=True)
    own = f"/r/{ConsultationRequest.objects.get().link_token}/"
    shown = [sent, client.get(own), client.get(f"{own}withdraw/")]

    visited += [url for url, status in sent.redirect_chain] + [Page(page).title for page in shown]
    said = [*WORDS, SAID["email"]]
    assert [word for word in said for text in visited if word in text] == []
    logged = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    assert [word for word in said for text in logged if word in text] == []


def test_an_error_in_a_page_logs_no_word_of_the_patients(clinic, caplog, monkeypatch, client):
    fill(client)
    client.raise_request_exception = False
    monkeypatch.setattr(ConsultationRequest, "_record", None)

    answer = client.post(CHECK)

    assert (answer.status_code, ConsultationRequest.objects.count()) == (500, 0)
    assert [record.name for record in caplog.records] == ["django.request"]
    assert [word for word in [*WORDS, SAID["email"]] if word in caplog.text] == []
