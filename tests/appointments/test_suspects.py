"""What looks like spam waits apart, is seen by somebody, and comes back whole."""

import pytest

from tests.factories import SAID

from .desk import address, offered
from .pages import Page
from .stages import S, bring_to, everything, make_arrived, queued

pytestmark = pytest.mark.django_db


def suspect(**fields):
    return make_arrived(suspicion="trapped", **fields)


def test_a_suspect_says_why_and_may_be_cleared(clinic, signed_in, therapist):
    page = Page(signed_in(therapist).get(address(suspect())))

    assert "clear" in offered(page)
    assert "Looks like spam: A field that people do not see was filled in." in page.texts("p", class_="suspect")[0]


def test_clearing_a_suspect_puts_it_among_the_new_ones_and_its_sender_hears_of_it(clinic, signed_in, therapist):
    consultation = suspect()

    answer = signed_in(therapist).post(address(consultation, "clear"), follow=True)

    consultation.refresh_from_db()
    assert (consultation.status, consultation.suspicion, consultation.assigned_to) == (S.NEW, "", None)
    assert queued() == [("received", SAID["email"])]
    assert [tag.text for tag in Page(answer).within("strong", "timeline")] == ["New", "Looked like spam, is none"]


def test_claiming_a_suspect_clears_it_too(clinic, signed_in, therapist):
    consultation = suspect()

    signed_in(therapist).post(address(consultation, "claim"))

    consultation.refresh_from_db()
    assert (consultation.status, consultation.suspicion) == (S.IN_REVIEW, "")
    assert queued() == [("received", SAID["email"])]


def test_marking_a_suspect_as_spam_tells_nobody(clinic, signed_in, therapist):
    consultation = suspect()

    signed_in(therapist).post(address(consultation, "spam"))

    consultation.refresh_from_db()
    assert (consultation.status, consultation.suspicion) == (S.SPAM, "trapped")
    assert queued() == []


@pytest.mark.parametrize("fields", [{}, {"status": S.IN_REVIEW}])
def test_what_is_no_suspect_cannot_be_cleared(clinic, signed_in, therapist, fields):
    consultation = make_arrived(assigned_to=therapist if fields else None, **fields)
    before = everything()

    signed_in(therapist).post(address(consultation, "clear"))

    assert everything() == before


def test_spam_comes_back_with_a_reason_and_belongs_to_whoever_took_it(clinic, signed_in, therapist):
    consultation = bring_to(S.SPAM, by=therapist)
    client = signed_in(therapist)

    empty = Page(client.post(address(consultation, "restore"), {"reason": " "}))
    client.post(address(consultation, "restore"), {"reason": "A real person."})

    consultation.refresh_from_db()
    assert "This field is required." in empty.texts("li")
    assert empty.all("input", type="submit", value="Claim it")
    assert (consultation.status, consultation.assigned_to) == (S.IN_REVIEW, therapist)
    assert consultation.notes.get().text == "A real person."
