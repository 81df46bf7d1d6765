"""What patients are told of their visit: when and where it is, and that it is no more."""

import pytest
from django.utils import timezone

from clinic import mail
from clinic.models import OutgoingMail
from clinic.wording import spoken
from tests.factories import DAY, HOUR

from .agreeing import own
from .pages import Page
from .stages import HALF_AN_HOUR, S, bring_to

pytestmark = pytest.mark.django_db

THIS_HOUR = timezone.now().replace(minute=0, second=0, microsecond=0)
CANCELED = "Your booked time, {when}, is canceled. We do not expect you then."


def bring_to_visit(therapist, *, starts_at=THIS_HOUR + DAY, **fields):
    """A request whose visit was agreed on an hour ago."""
    consultation = bring_to(S.IN_REVIEW, by=therapist, **fields)
    consultation.book(starts_at, **HALF_AN_HOUR, by=therapist, at=timezone.now() - HOUR)
    return consultation


def lead(client, consultation):
    return " ".join(Page(client.get(own(consultation))).texts("p", class_="lead"))


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

    assert f"Your booked time, {spoken(THIS_HOUR + DAY, clinic.tzinfo)}, is given up" in asked.texts("p")[0]
