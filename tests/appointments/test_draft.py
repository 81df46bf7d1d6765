import base64

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from appointments import draft
from appointments.forms import STEPS
from appointments.models import ConsultationRequest, PatientStatement
from appointments.views.steps import LOST
from clinic.sealing import seal
from tests.factories import SAID

from .pages import CHECK, GONE, SENT, TYPED, Page, address, fill, press

pytestmark = pytest.mark.django_db

STEP_NAMES = list(STEPS)


def flush(client):
    client.session.flush()


def clear_cookies(client):
    client.cookies.clear()


def lose_the_rows(client):
    Session.objects.all().delete()


LOSSES = [flush, clear_cookies, lose_the_rows]


def said():
    """What is kept of the one request; nothing where there is none."""
    assert PatientStatement.objects.count() <= 1
    kept = PatientStatement.objects.values(*SAID).first()
    return kept and kept | {"phone": kept["phone"].as_e164}


def page_of(client, step):
    return Page(client.get(CHECK if step == "check" else address(step)))


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("step", STEP_NAMES)
def test_a_lost_session_is_restored_from_the_page_at_the_next_press(clinic, client, step, lose):
    fill(client, until=step)
    page = page_of(client, step)
    lose(client)

    client.post(address(step), page.fields | TYPED[step])

    for later in STEP_NAMES[STEP_NAMES.index(step) + 1 :]:
        client.post(address(later), TYPED[later])
    client.post(CHECK)
    assert said() == SAID


@pytest.mark.parametrize("lose", LOSSES)
def test_a_session_lost_on_the_last_page_still_sends(clinic, client, lose):
    fill(client)
    page = page_of(client, "check")
    lose(client)

    client.post(CHECK, page.fields)

    assert said() == SAID


def test_a_session_lost_before_a_bad_answer_still_brings_the_earlier_ones_back(clinic, client):
    fill(client, until="contact")
    page = page_of(client, "contact")
    flush(client)

    again = press(client, address("contact"), page.fields | TYPED["contact"] | {"full_name": ""})
    flush(client)
    client.post(address("contact"), again.fields | TYPED["contact"])

    client.post(CHECK)
    assert said() == SAID


def test_send_with_a_session_lost_half_way_keeps_the_answers_and_asks_for_the_rest(clinic, client):
    fill(client, until="times")
    page = page_of(client, "times")
    flush(client)

    answer = client.post(CHECK, {"carried": page.fields["carried"]})

    assert (answer.status_code, answer.url) == (302, address("times"))
    assert page_of(client, "problem").fields["goal"] == [SAID["goal"]]


def without_its_end(sealed):
    return sealed[:-4]


def changed_in_the_middle(sealed):
    middle = len(sealed) // 2
    return sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]


def of_another_purpose(sealed):
    return seal({"key": "k", "tip": "", "answers": {"where": {"region": ["neck"]}}}, purpose="outbox")


@pytest.mark.parametrize("forge", [without_its_end, changed_in_the_middle, of_another_purpose, lambda sealed: "é{}"])
def test_a_forged_copy_is_ignored_and_the_session_stands(clinic, client, forge):
    fill(client)
    page = page_of(client, "check")

    answer = client.post(CHECK, {"carried": forge(page.fields["carried"][0])})

    assert answer.url == SENT
    assert said() == SAID


@pytest.mark.parametrize("forge", [without_its_end, changed_in_the_middle, of_another_purpose, lambda sealed: "é{}"])
def test_a_forged_copy_without_a_session_brings_nothing(clinic, client, forge):
    fill(client)
    page = page_of(client, "check")

    answer = Client().post(CHECK, {"carried": forge(page.fields["carried"][0])})

    assert answer.url == GONE
    assert ConsultationRequest.objects.count() == 0


def test_a_copy_that_is_too_old_is_ignored(clinic, client, monkeypatch):
    fill(client)
    page = page_of(client, "check")
    monkeypatch.setattr(draft, "SEALED_SECONDS", -1)

    answer = Client().post(CHECK, page.fields)

    assert answer.url == GONE
    assert ConsultationRequest.objects.count() == 0


def test_the_copy_in_the_page_can_be_read_by_nobody(clinic, client):
    fill(client)

    carried = page_of(client, "check").fields["carried"][0]

    opened = base64.urlsafe_b64decode(carried)
    readable = [word for word in (SAID["goal"], SAID["email"], "full_name", "answers") if word.encode() in opened]
    assert readable == []


def test_an_older_page_does_not_undo_what_was_answered_since(clinic, client):
    fill(client, until="where")
    old = page_of(client, "where")
    fill(client)

    client.post(address("where"), old.fields | {"region": "neck"})
    client.post(address("safety"), TYPED["safety"])
    client.post(address("urgent"), TYPED["urgent"])
    client.post(CHECK)

    assert ConsultationRequest.objects.get().region == "neck"
    assert said() == SAID


def test_two_visitors_at_one_computer_do_not_mix(clinic, client):
    fill(client)
    first = page_of(client, "check")
    flush(client)
    fill(client, contact={"full_name": "Ada Byron"})

    client.post(CHECK, first.fields)

    assert said() == SAID


# Nothing is left of it


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("step", [*STEP_NAMES[1:], "check", "advice"])
def test_a_page_asked_for_when_the_session_has_run_out_leads_to_a_first_page_that_says_so(clinic, client, step, lose):
    fill(client)
    lose(client)

    page = Page(client.get({"check": CHECK, "advice": "/consultation/advice/"}.get(step) or address(step), follow=True))

    assert (page.texts("h1"), page.notes) == ([str(STEPS["who"].title)], [str(LOST)])
    assert client.post(GONE, page.fields | TYPED["who"]).url == address("where")


