"""The mails that bring a calendar entry, and those that take it away."""

from email import message_from_bytes
from email.policy import default as modern

import pytest
from icalendar import Calendar

from appointments import emails
from appointments.models import ConsultationRequest, OfferedTime
from appointments.models.statement import Mode
from clinic import mail
from clinic.models import ClinicSettings, OutgoingMail
from tests.factories import DAY, HOUR, NOON, SAID, make_clinic

from .stages import ACTS, ALLOWED, EARLIER, HALF_AN_HOUR, START, WHY, S, bring_to

pytestmark = pytest.mark.django_db

# The acts that give up a time that was booked, as far as the patient hears of it.
GIVING_UP = ["reschedule", "reschedule_by_phone", "withdraw", "withdraw_by_phone", "decline"]
BOOKING = ["book", "choose", "choose_by_phone"]
CANARIES = ["cello", "rehearsals", "Zoë", "Núñez", "698-5559", "Knee", "ramp", "One to six weeks"]


def sent():
    """The mails that are to leave, as a server gets them."""
    return [
        message_from_bytes(mail.render(queued).message().as_bytes(linesep="\r\n"), policy=modern)
        for queued in OutgoingMail.objects.order_by("pk")
    ]


def entries(message):
    """The events that a mail's calendar parts hold, each parsed: of the part beside the text, and of the file."""
    parts = [part for part in message.walk() if part.get_content_type() in {"text/calendar", "application/ics"}]
    return [Calendar.from_ical(part.get_content()) for part in parts]


def told():
    """What each mail tells a calendar: its recipient, the method and the event."""
    return [
        (message["To"], whole["METHOD"], whole.walk("VEVENT")[0])
        for message in sent()
        for whole in entries(message)[:1]
    ]


@pytest.mark.parametrize("name", BOOKING)
def test_a_booked_time_comes_as_an_entry_for_the_patients_calendar(clinic, therapist, name):
    consultation = bring_to(ACTS[name].frm[0], by=therapist)

    ACTS[name](consultation, therapist)

    [(to, method, event)] = told()
    time = consultation.times.booked().get()
    assert (to, method) == (SAID["email"], "REQUEST")
    assert (event["DTSTART"].dt, event["DTEND"].dt - event["DTSTART"].dt) == (time.starts_at, HOUR / 2)
    assert event["DESCRIPTION"] == f"Reference: {consultation.reference}\nCall us: (407) 698-5558"
    assert event["ATTENDEE"] == f"mailto:{SAID['email']}"
    assert event["ORGANIZER"] == f"mailto:{mail.sender_address()}"


@pytest.mark.parametrize("name", GIVING_UP)
def test_a_time_that_is_given_up_is_taken_out_of_the_calendar(clinic, therapist, name):
    consultation = bring_to(S.BOOKED, by=therapist)
    booked = consultation.times.booked().get()

    ACTS[name](consultation, therapist)

    [(to, method, event)] = told()
    assert (to, method, event["STATUS"]) == (SAID["email"], "CANCEL", "CANCELLED")
    assert (event["UID"], event["DTSTART"].dt) == (booked.for_calendar().uid, booked.starts_at)


@pytest.mark.parametrize(("name", "frm"), [(name, frm) for name, frm in ALLOWED if name not in BOOKING])
def test_no_other_move_tells_a_calendar_anything(clinic, therapist, name, frm):
    consultation = bring_to(frm, by=therapist)

    ACTS[name](consultation, therapist)

    gives_up = name in GIVING_UP and frm == S.BOOKED
    assert [method for to, method, event in told()] == ["CANCEL"] * gives_up


@pytest.mark.parametrize("event", ["your_link", "reminder", "choose_a_time", "missed", "contact_changed"])
def test_a_mail_of_another_kind_at_the_same_moment_holds_no_cancellation(clinic, therapist, event):
    consultation = bring_to(S.BOOKED, by=therapist)
    consultation.reschedule(at=NOON)
    OutgoingMail.objects.all().delete()

    getattr(emails, event)(consultation, at=NOON, **({"to": SAID["email"]} if event == "contact_changed" else {}))

    assert told() == []


def test_a_time_that_was_given_up_before_is_not_canceled_again(clinic, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)
    consultation.reschedule(at=EARLIER)
    OutgoingMail.objects.all().delete()

    consultation.decline(**WHY, by=therapist, at=NOON)

    assert told() == []


def test_offers_that_were_never_booked_are_not_canceled(clinic, therapist):
    consultation = bring_to(S.PROPOSED, by=therapist)

    consultation.withdraw(at=NOON)

    assert told() == []


def test_each_of_two_visits_that_are_withdrawn_on_one_day_leaves_the_calendar(clinic, therapist, colleague):
    first, second = bring_to(S.BOOKED, by=therapist), bring_to(S.BOOKED, by=colleague)
    names = [each.times.booked().get().for_calendar().uid for each in (first, second)]

    first.withdraw(at=NOON)
    second.withdraw(at=NOON + HOUR)

    assert [(method, event["UID"]) for _, method, event in told()] == [("CANCEL", name) for name in names]


