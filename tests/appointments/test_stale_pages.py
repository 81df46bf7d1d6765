"""A patient's page that is older than what staff have done answers and gives up nothing that was not on it."""

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import ConsultationRequest
from appointments.views.pages import UNSEEN
from clinic.models import OutgoingMail
from clinic.wording import spoken
from tests.factories import DAY

from .pages import Page
from .stages import HALF_AN_HOUR, S, bring_to, everything
from .test_own_page import own

pytestmark = pytest.mark.django_db

SOON = timezone.now().replace(minute=0, second=0, microsecond=0) + 2 * DAY
WISH = {"windows": ["fri-eve"]}


def now(consultation):
    """The request as it stands, and when."""
    return ConsultationRequest.objects.get(pk=consultation.pk), timezone.now()


def ask(consultation, therapist, question):
    one, at = now(consultation)
    one.ask(question=question, by=therapist, at=at)


def offer(consultation, therapist, start):
    one, at = now(consultation)
    one.propose([start], **HALF_AN_HOUR, by=therapist, at=at)


def book(consultation, therapist, start):
    one, at = now(consultation)
    one.book(start, **HALF_AN_HOUR, by=therapist, at=at)


def give_up(consultation, therapist):
    one, at = now(consultation)
    one.reschedule(reason="They called.", by=therapist, at=at)


@pytest.fixture
def consultation(clinic, therapist):
    return bring_to(S.IN_REVIEW, by=therapist)


def test_an_answer_never_stands_below_another_question_than_the_one_that_was_read(client, consultation, therapist):
    ask(consultation, therapist, "Do you take blood thinners?")
    typed = Page(client.get(own(consultation, "status"))).fields | {"answer": "Yes, since May."}
    one, at = now(consultation)
    one.answer(text="Yes.", by=therapist, at=at)
    ask(consultation, therapist, "May a student watch?")
    before = everything()

    answer = client.post(own(consultation, "status_answer"), typed)

    page = Page(answer)
    assert (answer.status_code, page.notes, everything()) == (409, [str(UNSEEN)], before)
    assert (page.texts("blockquote"), page.fields["answer"]) == (["May a student watch?"], ["Yes, since May."])

    client.post(own(consultation, "status_answer"), page.fields | {"answer": "Yes, they may."})

    assert list(consultation.questions.values_list("answer", flat=True)) == ["Yes.", "Yes, they may."]


def test_an_answer_sent_once_more_after_the_next_question_is_no_mistake(client, consultation, therapist):
    ask(consultation, therapist, "Which side?")
    typed = Page(client.get(own(consultation, "status"))).fields | {"answer": "The left."}
    client.post(own(consultation, "status_answer"), typed)
    ask(consultation, therapist, "Since when?")
    before = everything()

    again = client.post(own(consultation, "status_answer"), typed, follow=True)

    assert (again.redirect_chain, Page(again).notes) == ([(own(consultation, "status"), 302)], [])
    assert Page(again).texts("blockquote") == ["Since when?"]
    assert everything() == before


def plain(answer):
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("page", ["status_cannot_come", "status_withdraw"])
def test_a_visit_that_was_not_on_the_page_is_not_given_up(client, clinic, consultation, therapist, page):
    book(consultation, therapist, SOON)
    typed = Page(client.get(own(consultation, page))).fields | WISH
    give_up(consultation, therapist)
    book(consultation, therapist, SOON + DAY)
    before = everything()

    answer = client.post(own(consultation, page), typed)

    shown = Page(answer)
    assert (answer.status_code, shown.notes, everything()) == (409, [str(UNSEEN)], before)
    assert spoken(SOON + DAY, clinic.tzinfo) in plain(answer)

    client.post(own(consultation, page), shown.fields | WISH)

    assert now(consultation)[0].status in {S.IN_REVIEW, S.WITHDRAWN}


def test_an_offer_that_was_not_on_the_page_is_not_turned_down(client, clinic, consultation, therapist):
    before_any = Page(client.get(own(consultation, "status_none"))).fields | WISH
    offer(consultation, therapist, SOON)
    first = Page(client.get(own(consultation, "status_none"))).fields | WISH
    one, at = now(consultation)
    one.take_back_offer(by=therapist, at=at)
    offer(consultation, therapist, SOON + DAY)
    before = everything()

    answers = [client.post(own(consultation, "status_none"), typed) for typed in (before_any, first)]

    shown = Page(answers[-1])
    assert [answer.status_code for answer in answers] == [409, 409]
    assert (shown.notes, shown.fields["windows"], everything()) == ([str(UNSEEN)], ["fri-eve"], before)
    assert spoken(SOON + DAY, clinic.tzinfo) in plain(answers[-1])


def test_what_went_away_since_or_was_said_elsewhere_is_in_nobodys_way(client, consultation, therapist):
    offer(consultation, therapist, SOON)
    none = Page(client.get(own(consultation, "status_none"))).fields | WISH
    withdraw = Page(client.get(own(consultation, "status_withdraw"))).fields
    client.post(own(consultation), {"phone": "(407) 555-2368"})
    one, at = now(consultation)
    one.take_back_offer(by=therapist, at=at)

    answers = [client.post(own(consultation, "status_none"), none) for _twice in range(2)]
    ask(consultation, therapist, "Which side?")
    answers.append(client.post(own(consultation, "status_withdraw"), withdraw))

    assert [answer.status_code for answer in answers] == [302] * 3
    assert now(consultation)[0].status == S.WITHDRAWN


def test_a_token_that_has_expired_does_not_make_a_page_newer(consultation, therapist):
    browser = Client(enforce_csrf_checks=True)
    book(consultation, therapist, SOON)
    typed = Page(browser.get(own(consultation, "status_withdraw"))).fields | {"csrfmiddlewaretoken": "x"}
    give_up(consultation, therapist)
    book(consultation, therapist, SOON + DAY)
    OutgoingMail.objects.all().delete()

    answer = browser.post(own(consultation, "status_withdraw"), typed)

    assert (answer.status_code, Page(answer).notes) == (403, [str(UNSEEN)])
    assert (now(consultation)[0].status, OutgoingMail.objects.count()) == (S.BOOKED, 0)


def test_who_goes_back_and_mends_the_new_address_is_heard(client, consultation):
    path = own(consultation)
    sent = Page(client.get(path)).fields
    client.post(path, sent | {"email": "typo@patients.example"})

    client.post(path, sent | {"email": "right@patients.example"})

    assert now(consultation)[0].statement.email == "right@patients.example"


def test_a_page_that_was_open_when_the_link_was_replaced_still_withdraws(client, consultation):
    path = own(consultation, "status_withdraw")
    fields = Page(client.get(path)).fields
    contact = own(consultation)
    client.post(contact, Page(client.get(contact)).fields | {"email": "new@patients.example"})

    client.post(path, fields)

    assert now(consultation)[0].status == S.WITHDRAWN


def test_nobody_is_told_to_press_a_button_that_is_not_there(client, consultation, therapist):
    offer(consultation, therapist, SOON)
    none = Page(client.get(own(consultation, "status_none"))).fields | WISH
    book(consultation, therapist, SOON + DAY)

    answer = client.post(own(consultation, "status_none"), none)

    assert answer.status_code == 409
    assert str(UNSEEN) not in Page(answer).notes