def test_a_page_too_old_to_bring_its_answers_back_says_so(clinic, client, monkeypatch):
    fill(client, until="contact")
    page = page_of(client, "contact")
    monkeypatch.setattr(draft, "SEALED_SECONDS", -1)

    again = Page((later := Client()).post(address("contact"), page.fields | TYPED["contact"], follow=True))

    assert (again.texts("h1"), again.notes) == ([str(STEPS["who"].title)], [str(LOST)])
    assert "Error" not in again.title
    assert page_of(fill(later, until="contact"), "contact").fields["full_name"] == [SAID["full_name"]]


def test_nobody_else_reads_that_something_was_lost(clinic, client):
    lost = Page(client.get(CHECK, follow=True))

    first = page_of(Client(), "who")
    fill(client, until="where")
    reloaded = Page(client.get(GONE))

    assert [bool(page.notes) for page in (lost, first, reloaded)] == [True, False, False]


# A page whose token has expired


def strict():
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("step", STEP_NAMES)
def test_a_page_open_too_long_is_shown_again_filled_and_goes_on_with_one_press(clinic, client, step):
    fill(client, until=step)
    typed = page_of(client, step).fields | TYPED[step]
    browser = strict()

    refused = browser.post(address(step), typed | {"csrfmiddlewaretoken": "x" * 64})
    page = Page(refused)
    answer = browser.post(address(step), page.fields)

    assert (refused.status_code, page.texts("h1")) == (403, [str(STEPS[step].title)])
    assert page.notes == [
        "This page was open for a while, so we could not be sure it was yours. Nothing is lost: press the button again."
    ]
    expected = {name: value if isinstance(value, list) else [value] for name, value in TYPED[step].items()}
    assert {name: page.fields.get(name) for name in expected} == expected
    following = [*map(address, STEP_NAMES), CHECK][STEP_NAMES.index(step) + 1]
    assert (answer.status_code, answer.url) == (302, following)


def test_a_check_page_open_too_long_is_shown_again_and_sends_with_one_press(clinic, client):
    fill(client)
    typed = page_of(client, "check").fields
    browser = strict()

    refused = browser.post(CHECK, typed)
    answer = browser.post(CHECK, Page(refused).fields)

    assert refused.status_code == 403
    assert SAID["goal"] in Page(refused).texts("dd")
    assert answer.url == SENT
    assert said() == SAID


def test_nothing_is_sent_or_kept_by_a_page_with_a_wrong_token(clinic, client):
    fill(client)
    typed = page_of(client, "check").fields

    strict().post(CHECK, typed)

    assert ConsultationRequest.objects.count() == 0


# What no browser sends


HOSTILE = {
    "NUL": b"\0",
    "lone surrogate": b"%ED%A0%80",
    "overlong": b"%C0%AF",
    "10,000 characters": b"x" * 10_000,
    "huge number": b"9" * 5_000,
    "bidi": "‮‏​".encode(),
    "markup": b"<script>alert(1)</script>",
    "header": b"a%0D%0ABcc:%20b@example.com",
}


@pytest.mark.parametrize("words", HOSTILE.values(), ids=list(HOSTILE))
@pytest.mark.parametrize("step", STEP_NAMES)
def test_no_words_in_any_field_break_a_page(clinic, client, step, words):
    fill(client, until=step)
    names = [*STEPS[step].base_fields, "carried"]
    body = b"&".join(name.encode() + b"=" + words for name in names)

    answer = client.post(address(step), body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code in ({400} if words == HOSTILE["NUL"] else {200, 302})
    assert client.get(CHECK).status_code == 302


def as_bytes(value):
    return [each.encode() for each in ([value] if isinstance(value, str) else value)]


@pytest.mark.parametrize("charset", ["utf-7", "raw_unicode_escape", "unicode_escape", "hex", "idna", "utf-16", "none"])
@pytest.mark.parametrize("step", ["who", "problem"])
def test_no_charset_breaks_a_page(clinic, client, step, charset):
    fill(client, until=step)
    odd = b"run +2AA- \\ud800 \\x00"
    free = {"goal", "note", "for_whom"}
    typed = {name: odd if name in free else b"".join(as_bytes(value)[:1]) for name, value in TYPED[step].items()}
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = b"".join(part % (name.encode(), value) for name, value in typed.items()) + b"--x--\r\n"

    answer = client.generic("POST", address(step), body, f"multipart/form-data; boundary=x; charset={charset}")

    assert answer.status_code < 500
    assert client.get(CHECK).status_code < 500


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=\0", "text/plain", "x"])
def test_no_kind_of_body_breaks_a_page(clinic, client, content_type):
    answer = client.post(address("who"), b"--x\r\nfor_whom=me", content_type=content_type)

    assert answer.status_code in {400, 415}
    assert ConsultationRequest.objects.count() == 0


def test_two_thousand_fields_are_too_many(clinic, client):
    answer = client.post(address("who"), {f"field{number}": "x" for number in range(2_000)})

    assert answer.status_code == 400
    assert ConsultationRequest.objects.count() == 0


def test_one_answer_given_a_thousand_times_is_kept_once(clinic, client):
    fill(client)

    client.post(address("times"), TYPED["times"] | {"windows": ["mon-am"] * 900})
    client.post(CHECK)

    assert said()["windows"] == ["mon-am"]


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "head"])
@pytest.mark.parametrize("path", ["/consultation/", "/consultation/who/", CHECK, SENT])
def test_no_method_breaks_a_page_or_stores_anything(clinic, client, method, path):
    answer = getattr(client, method)(path)

    assert answer.status_code < 500
    assert ConsultationRequest.objects.count() == 0
