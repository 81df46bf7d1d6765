import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments.models import Actor, ConsultationRequest, RequestStatus
from clinic import mail
from clinic.models import OutgoingMail
from clinic.wording import spoken
from tests.factories import DAY, HOUR, NOON, SAID, make_tip

from .pages import Page
from .stages import ALLOWED, OPEN, START, S, bring_to, everything, make_arrived, move_visit, queued

pytestmark = pytest.mark.django_db

CANARIES = [str(SAID[name]) for name in ("goal", "note", "full_name", "phone", "email", "access_needs", "duration")]
CANARIES += ["cello", "rehearsals", "Zoë", "Núñez", "698-5559", "Knee", "knee", "weeks", "Monday morning"]
MOVED_ON = "Your request has moved on in the meantime, so nothing was changed. If you need us, please call."
EVERYWHERE = ["status", "status_answer", "status_choose", "status_none", "status_cannot_come"]
EVERYWHERE += ["status_back", "status_contact", "status_withdraw"]
THIS_HOUR = timezone.now().replace(minute=0, second=0, microsecond=0)


def own(consultation, page="status"):
    return reverse(page, args=[consultation.link_token])


def bring(status, *, is_ahead=False, **fields):
    """A request whose promise and end, and visit where that `is_ahead`, are of these days: the page itself reads the clock."""
    consultation = bring_to(status, **fields)
    consultation.answer_by = timezone.now() + HOUR
    if status == S.BOOKED and is_ahead:
        move_visit(consultation, THIS_HOUR + DAY)
    if status not in OPEN:
        consultation.closed_at = timezone.now() - DAY
    consultation.save()
    return consultation


def moves(consultation):
    return list(consultation.history.values_list("from_status", "to_status", "actor"))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", EVERYWHERE)
def test_a_wrong_link_leads_nowhere(clinic, client, page, method):
    consultation = make_arrived()
    wrong = consultation.link_token[:-1]

    answer = getattr(client, method)(reverse(page, args=[wrong]), {"answer": "The left."})

    assert answer.status_code == (405 if (page, method) == ("status", "post") else 404)
    assert consultation.reference not in answer.content.decode()


def test_neither_the_reference_nor_the_stored_hash_opens_the_page(clinic, client):
    consultation = make_arrived()

    answers = [client.get(reverse("status", args=[key])) for key in (consultation.reference, consultation.link_hash)]

    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize("status", RequestStatus)
def test_no_page_of_the_link_shows_a_name_a_contact_or_a_health_word(clinic, client, therapist, status):
    tip = make_tip(text={"title": "Knees that hold"})
    consultation = bring(status, by=therapist, tip=tip)
    therapist_note = "She sounds afraid."
    consultation.add_note(text=therapist_note, by=therapist, at=NOON)

    texts = [client.get(own(consultation, page), follow=True).content.decode() for page in EVERYWHERE]

    assert [word for word in [*CANARIES, therapist_note, tip.live.title] for text in texts if word in text] == []
    assert [consultation.reference in text for text in texts[:2]] == [True, True]


def test_a_link_that_lost_its_last_slash_is_kept_by_no_browser(clinic, client):
    answer = client.get(own(make_arrived(), "status").rstrip("/"))

    assert answer.status_code == 301
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("status", RequestStatus)
@pytest.mark.parametrize("page", EVERYWHERE)
def test_pages_of_the_link_are_kept_and_indexed_by_nobody_and_change_nothing(clinic, client, therapist, status, page):
    consultation = bring(status, by=therapist)
    before = everything()

    answers = [client.get(own(consultation, page)), client.head(own(consultation, page))]

    kept = [answer.headers.get("Cache-Control", "") for answer in answers if answer.status_code != 405]
    assert ["no-store" in each for each in kept] == [True] * len(kept) != []
    shown = client.get(own(consultation, page), follow=True)
    assert "no-store" in shown.headers.get("Cache-Control", "")
    assert shown["X-Robots-Tag"] == "noindex, nofollow"
    assert shown["Referrer-Policy"] in {"no-referrer", "same-origin"}
    assert Page(shown).all("meta", name="robots")[0].attrs["content"] == "noindex"
    assert everything() == before


