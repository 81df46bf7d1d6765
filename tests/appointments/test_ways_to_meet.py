"""How to meet: told to whoever has a time, and agreed only where it can happen."""

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from appointments import emails
from clinic import mail
from clinic.models import ClinicSettings, OutgoingMail, forget
from tests.factories import DAY, HOUR

from .agreeing import make_new, own, propose

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("clinic", "At the clinic, 12 Elm Street"),
        ("phone", "By phone: we call you at the number that you gave us"),
        ("video", "By video: open https://talk.clinic.example at the time"),
    ],
)
def test_whoever_has_a_time_reads_where_to_be_or_who_calls_whom(clinic, client, therapist, mode, told):
    ClinicSettings.objects.update(address="12 Elm Street", video_words="open https://talk.clinic.example at the time")
    forget()
    consultation, now = make_new(), timezone.now()
    start = now.replace(minute=0, second=0, microsecond=0) + DAY + HOUR
    consultation.book(start, minutes=30, mode=mode, by=therapist, at=now)

    page = client.get(own(consultation)).content.decode()
    emails.reminder(consultation, at=now)

    assert told in strip_tags(page)
    assert ", 30 minutes." in page
    mails = [mail.render(OutgoingMail.objects.get(event=event)) for event in ("booked", "reminder")]
    assert [f"- {told}\n- 30 minutes\n" in each.body for each in mails] == [True, True]
    shown = [page, *(each.alternatives[0].content for each in mails)]
    assert ['<a href="https://talk.clinic.example"' in each for each in shown] == [mode == "video"] * 3


def test_nobody_is_booked_to_be_called_who_gave_no_number(clinic, signed_in, therapist):
    consultation = make_new(said={"phone": "", "prefer": "email", "modes": ["phone"]})

    answer = propose(signed_in(therapist), consultation, mode="phone")

    assert "They gave no phone number." in answer.content.decode()
    assert consultation.times.count() == 0
