"""How long staff stay signed in, and what becomes of what they send too late."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from clinic import mail
from clinic.models import OutgoingMail
from clinic.sealing import unseal
from clinic.visits import BEGAN, KEPT, SEEN
from tests.appointments.pages import Page
from tests.appointments.stages import make_arrived
from tests.factories import PASSWORD, code_of_app, make_person, make_tip

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
SIGN_IN = "/admin/sign-in/"


def put_back(client, **ago):
    """As if the visit had begun, or been seen last, so long ago."""
    session = client.session
    for key, length in ago.items():
        session[{"began": BEGAN, "seen": SEEN}[key]] = (timezone.now() - length).timestamp()
    session.save()


def is_in(client):
    return client.get("/admin/", follow=True).request["PATH_INFO"] != SIGN_IN


@pytest.fixture
def at_desk(clinic, signed_in):
    def enter(role):
        client = signed_in(make_person(role, username=role.lower()))
        client.get("/admin/", follow=True)
        return client

    return enter


@pytest.mark.parametrize(
    ("role", "idle", "stays"),
    [
        ("Therapist", 14 * MINUTE, True),
        ("Therapist", 16 * MINUTE, False),
        ("Owner", 16 * MINUTE, False),
        ("Editor", 16 * MINUTE, True),
        ("Editor", 121 * MINUTE, False),
    ],
)
def test_a_visit_ends_when_nobody_has_touched_it_for_a_while(at_desk, role, idle, stays):
    client = at_desk(role)
    put_back(client, seen=idle)

    assert is_in(client) == stays


@pytest.mark.parametrize(("length", "stays"), [(719 * MINUTE, True), (721 * MINUTE, False)])
def test_no_visit_is_longer_than_twelve_hours(at_desk, length, stays):
    client = at_desk("Editor")
    put_back(client, began=length, seen=MINUTE)

    assert is_in(client) == stays


def test_a_page_that_is_opened_is_a_hand_on_the_desk_and_a_list_that_refreshes_itself_is_none(at_desk):
    client = at_desk("Therapist")
    put_back(client, seen=10 * MINUTE)

    client.get("/admin/queue/", headers={"X-Shown": ""})
    after_the_refresh = client.session[SEEN]
    client.get("/admin/queue/")

    assert timezone.now().timestamp() - after_the_refresh > 590
    assert timezone.now().timestamp() - client.session[SEEN] < 60


def test_the_cookie_of_an_ended_visit_opens_nothing_later(at_desk):
    client = at_desk("Therapist")
    put_back(client, seen=20 * MINUTE)
    stolen = client.cookies["sessionid"].value
    client.get("/admin/queue/")

    client.cookies["sessionid"] = stolen

    assert not is_in(client)


def test_what_is_sent_too_late_is_kept_and_sent_after_signing_in(at_desk):
    client = at_desk("Editor")
    tip = make_tip(published_at=None)
    form = {"comment": "Say which <leg> first.", "text": "1"}
    tip.submit(by=tip.author, at=timezone.now())
    put_back(client, seen=3 * 60 * MINUTE)

    refused = client.post(f"/admin/articles/{tip.pk}/request_changes/", form)
    kept = unescape(re.search(r'name="kept" value="([^"]*)"', refused.content.decode())[1])
    offered = client.post(SIGN_IN, {"login": "editor", "password": PASSWORD, "kept": kept}, follow=True)
    sent = dict(re.findall(r'type="hidden" name="(comment|text)" value="([^"]*)"', offered.content.decode()))
    client.post(f"/admin/articles/{tip.pk}/request_changes/", {name: unescape(text) for name, text in sent.items()})

    assert (refused.status_code, tip.steps.count()) == (403, 2)
    assert "Say which" not in refused.content.decode()
    assert tip.steps.last().comment == "Say which <leg> first."
    assert client.get("/admin/go-on/").status_code == 302


@pytest.mark.parametrize(("forgotten", "role"), [(False, "Therapist"), (False, "Editor"), (True, "Editor")])
def test_nobody_else_is_offered_what_was_written_about_a_patient(at_desk, signed_in, forgotten, role):
    client, consultation = at_desk("Therapist"), make_arrived()
    put_back(client, seen=60 * MINUTE)
    if forgotten:
        client.session.flush()
    refused = client.post(f"/admin/queue/{consultation.reference}/note/", {"text": "Her knee, again."})
    kept = unescape(re.search(r'name="kept" value="([^"]*)"', refused.content.decode())[1])
    other = make_person(role, username="somebody-else")

    client.post(SIGN_IN, {"login": other.username, "password": PASSWORD, "kept": kept})
    if role == "Therapist":
        client.post("/admin/sign-in/second-step/", {"code": code_of_app()})
    offered = client.get("/admin/go-on/", follow=True)

    assert offered.request["PATH_INFO"] not in {"/admin/go-on/", SIGN_IN}
    assert "Her knee" not in offered.content.decode()


def test_a_wrong_password_keeps_it_as_well(at_desk):
    client = at_desk("Editor")
    put_back(client, seen=3 * 60 * MINUTE)
    refused = client.post("/admin/tips/tip/add/", {"title": "Mine"})
    kept = unescape(re.search(r'name="kept" value="([^"]*)"', refused.content.decode())[1])

    again = client.post(SIGN_IN, {"login": "editor", "password": "wrong", "kept": kept})

    assert f'value="{kept}"' in again.content.decode()


def by_a_code(client, kept):
    asked = client.post("/admin/sign-in/code/", {"kept": kept}, follow=True)
    sent = client.post("/admin/sign-in/code/", Page(asked).fields | {"email": "therapist@clinic.example"}, follow=True)
    code = facts_of("sign_in_code")["code"]
    client.post("/admin/sign-in/code/enter/", Page(sent).fields | {"code": code})
    return client.post("/admin/sign-in/second-step/", {"code": code_of_app()}, follow=True)


def by_a_new_password(client, kept):
    asked = client.post("/admin/password/forgotten/", {"kept": kept}, follow=True)
    client.post("/admin/password/forgotten/", Page(asked).fields | {"email": "therapist@clinic.example"})
    form = client.get(facts_of("new_password")["path"], follow=True).request["PATH_INFO"]
    chosen = "another long one, for my cello"
    client.post(form, {"password1": chosen, "password2": chosen})
    client.post(SIGN_IN, {"login": "therapist", "password": chosen})
    return client.post("/admin/sign-in/second-step/", {"code": code_of_app()}, follow=True)


def facts_of(event):
    return unseal(OutgoingMail.objects.get(event=event).context, purpose=mail.SEAL)


@pytest.mark.parametrize("come_in", [by_a_code, by_a_new_password])
def test_what_was_sent_too_late_comes_along_by_the_other_ways_in(at_desk, come_in):
    client = at_desk("Therapist")
    put_back(client, seen=20 * MINUTE)
    page = Page(client.post(f"/admin/queue/{make_arrived().reference}/note/", {"text": "Called, no answer."}))
    ways = [tag.attrs.get("formaction") or tag.inside[-2].attrs["action"] for tag in page.within("button", "actions")]

    offered = come_in(client, page.fields["kept"][0])

    assert ways == ["/admin/sign-in/code/", "/admin/password/forgotten/"]
    assert [link for link in page.all("a") if link.attrs["href"] in ways] == []
    assert offered.request["PATH_INFO"] == "/admin/go-on/"
    assert "Called, no answer." in offered.content.decode()


def test_the_other_ways_in_are_links_where_nothing_was_kept(clinic, client):
    asked = client.post("/admin/sign-in/code/", {"kept": "forged"})

    links = [link.attrs["href"] for link in Page(client.get(SIGN_IN)).all("a")]
    assert {"/admin/sign-in/code/", "/admin/password/forgotten/"} <= set(links)
    assert (asked.status_code, asked["Location"]) == (302, "/admin/sign-in/code/")


@pytest.mark.parametrize("way", ["/admin/sign-in/code/", "/admin/password/forgotten/", "/admin/sign-in/key/"])
def test_strangers_have_so_much_kept_from_one_network_and_no_more(clinic, editor, way):
    refused = Client().post("/admin/queue/CR-ACDEFG/note/", {"text": "Hello"})
    kept = unescape(re.search(r'name="kept" value="([^"]*)"', refused.content.decode())[1])

    for _ in range(20):
        Client().post("/admin/sign-in/code/", {"kept": kept})

    answer = Client().post(way, {"kept": kept, "credential": ""})
    elsewhere = Client(REMOTE_ADDR="203.0.113.7").post(way, {"kept": kept, "credential": ""})
    known = Client().post(SIGN_IN, {"login": editor.username, "password": PASSWORD, "kept": kept})

    assert (answer.status_code, elsewhere.status_code, known["Location"]) == (429, 302, "/admin/go-on/")
    assert [KEPT in session.get_decoded() for session in Session.objects.all()] == [True] * 22


@pytest.mark.parametrize(("characters", "status"), [(75_000, 403), (150_000, 400)])
def test_no_more_is_kept_than_a_form_of_the_desk_holds(clinic, client, characters, status):
    answer = client.post("/admin/tips/tip/add/", {"body": "é" * characters})

    assert (answer.status_code, 'name="kept"' in answer.content.decode()) == (status, status == 403)


def test_what_was_not_kept_by_us_is_not_offered(clinic, client, editor):
    answer = client.post(SIGN_IN, {"login": editor.username, "password": PASSWORD, "kept": "forged"})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_nothing_is_kept_of_what_another_site_sends(clinic, signed_in, therapist):
    strict = signed_in(therapist)
    strict.handler.enforce_csrf_checks = True
    consultation = make_arrived()
    put_back(strict, seen=60 * MINUTE)

    answer = strict.post(f"/admin/queue/{consultation.reference}/note/", {"text": "Hello"})

    assert (answer.status_code, "kept" in answer.content.decode()) == (403, False)


OURS = {"origin": "http://testserver"}
SECRETS = [
    ("/admin/password/", {"oldpassword": PASSWORD, "password1": "mine", "password2": "mine"}),
    ("/admin/confirm/", {"password": PASSWORD}),
    ("/admin/confirm/code/", {"code": "123456"}),
]


def from_another_tab(client):
    """As a page that was drawn before somebody signed in once more in another tab."""
    client.handler.enforce_csrf_checks = True
    client.cookies["csrftoken"] = "n" * 32
    return {"csrfmiddlewaretoken": "o" * 32}


def test_what_comes_from_a_page_older_than_the_sign_in_is_offered_once_more(at_desk):
    client, consultation = at_desk("Therapist"), make_arrived()
    path, old = f"/admin/queue/{consultation.reference}/note/", from_another_tab(client)

    refused = client.post(path, old | {"text": "Call <after> five."}, headers=OURS)
    page = refused.content.decode()
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    kept_before = consultation.notes.count()
    client.post(path, {name: unescape(text) for name, text in sent.items()}, headers=OURS)

    assert (refused.status_code, kept_before, f'action="{path}"' in page) == (403, 0, True)
    assert "no-store" in refused["Cache-Control"]
    assert consultation.notes.get().text == "Call <after> five."


@pytest.mark.parametrize("origin", [{}, {"origin": "https://evil.example"}, {"origin": "null"}])
def test_nothing_is_offered_of_what_another_site_sends(at_desk, origin):
    client, consultation = at_desk("Therapist"), make_arrived()

    answer = client.post(
        f"/admin/queue/{consultation.reference}/note/", from_another_tab(client) | {"text": "Hello"}, headers=origin
    )

    assert (answer.status_code, "Hello" in answer.content.decode()) == (403, False)


def test_an_editor_is_offered_nothing_that_was_written_about_a_patient_at_this_computer(at_desk):
    client, consultation = at_desk("Editor"), make_arrived()

    answer = client.post(
        f"/admin/queue/{consultation.reference}/note/", from_another_tab(client) | {"text": "Her knee."}, headers=OURS
    )

    assert (answer.status_code, "Her knee" in answer.content.decode()) == (403, False)


def test_whoever_was_signed_out_meanwhile_signs_in_and_goes_on(at_desk):
    client, consultation = at_desk("Therapist"), make_arrived()
    client.session.flush()

    answer = client.post(
        f"/admin/queue/{consultation.reference}/note/", from_another_tab(client) | {"text": "Her knee."}, headers=OURS
    )

    page = answer.content.decode()
    assert (answer.status_code, 'name="kept"' in page, "Her knee" in page) == (403, True, False)


@pytest.mark.parametrize(
    ("address", "typed"),
    [(SIGN_IN, {"login": "editor", "password": PASSWORD}), *SECRETS],
)
def test_a_password_is_never_offered_once_more(at_desk, address, typed):
    client = at_desk("Editor")

    answer = client.post(address, from_another_tab(client) | typed, headers=OURS)

    assert (answer.status_code, answer["Location"]) == (302, address)


@pytest.mark.parametrize(("address", "typed"), SECRETS)
def test_a_password_that_is_sent_too_late_is_not_kept(at_desk, address, typed):
    client = at_desk("Editor")
    put_back(client, seen=3 * 60 * MINUTE)

    answer = client.post(address, typed)

    assert (answer.status_code, answer.headers.get("Location")) == (302, f"{SIGN_IN}?next={address}")


@pytest.mark.parametrize("change", ["password", "disabled", "signed out"])
def test_a_visit_ends_at_once_with_the_password_the_account_or_the_signing_out(at_desk, change):
    client = at_desk("Therapist")
    cookie = client.cookies["sessionid"].value
    person = client.get("/admin/queue/").wsgi_request.user
    if change == "signed out":
        client.post("/admin/sign-out/")
    elif change == "disabled":
        person.is_active = False
        person.save()
    else:
        person.set_password("another long password of mine")
        person.save()

    client.cookies["sessionid"] = cookie

    assert not is_in(client)


def test_signing_out_clears_what_the_browser_kept(clinic, signed_in, therapist):
    browser = signed_in(therapist)

    asked, out = browser.get("/admin/sign-out/"), browser.post("/admin/sign-out/")

    assert "Clear-Site-Data" not in asked
    assert out.headers.get("Clear-Site-Data") == '"cache", "storage"'