SAYS = {
    S.NEW: "It waits for a physical therapist. You hear from us by {answer_by}.",
    S.IN_REVIEW: "A physical therapist is looking at it. You hear from us by {answer_by}.",
    S.NEEDS_INFO: "We need one thing from you before we go on.",
    # They were offered for days that have passed.
    S.PROPOSED: "The times that we kept for you have passed. We look for others; you hear from us, or call us.",
    # The visit was on a day that has passed.
    S.BOOKED: "Your time with us was {start}.",
    S.COMPLETED: "You have met with us. This request is finished.",
    S.NO_SHOW: "Would you like another time?",
    S.DECLINED: "We are sorry: we cannot take your request further. We have no free place in reasonable time. "
    "Please call us, and we will look for a way together.",
    S.WITHDRAWN: "You have withdrawn this request. Nobody will call you about it.",
    S.LAPSED: "We had not heard from you, so this request is closed for now. Do you still want to talk?",
    S.SPAM: "This request is closed. If it should not be, please call us.",
}

# Above it, larger; the reference is small print.
HEADINGS = {
    S.NEW: "We have your request",
    S.IN_REVIEW: "We have your request",
    S.NEEDS_INFO: "We have a question",
    S.PROPOSED: "We have your request",
    S.BOOKED: "Your visit",
    S.COMPLETED: "Finished",
    S.NO_SHOW: "We missed each other",
    S.DECLINED: "We cannot take this on",
    S.WITHDRAWN: "Withdrawn",
    S.LAPSED: "Closed",
    S.SPAM: "Closed",
}


@pytest.mark.parametrize("status", RequestStatus)
def test_the_page_says_where_the_request_stands(clinic, client, therapist, status):
    consultation = bring(status, by=therapist)

    page = Page(client.get(own(consultation)))

    zone = clinic.tzinfo
    words = SAYS[status].format(answer_by=spoken(consultation.answer_by, zone), start=spoken(START, zone))
    assert page.texts("p", class_="lead") == [words]
    assert page.texts("h1") == [HEADINGS[status]]
    assert page.texts("p", class_="kicker") == [f"Your request {consultation.reference}"]


def test_whoever_is_booked_reads_so_first(clinic, client, therapist):
    consultation = bring(S.BOOKED, by=therapist, is_ahead=True)

    assert Page(client.get(own(consultation))).texts("h1") == ["You are booked"]


@pytest.mark.parametrize("status", RequestStatus)
def test_only_an_open_request_offers_to_be_withdrawn(clinic, client, therapist, status):
    consultation = bring(status, by=therapist, is_ahead=True)

    links = [tag.attrs.get("href") for tag in Page(client.get(own(consultation))).all("a")]

    assert (own(consultation, "status_withdraw") in links) == (("withdraw", status) in ALLOWED)


# Answering the question


def test_the_question_is_shown_and_its_answer_brings_the_request_back(clinic, client, therapist):
    consultation = bring(S.NEEDS_INFO, by=therapist)
    page = Page(client.get(own(consultation)))

    answer = client.post(own(consultation, "status_answer"), {"answer": "The left."}, follow=True)

    consultation.refresh_from_db()
    assert page.texts("blockquote") == ["Which side?"]
    assert answer.redirect_chain == [(own(consultation), 302)]
    assert Page(answer).texts("p", role="status") == ["Thank you. Your therapist has your answer."]
    assert consultation.status == S.IN_REVIEW
    assert list(consultation.questions.values_list("answer", flat=True)) == ["The left."]
    assert queued() == [("staff_update", therapist.email)]
    assert "The left." not in answer.content.decode()


