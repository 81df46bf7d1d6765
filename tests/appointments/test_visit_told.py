"""What patients are told of their visit: when and where it is, and that it is no more."""

import pytest
from django.utils import timezone
from icalendar import Calendar

from clinic import mail
from clinic.models import OutgoingMail
from clinic.wording import spoken
from tests.factories import DAY, HOUR, SAID

from .agreeing import own
from .pages import Page
from .stages import HALF_AN_HOUR, S, bring_to, move_visit

pytestmark = pytest.mark.django_db

THIS_HOUR = timezone.now().replace(minute=0, second=0, microsecond=0)
SAID_WORDS = [str(SAID[name]) for name in ("goal", "note", "full_name", "phone", "email", "access_needs")]
CANCELED = "Your booked time, {when}, is canceled. We do not expect you then."


def bring_to_visit(therapist, *, starts_at=THIS_HOUR + DAY, **fields):
    """A request whose visit was agreed on an hour ago."""
    consultation = bring_to(S.IN_REVIEW, by=therapist, **fields)
    consultation.book(starts_at, **HALF_AN_HOUR, by=therapist, at=timezone.now() - HOUR)
    return consultation


def lead(client, consultation):
    return " ".join(Page(client.get(own(consultation))).texts("p", class_="lead"))


def test_the_page_says_when_the_visit_is_and_how_one_meets(clinic, client, therapist):
    consultation = bring_to_visit(therapist)

    page = Page(client.get(own(consultation)))

    when = spoken(THIS_HOUR + DAY, clinic.tzinfo)
    assert (page.texts("p", class_="lead"), page.texts("strong")[0]) == ([f"Booked: {when}, 30 minutes."], when)
    assert "At the clinic" in page.texts("p")


# The visit in the patient's own calendar


def test_whoever_gave_only_a_phone_number_gets_the_visit_from_the_page(clinic, client, therapist):
    consultation = bring_to_visit(therapist, said={"email": ""})
    time = consultation.times.booked().get()
    links = [tag.attrs["href"] for tag in Page(client.get(own(consultation))).all("a")]

    answer = client.get(own(consultation, "status_calendar"))

    whole = Calendar.from_ical(answer.content)
    [event] = whole.walk("VEVENT")
    assert own(consultation, "status_calendar") in links
    assert (whole["METHOD"], event["UID"]) == ("PUBLISH", time.for_calendar().uid)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (time.starts_at, time.ends_at)
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "text/calendar; charset=utf-8",
        'attachment; filename="visit.ics"',
    )
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


def test_the_file_names_nobody_and_no_word_of_health(clinic, client, therapist):
    consultation = bring_to_visit(therapist)

    text = client.get(own(consultation, "status_calendar")).content.decode().replace("\r\n ", "")

    words = [*SAID_WORDS, consultation.link_token, "://", str(therapist), "ATTENDEE"]
    assert [word for word in words if word in text] == []
    assert consultation.reference in text


@pytest.mark.parametrize("status", [status for status in S if status != S.BOOKED])
def test_where_nothing_is_booked_there_is_no_file(clinic, client, therapist, status):
    consultation = bring_to(status, by=therapist)
    consultation.closed_at = consultation.closed_at and timezone.now()
    consultation.save()

    answer = client.get(own(consultation, "status_calendar"), follow=True)

    assert answer.redirect_chain == [(own(consultation), 302)]
    assert own(consultation, "status_calendar") not in answer.content.decode()


def test_a_visit_that_has_begun_is_not_offered_for_a_calendar(clinic, client, therapist):
    consultation = bring_to_visit(therapist)
    move_visit(consultation, THIS_HOUR - DAY)

    page = client.get(own(consultation)).content.decode()

    assert own(consultation, "status_calendar") not in page


def test_a_wrong_link_gives_no_file(clinic, client, therapist):
    consultation = bring_to_visit(therapist)

    answer = client.get(own(consultation, "status_calendar").replace(consultation.link_token, "x" * 43))

    assert (answer.status_code, Page(answer).texts("h1")) == (404, ["This link leads nowhere"])


# A visit that is no more


def test_the_mail_says_which_visit_we_cancel(clinic, therapist):
    consultation = bring_to_visit(therapist)

    consultation.reschedule(reason="She is ill.", by=therapist, at=timezone.now())

    body = mail.render(OutgoingMail.objects.get(event="time_changed")).body
    when = spoken(THIS_HOUR + DAY, clinic.tzinfo)
    assert body.splitlines()[0] == (
        f"The time that was booked for your request {consultation.reference}, {when}, is canceled. We do not expect you then."
    )


def test_the_page_says_which_visit_is_canceled_while_we_look_for_another(clinic, client, therapist):
    consultation = bring_to_visit(therapist)
    consultation.reschedule(reason="She is ill.", by=therapist, at=timezone.now())

    words = lead(client, consultation)

    assert words.endswith(CANCELED.format(when=spoken(THIS_HOUR + DAY, clinic.tzinfo)))


def test_the_page_says_nothing_of_a_canceled_visit_once_another_is_booked_or_its_time_is_past(
    clinic, client, therapist
):
    moved, past = bring_to_visit(therapist), bring_to_visit(therapist, starts_at=THIS_HOUR + 2 * DAY)
    for consultation in (moved, past):
        consultation.reschedule(reason="She is ill.", by=therapist, at=timezone.now())
    moved.book(THIS_HOUR + 3 * DAY, **HALF_AN_HOUR, by=therapist, at=timezone.now())
    past.times.update(starts_at=THIS_HOUR - DAY)

    told = [lead(client, consultation) for consultation in (moved, past)]

    assert [("Booked: " in words, "canceled" in words) for words in told] == [(True, False), (False, False)]


def test_whoever_cannot_come_reads_first_which_visit_they_give_up(clinic, client, therapist):
    consultation = bring_to_visit(therapist)

    asked = Page(client.get(own(consultation, "status_cannot_come")))

    assert asked.texts("p")[0] == (
        f"You are booked for {spoken(THIS_HOUR + DAY, clinic.tzinfo)}. "
        "Tell us when you can come: we then give that time up and look for another."
    )
