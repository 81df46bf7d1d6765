"""How to meet: told to whoever has a time, and agreed only where it can happen."""

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from clinic import mail
from clinic.models import ClinicSettings, OutgoingMail, forget
from tests.factories import DAY, HOUR

from .agreeing import make_new, own, propose

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("clinic", "At the clinic"),
        ("phone", "By phone: we call you at the number that you gave us"),
        ("video", "By video: open https://talk.clinic.example at the time"),
    ],
)
def test_whoever_has_a_time_reads_where_to_be_or_who_calls_whom(clinic, client, therapist, mode, told):
    ClinicSettings.objects.update(video_words="open https://talk.clinic.example at the time")
    forget()
    consultation, now = make_new(), timezone.now()
    start = now.replace(minute=0, second=0, microsecond=0) + DAY + HOUR
    consultation.book(start, minutes=30, mode=mode, by=therapist, at=now)

    page = client.get(own(consultation)).content.decode()

    assert told in strip_tags(page)
    assert ('<a href="https://talk.clinic.example"' in page) == (mode == "video")
    assert f"- {told}\n" in mail.render(OutgoingMail.objects.get(event="booked")).body


def test_nobody_is_booked_to_be_called_who_gave_no_number(clinic, signed_in, therapist):
    consultation = make_new(said={"phone": "", "prefer": "email", "modes": ["phone"]})

    answer = propose(signed_in(therapist), consultation, mode="phone")

    assert "They gave no phone number." in answer.content.decode()
    assert consultation.times.count() == 0