def test_another_visit_is_another_event_even_at_the_same_time(clinic, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)
    consultation.reschedule(at=NOON)

    consultation.book(START, **HALF_AN_HOUR, by=therapist, at=NOON + HOUR)

    (_, _, void), (_, _, anew) = told()
    assert void["DTSTART"].dt == anew["DTSTART"].dt
    assert void["UID"] != anew["UID"]


def test_the_name_of_an_event_is_the_same_whatever_moves(clinic, therapist, colleague, settings):
    consultation = bring_to(S.BOOKED, by=therapist)
    before = consultation.times.booked().get().for_calendar().uid

    consultation.hand_over(to=colleague, reason="Holidays.", by=therapist, at=NOON)
    settings.SECRET_KEY, settings.BASE_URL = "another key " * 5, "https://elsewhere.example"

    assert consultation.times.booked().get().for_calendar().uid == before


@pytest.mark.parametrize(
    ("mode", "address", "place"),
    [
        (Mode.CLINIC, "12 Elm Street", "12 Elm Street"),
        (Mode.CLINIC, "", "Elm Street Clinic"),
        (Mode.PHONE, "12 Elm Street", "By phone"),
        (Mode.VIDEO, "12 Elm Street", "By video"),
    ],
)
def test_the_entry_says_where(therapist, mode, address, place):
    make_clinic(address=address)
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.book(START, minutes=30, mode=mode, by=therapist, at=NOON)

    [(_, _, event)] = told()
    assert event["LOCATION"] == place


def test_whoever_gave_no_address_gets_no_entry(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist, said={"email": ""})

    consultation.book(START, **HALF_AN_HOUR, by=therapist, at=NOON)

    assert told() == []


@pytest.mark.parametrize(("name", "method"), [("choose", "REQUEST"), ("reschedule", "CANCEL")])
def test_the_entry_stands_beside_the_text_and_is_a_file_too(clinic, therapist, name, method):
    ACTS[name](bring_to(ACTS[name].frm[0], by=therapist), therapist)

    message = next(message for message in sent() if message["To"] == SAID["email"])

    words, file = message.iter_parts()
    assert (message.get_content_type(), words.get_content_type()) == ("multipart/mixed", "multipart/alternative")
    assert [part.get_content_type() for part in words.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    entry = list(words.iter_parts())[-1]
    assert dict(entry["Content-Type"].params) == {"method": method, "charset": "utf-8"}
    assert entry["Content-Disposition"] is None
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "visit.ics")
    assert file["Content-Disposition"].content_disposition == "attachment"
    assert file.get_content().decode().splitlines() == entry.get_content().splitlines()
    assert set(file.get_content().split(b"\r\n")) == set(file.get_content().splitlines()) | {b""}


def test_a_mail_without_an_entry_is_as_before(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.ask(question="Which side?", by=therapist, at=NOON)

    [message] = sent()
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_an_entry_in_any_script_arrives_whole(therapist):
    name = "Praxis Übung – 理学療法 «Ñandú»"
    make_clinic(name=name, address="Straße 1; Haus 2,\nHof")
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.book(START, **HALF_AN_HOUR, by=therapist, at=NOON)

    beside, attached = entries(sent()[0])
    for whole in (beside, attached):
        [event] = whole.walk("VEVENT")
        assert (event["SUMMARY"], event["LOCATION"]) == (f"Visit (At the clinic): {name}", "Straße 1; Haus 2, Hof")
        assert event["ORGANIZER"].params["CN"] == name


@pytest.mark.parametrize("name", ["Elm\r\nBcc: all@evil.example", 'Elm; "Street", Clinic\nMETHOD:PUBLISH'])
def test_a_clinics_name_adds_no_header_and_no_line(therapist, name):
    make_clinic()
    ClinicSettings.objects.update(name=name)
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.book(START, **HALF_AN_HOUR, by=therapist, at=NOON)

    [message] = sent()
    assert (message["Bcc"], message["To"]) == (None, SAID["email"])
    assert [whole["METHOD"] for whole in entries(message)] == ["REQUEST", "REQUEST"]
    assert [event["SUMMARY"] for whole in entries(message) for event in whole.walk("VEVENT")] == [
        "Visit (At the clinic): " + " ".join(name.split())
    ] * 2


def test_an_entry_names_nobody_and_leads_nowhere(clinic, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)
    emails.booked(consultation, at=NOON)
    consultation.reschedule(at=NOON)

    texts = [part.to_ical().decode() for message in sent() for part in entries(message)]

    assert len(texts) == 4
    found = [
        word for word in [*CANARIES, consultation.link_token, "://", str(therapist)] for text in texts if word in text
    ]
    assert found == []


def test_a_queued_entry_is_sealed(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    consultation.book(START, **HALF_AN_HOUR, by=therapist, at=NOON)

    assert "VCALENDAR" not in OutgoingMail.objects.get().context


def test_a_time_without_its_mail_is_canceled_in_no_calendar(clinic, therapist):
    """A missed visit that is taken up again is past: nothing of it is in the way."""
    consultation = bring_to(S.NO_SHOW, by=therapist)

    consultation.take_up_again(at=START + DAY)

    assert OfferedTime.objects.filter(released_at=START + DAY).count() == 1
    assert ConsultationRequest.objects.get().status == S.IN_REVIEW
    assert told() == []
