"""What a patient says on the phone is done at the desk as if they had done it on their own page."""

import pytest
from django.utils import timezone

from appointments.models import Actor
from tests.factories import SAID

from .agreeing import events, own
from .desk import address, notices, offered
from .pages import Page
from .stages import DAY, HALF_AN_HOUR, S, bring_to, make_arrived, queued

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


def test_a_visit_that_has_begun_is_not_withdrawn_at_the_desk(clinic, signed_in, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)

    answer = signed_in(therapist).post(address(consultation, "withdraw"))

    consultation.refresh_from_db()
    assert (answer.status_code, consultation.status) == (409, S.BOOKED)
