"""What the desk shows while the patient owes the next word: whom to call, since when, and until when times are kept."""

import pytest
from django.utils import timezone

from clinic.wording import briefly, spoken
from tests.factories import DAY, HOUR, SAID

from .desk import QUEUE, address, facts
from .pages import Page
from .stages import HALF_AN_HOUR, S, bring_to, make_arrived

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("email", "is_said"), [("", True), (SAID["email"], False)])
def test_a_question_that_no_mail_carries_says_whom_to_call_and_since_when(clinic, signed_in, therapist, email, is_said):
    consultation = bring_to(S.NEEDS_INFO, by=therapist, said={"email": email, "prefer": "email"})

    page = Page(signed_in(therapist).get(address(consultation)))

    [standing] = [text for text in page.texts("p", class_="standing") if text.startswith("Question asked")]
    assert ("The patient gave no e-mail address: please call (407) 698-5559." in standing) == is_said
    asked = consultation.questions.get().asked_at
    assert facts(page)["Which side?"] == f"– asked on {spoken(asked, clinic.tzinfo)}"


def test_times_are_kept_no_longer_than_until_they_begin(clinic, signed_in, therapist):
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    starts = [now + 3 * HOUR, now + 5 * HOUR, now + 9 * DAY]
    consultations = [make_arrived(), make_arrived()]
    for consultation, offered in zip(consultations, (starts[:2], starts[2:]), strict=True):
        consultation.propose(offered, by=therapist, at=now, **HALF_AN_HOUR)
    browser = signed_in(therapist)

    row = Page(browser.get(QUEUE, {"show": "patient"}))
    page = Page(browser.get(address(consultations[0])))

    deadline = consultations[1].times.get().held_until
    dues = [text for text in row.texts("td") if text.startswith("Held until:")]
    assert dues == [f"Held until: {briefly(moment, clinic.tzinfo)}" for moment in (starts[1], deadline)]
    held = [text.split("held until ")[1] for text in page.texts("li") if "held until" in text]
    assert held == [spoken(moment, clinic.tzinfo) for moment in starts[:2]]
