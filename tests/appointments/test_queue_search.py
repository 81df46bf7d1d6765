"""Looking for a request, in the words that people have on the phone; and what is kept of that."""

import pytest

from appointments.models import ConsultationRequest
from clinic import audit
from tests.factories import DAY, NOON, SAID, come_in, make_consultation

from .desk import QUEUE, audited, references
from .pages import Page

pytestmark = pytest.mark.django_db

SEARCH = f"{QUEUE}search/"
CONTACT = {"phone": "+14075550123", "email": "ana@patients.example"}


def said_of(page):
    return page.texts("p", class_="found")[0]


@pytest.mark.parametrize("typed", ["CR-ACDEFG", "cr-acdefg", " acdefg ", "CR ACDEFG", "crACDEFG"])
def test_a_reference_leads_straight_to_its_request(clinic, signed_in, therapist, typed):
    make_consultation(reference="CR-ACDEFG")

    answer = signed_in(therapist).post(SEARCH, {"term": typed})

    assert (answer.status_code, answer.url) == (302, f"{QUEUE}CR-ACDEFG/")
    found = {"term": audit.fingerprint(typed), "references": ["CR-ACDEFG"]}
    assert audited() == [("searched", therapist.pk, "", found)]


@pytest.mark.parametrize(
    "typed",
    [
        "+1 407 698 5559", "(407) 698-5559", "407.698.5559", "4076985559", " 1-407-698-5559 ", "tel:+14076985559",
        "407-698-5559 ext. 12", "zoe@patients.example", "ZOE@Patients.Example",
        "Zoë Núñez", "nunez", "ZO", "Nuñez, Zoe",
    ],
)  # fmt: skip
def test_somebody_is_found_by_contact_in_any_writing_or_by_how_a_name_begins(clinic, signed_in, therapist, typed):
    wanted = make_consultation()
    make_consultation(said={"full_name": "Ana Díaz", **CONTACT})

    answer = signed_in(therapist).post(SEARCH, {"term": typed})

    assert references(answer) == [wanted.reference]
    assert said_of(Page(answer)) == "1 request found."
    found = {"term": audit.fingerprint(typed), "references": [wanted.reference]}
    assert audited() == [("searched", therapist.pk, "", found)]


def test_six_letters_that_could_be_a_reference_may_be_a_name(clinic, signed_in, therapist):
    harper = make_consultation(said={"full_name": "May Harper"})

    answer = signed_in(therapist).post(SEARCH, {"term": "Harper"})

    assert references(answer) == [harper.reference]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("CR-XXXXXX", "No request has the reference CR-XXXXXX."),
        ("cr-12", "No request has the reference CR-12."),
        ("698-5559", "Write the whole phone number with its area code, such as (407) 555-0123."),
        ("+1 (407) 698-555", "Write the whole phone number with its area code, such as (407) 555-0123."),
        ("zoe@", "Write the whole e-mail address, such as name@example.com."),
        ("zoe@patients", "Write the whole e-mail address, such as name@example.com."),
        ("z", "Write at least two letters of a name."),
        ("?!", "Write at least two letters of a name."),
        ("x" * 300, "That is too long. Write a reference, a phone number, an e-mail address or a name."),
    ],
)
def test_what_cannot_be_looked_for_is_answered_with_what_can(clinic, signed_in, therapist, typed, sentence):
    make_consultation()

    answer = signed_in(therapist).post(SEARCH, {"term": typed})

    page = Page(answer)
    assert (answer.status_code, references(answer), said_of(page)) == (200, [], sentence)
    assert audited() == [("searched", therapist.pk, "", {"term": audit.fingerprint(typed), "references": []})]


@pytest.mark.parametrize("typed", ["unez", "zoe xavier", "' OR 1=1 --", "<script>alert(1)</script>", "zo%", "zoe\\"])
def test_nobody_is_found_by_what_no_name_begins_with(clinic, signed_in, therapist, typed):
    make_consultation(said={"full_name": "Ana Díaz"})

    answer = signed_in(therapist).post(SEARCH, {"term": typed})

    assert references(answer) == []
    assert said_of(Page(answer)).startswith("Nobody was found.")
    assert "<script>alert" not in answer.content.decode()
    [(action, *_, detail)] = audited()
    assert (action, detail) == ("searched", {"term": audit.fingerprint(typed), "references": []})


def test_what_was_typed_is_kept_in_no_address_and_no_record(clinic, signed_in, therapist):
    make_consultation()
    client = signed_in(therapist)

    answer = client.post(SEARCH, {"term": "nunez"})

    assert (answer.status_code, answer.request["QUERY_STRING"]) == (200, "")
    assert "no-store" in answer["Cache-Control"]
    assert "nunez" not in repr(audited())
    assert "nunez" not in repr(dict(client.session))
    [(term, method)] = [
        (tag.attrs["value"], tag.inside[-1].attrs["method"]) for tag in Page(answer).all("input", id="term")
    ]
    assert (term, method) == ("nunez", "post")


def test_a_result_shows_no_name_no_contact_and_no_word_of_health(clinic, signed_in, therapist):
    make_consultation()

    text = signed_in(therapist).post(SEARCH, {"term": "nunez"}).content.decode()

    assert "CR-" in text
    words = [*(str(SAID[name]) for name in ("full_name", "phone", "email", "goal", "note")), "Zoë", "698-5559"]
    assert [word for word in words if word in text] == []


def test_the_newest_fifty_are_shown_and_that_there_are_more(clinic, signed_in, therapist):
    rows = [make_consultation(submitted_at=NOON + number * DAY).reference for number in range(51)]
    client = signed_in(therapist)

    answer = client.post(SEARCH, {"term": "zoe"})

    assert references(answer) == rows[:0:-1]
    assert said_of(Page(answer)).startswith("The newest 50 are shown; there are more.")
    assert audited()[0][3]["references"] == rows[:0:-1]


def test_a_closed_request_and_a_suspect_are_found_too(clinic, signed_in, therapist):
    closed = make_consultation(status="withdrawn")
    suspect = make_consultation(suspicion="trapped")

    answer = signed_in(therapist).post(SEARCH, {"term": "zoe"})

    assert references(answer) == [suspect.reference, closed.reference]


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_term_one_is_led_to_the_queue(clinic, signed_in, therapist, method):
    answer = getattr(signed_in(therapist), method)(SEARCH, {"term": "zoe"} if method == "get" else {"term": " "})

    assert (answer.status_code, answer.url, audited()) == (302, QUEUE, [])


def test_a_search_without_its_token_is_refused(clinic, therapist):
    client = come_in(therapist, enforce_csrf_checks=True)

    answer = client.post(SEARCH, {"term": "zoe"})

    assert (answer.status_code, audited()) == (403, [])


def test_the_old_address_with_a_reference_looks_for_nothing(clinic, signed_in, therapist):
    make_consultation()

    answer = signed_in(therapist).get(QUEUE, {"reference": "CR-ACDEFG"})

    assert references(answer) == [ConsultationRequest.objects.get().reference]
    assert [action for action, *_ in audited()] == ["listed"]