def test_an_empty_answer_is_asked_for_again(clinic, client, therapist):
    consultation = bring(S.NEEDS_INFO, by=therapist)
    before = everything()

    page = Page(client.post(own(consultation, "status_answer"), {"answer": "  "}))

    assert page.title.startswith("Error: ")
    assert page.errors == {"id_answer_error": "Write your answer."}
    assert page.summary == [("#id_answer", "Write your answer.")]
    assert "id_answer" in page.ids
    assert everything() == before


def test_an_answer_that_is_too_long_is_kept_in_the_page(clinic, client, therapist):
    consultation = bring(S.NEEDS_INFO, by=therapist)

    page = Page(client.post(own(consultation, "status_answer"), {"answer": "x" * 1001}))

    assert page.errors == {"id_answer_error": "Please shorten this to 1000 characters. It has 1001 now."}
    assert page.fields["answer"] == ["x" * 1001]


def test_an_answer_sent_with_an_expired_token_is_shown_again_and_not_lost(clinic, therapist):
    consultation = bring(S.NEEDS_INFO, by=therapist)
    browser = Client(enforce_csrf_checks=True)

    refused = browser.post(own(consultation, "status_answer"), {"answer": "The left."})
    page = Page(refused)
    browser.post(own(consultation, "status_answer"), page.fields)

    assert refused.status_code == 403
    assert page.fields.get("answer") == ["The left."]
    assert list(consultation.questions.values_list("answer", flat=True)) == ["The left."]


def test_a_second_answer_is_told_that_the_request_has_moved_on_and_is_kept(clinic, client, therapist):
    consultation = bring(S.NEEDS_INFO, by=therapist)
    client.post(own(consultation, "status_answer"), {"answer": "The left."})
    client.get(own(consultation))
    before = everything()

    answer = client.post(own(consultation, "status_answer"), {"answer": "The right."})

    page = Page(answer)
    assert page.notes == [MOVED_ON]
    assert (answer.status_code, page.fields["answer"]) == (409, ["The right."])
    assert str(therapist) not in answer.content.decode()
    assert everything() == before


@pytest.mark.parametrize("status", [S.NEW, S.DECLINED])
def test_an_answer_where_nothing_was_asked_is_explained(clinic, client, therapist, status):
    consultation = bring(status, by=therapist)
    before = everything()

    empty = Page(client.post(own(consultation, "status_answer"), {"answer": ""}))
    page = Page(client.post(own(consultation, "status_answer"), {"answer": "The left."}))

    assert {href.removeprefix("#") for href, text in empty.summary} <= set(empty.ids)
    # Whichever of the two stands above the other is where the page begins.
    assert [len([tag for tag in each.tags if "autofocus" in tag.attrs]) for each in (empty, page)] == [1, 1]
    assert page.title.startswith("Error: ")
    assert page.notes == [MOVED_ON]
    assert everything() == before


# Withdrawing


@pytest.mark.parametrize("status", [status for name, status in ALLOWED if name == "withdraw"])
def test_withdraw_asks_first_and_then_withdraws(clinic, client, therapist, status):
    consultation = bring(status, by=therapist, is_ahead=True)
    asked = Page(client.get(own(consultation, "status_withdraw")))

    answer = client.post(own(consultation, "status_withdraw"), asked.fields, follow=True)

    consultation.refresh_from_db()
    assert asked.texts("h1") == [f"Withdraw {consultation.reference}?"]
    assert answer.redirect_chain == [(own(consultation), 302)]
    assert (Page(answer).texts("h1"), Page(answer).texts("p", role="status")) == (["Withdrawn"], [])
    assert moves(consultation)[-1] == (status, S.WITHDRAWN, Actor.PATIENT)


