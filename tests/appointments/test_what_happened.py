"""What the desk tells of a request's past: who did what, which times it had, and what is left of it when it is erased."""

import pytest

from clinic.wording import spoken
from tests.factories import NOON, SAID

from .desk import address, notices
from .pages import Page
from .stages import ACTS, NEXT, START, S, bring_to, make_visit

pytestmark = pytest.mark.django_db

TOLD = {
    (S.NEEDS_INFO, "answer"): "Answered · Patient",
    (S.NEEDS_INFO, "log_answer"): "Logged the answer · {therapist}",
    (S.PROPOSED, "none_of_these"): "None of the times suits · Patient",
    (S.PROPOSED, "take_back_offer"): "The offer was taken back · {therapist}",
    (S.PROPOSED, "let_offer_expire"): "The offer ran out · The clock",
    (S.BOOKED, "reschedule"): "Gave the time up · Patient",
    (S.BOOKED, "reschedule_by_phone"): "Gave the time up · {therapist}",
    (S.LAPSED, "take_up_again"): "In review · Patient",
}


def told(page):
    return [tag.text for tag in page.within("li", "timeline")]


@pytest.mark.parametrize(("status", "act"), TOLD)
def test_the_timeline_says_what_brought_a_request_back_to_review(clinic, signed_in, therapist, status, act):
    consultation = bring_to(status, by=therapist)
    ACTS[act](consultation, therapist)

    page = Page(signed_in(therapist).get(address(consultation)))

    words = TOLD[status, act].format(therapist=therapist)
    assert len([line for line in told(page) if line.startswith(words)]) == 1


def test_the_timeline_says_that_no_answer_came(clinic, signed_in, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)
    consultation.bring_back(at=NOON)

    page = Page(signed_in(therapist).get(address(consultation)))

    assert "No answer came · The clock" in " ".join(told(page))


def test_times_that_were_offered_or_given_up_stay_on_the_page(clinic, signed_in, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)
    consultation.reschedule(at=NOON)

    page = Page(signed_in(therapist).get(address(consultation)))

    given_up, free_before = (spoken(at, clinic.tzinfo) for at in (START, NEXT))
    words = f"No longer kept: {given_up} (was booked) · {free_before} (was offered)"
    assert words in page.texts("p", class_="quiet")
    assert page.all("ul", class_="offered") == []


@pytest.mark.parametrize(("said", "act"), [({"email": ""}, "decline"), ({"prefer": "phone"}, "ask")])
def test_whoever_is_to_be_called_is_one_tap_away(clinic, signed_in, therapist, said, act):
    consultation = bring_to(S.IN_REVIEW, by=therapist, said=said)
    sent = {"reason": "too_far", "next_step": "other_clinic", "question": "Which side?"}
    browser = signed_in(therapist)

    before = Page(browser.get(address(consultation)))
    done = Page(browser.post(address(consultation, act), sent, follow=True))

    links = [before.within("a", "help"), done.within("a", "messagelist")]
    assert [{(tag.attrs["href"], tag.text) for tag in each} for each in links] == [
        {("tel:+1-407-698-5559", "(407) 698-5559")}
    ] * 2
    assert "(407) 698-5559." in notices(done)[0]


def test_an_erased_request_has_no_empty_headings(clinic, signed_in, therapist):
    consultation = make_visit(therapist, START, at=NOON)
    consultation.reschedule(at=NOON)
    consultation.ask(question="Which side?", by=therapist, at=NOON)
    browser = signed_in(therapist)
    before = Page(browser.get(address(consultation))).texts("h2")
    consultation.refresh_from_db()
    consultation.erase(at=NOON)

    answer = browser.get(address(consultation))

    assert set(before) - set(Page(answer).texts("h2")) == {"Safety screen", "Contact", "Asked and answered"}
    assert (Page(answer).all("dt"), SAID["goal"] in answer.content.decode()) == ([], False)
