"""From their own page a patient corrects how they are reached; a link that is lost or dead explains itself."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments.models import ConsultationRequest, ContactCorrection, RequestStatus, TransitionNotAllowed
from clinic.models import OutgoingMail
from clinic.wording import dialed
from tests.factories import DAY, HOUR, NOON, SAID, make_consultation

from .pages import Page
from .stages import OPEN, WHY, S, bring_to, everything, queued

pytestmark = pytest.mark.django_db

LINK, LINK_SENT = "/consultation/link/", "/consultation/link/sent/"
PHONE = "Call us: (407) 698-5558"
NEW = {"phone": "(407) 555-2368", "email": "zoe.nunez@patients.example"}


def own(consultation, page="status_contact"):
    return reverse(page, args=[consultation.link_token])


def reached(consultation):
    consultation.statement.refresh_from_db()
    return dialed(consultation.statement.phone), consultation.statement.email


# Correcting the contact


@pytest.mark.parametrize(
    ("typed", "then"),
    [
        (NEW, ("(407) 555-2368", NEW["email"])),
        ({"phone": NEW["phone"]}, ("(407) 555-2368", SAID["email"])),
        ({"email": NEW["email"]}, ("(407) 698-5559", NEW["email"])),
    ],
)
def test_what_is_given_replaces_what_was_and_the_rest_stays(clinic, client, therapist, typed, then):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    answer = client.post(own(consultation), typed, follow=True)

    consultation.refresh_from_db()
    assert answer.redirect_chain == [(own(consultation, "status"), 302)]
    assert Page(answer).texts("p", role="status") == ["Thank you. From now on we use what you gave us just now."]
    assert reached(consultation) == then


def test_what_it_replaced_is_kept_and_told_to_the_old_address_and_the_therapist(clinic, client, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)

    client.post(own(consultation), NEW)

    correction = ContactCorrection.objects.get()
    assert (correction.old_phone.as_e164, correction.old_email) == (SAID["phone"], SAID["email"])
    assert queued() == [
        ("contact_changed", SAID["email"]),
        ("new_address", NEW["email"]),
        ("staff_corrected", therapist.email),
    ]


def test_the_old_address_hears_of_its_end_also_where_it_heard_of_a_number_the_same_day(clinic, client):
    consultation = make_consultation(at=timezone.now())
    client.post(own(consultation), {"phone": NEW["phone"]})

    client.post(own(consultation), {"email": NEW["email"]})

    assert [to for event, to in queued() if event == "contact_changed"] == [SAID["email"]] * 2


def test_the_next_mail_goes_to_the_new_address(clinic, client, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    client.post(own(consultation), NEW)
    consultation.refresh_from_db()

    consultation.ask(question="Which side?", by=therapist, at=timezone.now())

    assert OutgoingMail.objects.get(event="one_thing").to == NEW["email"]


def test_the_page_shows_just_enough_of_the_old_contact_to_know_it_by(clinic, client):
    consultation = make_consultation(at=timezone.now())

    text = client.get(own(consultation)).content.decode()

    assert "ends in 5559" in text
    assert "z•••@patients.example" in text
    assert [word for word in (SAID["email"], "698-5559", SAID["full_name"]) if word in text] == []


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({}, "phone", "Write the new phone number or the new e-mail address."),
        ({"phone": "12"}, "phone", "Write a phone number with its area code, such as (407) 555-0123."),
        ({"email": "zoe@"}, "email", "Write an e-mail address in full, such as name@example.com."),
    ],
)
def test_bad_input_is_told_beside_its_field_and_changes_nothing(clinic, client, typed, field, error):
    consultation = make_consultation(at=timezone.now())
    before = everything()

    page = Page(client.post(own(consultation), typed))

    assert page.title.startswith("Error: ")
    assert page.errors == {f"id_{field}_error": error}
    assert {name: page.fields[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert everything() == before


def test_whoever_had_one_way_to_be_reached_and_gives_another_keeps_both(clinic, client):
    consultation = make_consultation(at=timezone.now(), said={"phone": "", "prefer": "email"})

    client.post(own(consultation), {"phone": NEW["phone"]})

    assert reached(consultation) == ("(407) 555-2368", SAID["email"])
    assert consultation.statement.prefer == "email"


@pytest.mark.parametrize("status", [status for status in RequestStatus if status not in OPEN])
def test_a_closed_request_is_not_corrected(clinic, client, therapist, status):
    consultation = bring_to(status, by=therapist)
    consultation.closed_at = timezone.now()
    consultation.save()
    before = everything()

    asked, answer = Page(client.get(own(consultation))), client.post(own(consultation), NEW)

    assert asked.texts("h1") == ["This request is already closed"]
    assert answer.status_code == 409
    assert everything() == before


def test_nobody_has_us_write_to_one_stranger_after_another(clinic, client):
    consultation = make_consultation(at=timezone.now())

    codes = []
    for n in range(7):
        codes.append(client.post(own(consultation), {"email": f"victim-{n}@example.com"}).status_code)
        consultation.refresh_from_db()

    assert codes == [302] * 5 + [429] * 2
    assert ContactCorrection.objects.count() == 5


def test_each_request_of_one_address_has_its_new_link_mailed(clinic, client):
    both = [make_consultation(at=timezone.now()) for _ in range(2)]

    for consultation in both:
        client.post(own(consultation), {"email": NEW["email"]})

    told = OutgoingMail.objects.filter(event="new_address", to=NEW["email"])
    assert [mail.reference for mail in told.order_by("pk")] == [consultation.reference for consultation in both]


@pytest.mark.parametrize("typed", [NEW, {"phone": NEW["phone"]}])
def test_a_second_press_leads_to_the_same_page_and_is_told_to_nobody(clinic, client, therapist, typed):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    path = own(consultation)
    sent = Page(client.get(path)).fields | typed
    first = client.post(path, sent)
    before = everything()

    again = client.post(path, sent)

    consultation.refresh_from_db()
    assert [first.url, again.url] == [own(consultation, "status")] * 2
    assert (consultation.corrections.count(), everything()) == (1, before)


def test_only_the_browser_that_had_the_link_replaced_is_led_on_from_the_old_one(clinic, client, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    old, sent = own(consultation, "status"), Page(client.get(own(consultation))).fields | NEW
    stranger, bare = Client(), Client()
    stranger.get(own(consultation))
    client.post(own(consultation), sent)
    consultation.refresh_from_db()

    answers = [browser.get(old) for browser in (client, stranger, bare)]

    assert [answer.status_code for answer in answers] == [302, 404, 404]
    assert answers[0].url == own(consultation, "status")

    consultation.erase(at=timezone.now())
    assert client.get(old).status_code == 404


def test_what_was_closed_since_the_page_was_read_is_not_corrected(clinic, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    as_read = ConsultationRequest.objects.get(pk=consultation.pk)
    consultation.decline(**WHY, by=therapist, at=timezone.now())
    before = everything()

    with pytest.raises(TransitionNotAllowed):
        as_read.correct_contact(**NEW, at=timezone.now())

    assert everything() == before


def test_a_correction_with_an_expired_token_is_shown_again_filled_and_goes_on_with_one_press(clinic):
    consultation = make_consultation(at=timezone.now())
    browser = Client(enforce_csrf_checks=True)

    refused = browser.post(own(consultation), NEW)
    between = reached(consultation)
    browser.post(own(consultation), Page(refused).fields)

    assert (refused.status_code, between) == (403, ("(407) 698-5559", SAID["email"]))
    assert reached(consultation) == ("(407) 555-2368", NEW["email"])


def test_staff_see_the_old_contact_beside_the_new_one(clinic, client, signed_in, therapist):
    consultation = bring_to(S.IN_REVIEW, by=therapist)
    client.post(own(consultation), NEW)

    text = signed_in(therapist).get(f"/admin/queue/{consultation.reference}/").content.decode()

    assert [word in text for word in (NEW["email"], "(407) 555-2368", SAID["email"], "(407) 698-5559")] == [True] * 4


# A link that opens nothing


@pytest.mark.parametrize("page", ["status", "status_answer", "status_contact", "status_withdraw"])
def test_a_wrong_link_says_so_and_whom_to_call(clinic, client, page):
    answer = client.get(reverse(page, args=["x" * 32]))

    shown = Page(answer)
    assert (answer.status_code, shown.texts("h1")) == (404, ["This link leads nowhere"])
    assert PHONE in shown.texts("p", class_="call")
    assert LINK in [link.attrs.get("href") for link in shown.all("a")]
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize(("days", "status"), [(89, 200), (91, 410)])
def test_a_link_lives_for_ninety_days_after_the_request_was_closed(clinic, client, days, status):
    consultation = make_consultation(status=S.WITHDRAWN, closed_at=timezone.now() - days * DAY)

    answer = client.get(own(consultation, "status"))

    assert answer.status_code == status
    assert (Page(answer).texts("h1") == ["This link has expired"]) == (status == 410)
    assert (consultation.reference in answer.content.decode()) == (status == 200)


def test_the_link_of_an_open_request_does_not_expire(clinic, client):
    consultation = make_consultation(at=timezone.now() - 400 * DAY)

    assert client.get(own(consultation, "status")).status_code == 200


def test_a_dead_link_with_an_expired_token_is_explained_too(clinic):
    answer = Client(enforce_csrf_checks=True).post(reverse("status_withdraw", args=["x" * 32]))

    assert Page(answer).texts("h1") == ["This link leads nowhere"]


# A link that is lost


def ask_for_link(client, email=SAID["email"]):
    return client.post(LINK, {"email": email})


@pytest.mark.parametrize("email", [SAID["email"], SAID["email"].upper(), "stranger@patients.example"])
def test_the_answer_is_the_same_whether_or_not_the_address_is_known(clinic, client, email):
    make_consultation(at=timezone.now())

    answer = ask_for_link(client, email)

    assert (answer.status_code, answer.url) == (302, LINK_SENT)
    assert Page(client.get(LINK_SENT)).texts("h1") == ["Look in your mail"]


def test_the_newest_request_of_the_address_is_the_one_whose_link_is_mailed(clinic, client):
    for hours in (5, 1, 3):
        make_consultation(at=timezone.now() - hours * HOUR, reference=f"CR-HOUR{hours}")
    make_consultation(at=timezone.now(), said={"email": "another@patients.example"})

    ask_for_link(client, SAID["email"].upper())

    assert [(m.event, m.to, m.reference) for m in OutgoingMail.objects.all()] == [
        ("your_link", SAID["email"], "CR-HOUR1")
    ]


def test_a_request_that_is_open_comes_before_a_newer_one_that_is_not(clinic, client):
    make_consultation(at=timezone.now() - 2 * HOUR, reference="CR-OPEN00")
    make_consultation(at=timezone.now() - HOUR, reference="CR-TWICE0").withdraw(at=timezone.now() - HOUR)
    OutgoingMail.objects.all().delete()

    ask_for_link(client)

    assert [(m.event, m.reference) for m in OutgoingMail.objects.all()] == [("your_link", "CR-OPEN00")]


def test_the_mail_is_sent_once_an_hour_however_often_it_is_asked_for(clinic, client):
    make_consultation(at=timezone.now())

    for _ in range(4):
        ask_for_link(client)

    assert queued() == [("your_link", SAID["email"])]


def test_nobody_has_us_mail_it_to_somebody_else_all_day(clinic):
    make_consultation(at=NOON)

    for hours in range(1, 30):
        ConsultationRequest.objects.send_link_again(SAID["email"], at=NOON + hours * HOUR)

    at = OutgoingMail.objects.order_by("queued_at").values_list("queued_at", flat=True)
    assert [(moment - NOON) // HOUR for moment in at] == [1, 2, 3, 25, 26, 27]


@pytest.mark.parametrize(
    "fields",
    [
        {"suspicion": "trapped"},
        {"status": S.SPAM, "closed_at": timezone.now()},
        {"status": S.WITHDRAWN, "closed_at": timezone.now() - 91 * DAY},
    ],
)
def test_no_link_is_mailed_for_what_looks_like_spam_or_has_expired(clinic, client, fields):
    make_consultation(at=timezone.now(), **fields)

    ask_for_link(client)

    assert queued() == []


def test_a_network_that_asks_for_one_link_after_another_is_slowed_down(clinic, client):
    answers = [ask_for_link(client, f"guess-{number}@patients.example") for number in range(12)]

    assert [answer.status_code for answer in answers] == [302] * 10 + [429] * 2
    assert Page(answers[-1]).fields["email"] == ["guess-11@patients.example"]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Write the e-mail address that you gave us."),
        ("zoe@", "Write an e-mail address in full, such as name@example.com."),
    ],
)
def test_a_bad_address_is_told_beside_the_field(clinic, client, typed, error):
    page = Page(ask_for_link(client, typed))

    assert page.title.startswith("Error: ")
    assert page.errors == {"id_email_error": error}


def test_asking_with_an_expired_token_is_shown_again_filled_and_goes_on_with_one_press(clinic):
    make_consultation(at=timezone.now())
    browser = Client(enforce_csrf_checks=True)

    refused = browser.post(LINK, {"email": SAID["email"]})
    answer = browser.post(LINK, Page(refused).fields)

    assert (refused.status_code, answer.url) == (403, LINK_SENT)