def test_whoever_withdraws_a_booked_visit_reads_before_and_after_that_it_is_canceled(clinic, client, therapist):
    consultation = bring(S.BOOKED, by=therapist, is_ahead=True)
    when = spoken(THIS_HOUR + DAY, clinic.tzinfo)

    asked = Page(client.get(own(consultation, "status_withdraw")))
    page = Page(client.post(own(consultation, "status_withdraw"), asked.fields, follow=True))

    canceled = f"Your booked time, {when}, is canceled. We do not expect you then."
    assert (
        f"You are booked for {when}. If you withdraw, that time is given up, and nobody calls you."
        in asked.texts("p")[0]
    )
    assert page.texts("p", class_="lead") == [f"{SAYS[S.WITHDRAWN]} {canceled}"]
    assert canceled in mail.render(OutgoingMail.objects.get(event="withdrawn")).body.splitlines()


def test_whoever_withdraws_before_a_visit_was_booked_reads_of_none(clinic, client, therapist):
    consultation = bring(S.PROPOSED, by=therapist)

    asked = Page(client.get(own(consultation, "status_withdraw")))
    client.post(own(consultation, "status_withdraw"))

    assert "If you withdraw, we stop looking for a time, and nobody calls you." in asked.texts("p")[0]
    assert "booked" not in mail.render(OutgoingMail.objects.get(event="withdrawn")).body


def test_a_second_withdrawal_is_no_mistake_and_changes_nothing(clinic, client, therapist):
    consultation = bring(S.IN_REVIEW, by=therapist)
    client.post(own(consultation, "status_withdraw"), follow=True)
    before = everything()

    asked = Page(client.get(own(consultation, "status_withdraw")))
    again = client.post(own(consultation, "status_withdraw"), follow=True)

    assert asked.texts("h1") == ["This request is already closed"]
    assert asked.all("form") == []
    assert (again.redirect_chain, Page(again).notes) == ([(own(consultation), 302)], [])
    assert everything() == before


def test_a_withdrawal_of_what_was_closed_meanwhile_is_explained(clinic, client, therapist):
    consultation = bring(S.DECLINED, by=therapist)
    before = everything()

    answer = client.post(own(consultation, "status_withdraw"))

    assert (answer.status_code, Page(answer).notes) == (409, [MOVED_ON])
    assert everything() == before


def test_the_same_answer_sent_twice_is_no_mistake(clinic, client, therapist):
    consultation = bring(S.NEEDS_INFO, by=therapist)
    client.post(own(consultation, "status_answer"), {"answer": "The left.\r\nMostly."}, follow=True)
    before = everything()

    again = client.post(own(consultation, "status_answer"), {"answer": "The left.\r\nMostly. "}, follow=True)

    assert (again.redirect_chain, Page(again).notes) == ([(own(consultation), 302)], [])
    assert everything() == before


def test_a_withdrawal_with_an_expired_token_is_asked_for_again_and_goes_on_with_one_press(clinic, therapist):
    consultation = bring(S.NEEDS_INFO, by=therapist)
    browser = Client(enforce_csrf_checks=True)

    refused = browser.post(own(consultation, "status_withdraw"))
    page = Page(refused)
    browser.post(own(consultation, "status_withdraw"), page.fields)

    consultation.refresh_from_db()
    assert (refused.status_code, page.texts("h1")) == (403, [f"Withdraw {consultation.reference}?"])
    assert consultation.status == S.WITHDRAWN


@pytest.mark.parametrize("page", ["status_answer", "status_withdraw"])
def test_an_act_from_another_site_is_refused(clinic, therapist, page):
    consultation = bring(S.NEEDS_INFO, by=therapist)
    before = everything()

    answer = Client(enforce_csrf_checks=True).post(own(consultation, page), {"answer": "The left."})

    assert answer.status_code == 403
    assert everything() == before


@pytest.mark.parametrize("words", ["x" * 10_000, "<script>alert(1)</script>", "9" * 5_000, "‮"])
def test_no_answer_breaks_the_page(clinic, client, therapist, words):
    consultation = bring(S.NEEDS_INFO, by=therapist)

    answer = client.post(own(consultation, "status_answer"), {"answer": words}, follow=True)

    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()
    assert ConsultationRequest.objects.count() == 1
