"""Coming in for the first time, by an app and by a passkey, as staff do it in a browser."""

import re

import pytest
from django.utils import timezone

from clinic import emails
from tests.browser.acts import choose_password, code_for, follow, press
from tests.factories import PASSWORD, make_person

pytestmark = pytest.mark.browser

VIRTUAL_KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def newcomer(site):
    """A therapist who was invited and has never been here."""
    person = make_person("Therapist", username="sam")
    person.authenticator_set.all().delete()
    person.set_unusable_password()
    person.save()
    emails.invitation(person, at=timezone.now())
    return person


@pytest.fixture
def invited(page, newcomer, mails, is_fit):
    """The same, with a password chosen through the link of the invitation, at the page that asks for a second step."""
    [mail] = mails()
    page.goto(re.search(r"http\S+/password/new/\S+", mail.get_body(("plain",)).get_content())[0])
    is_fit(page)
    choose_password(page, "123456789012")
    is_fit(page)
    assert page.title().startswith("Error:")
    choose_password(page, PASSWORD)
    follow(page, page.get_by_role("main").get_by_role("link", name="Sign in"))
    sign_in(page)
    assert page.get_by_role("heading", level=1).inner_text() == "Your second step"
    is_fit(page)
    return page


def sign_in(page):
    page.locator("[name=login]").fill("sam")
    page.locator("[name=password]").fill(PASSWORD)
    press(page, "Sign in", exact=True)


def test_a_newcomer_sets_up_an_app_sees_the_codes_and_comes_in_with_it(invited, is_fit, site):
    page = invited
    page.set_viewport_size({"width": 320, "height": 700})
    follow(page, page.get_by_role("link", name="Set up an app"))
    page.get_by_text("The app cannot read it?").click()
    is_fit(page)
    secret = page.locator(".secret").inner_text()
    page.locator("[name=code]").fill(code_for(secret))
    press(page, "That is my code")
    is_fit(page)
    codes = page.locator(".codes code").all_inner_texts()
    follow(page, page.get_by_role("link", name="I have them"))
    assert page.url == f"{site}/admin/queue/"

    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/admin/sign-in/")
    is_fit(page)
    sign_in(page)
    is_fit(page)
    page.locator("[name=code]").fill("000000")
    press(page, "Sign in", exact=True)
    is_fit(page)
    assert page.title().startswith("Error:")
    page.locator("[name=code]").fill(codes[0])
    press(page, "Sign in", exact=True)

    assert len(codes) == 10
    assert page.url == f"{site}/admin/queue/"


def test_a_newcomer_adds_a_passkey_and_comes_in_with_it_alone(invited, is_fit, site):
    page = invited
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL_KEY})
    follow(page, page.get_by_role("link", name="Add a passkey"))
    page.get_by_label("Let me sign in with it alone").check()
    is_fit(page)
    press(page, "Add it")
    is_fit(page)
    follow(page, page.get_by_role("link", name="I have them"))
    page.goto(f"{site}/admin/second-step/keys/")
    is_fit(page)

    page.goto(f"{site}/admin/")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/admin/sign-in/")
    press(page, "Sign in with a passkey")

    assert page.url == f"{site}/admin/queue/"


def test_a_passkey_that_gives_no_answer_is_said(page, newcomer, site, is_fit):
    page.goto(f"{site}/admin/sign-in/")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('no')) }")

    page.get_by_role("button", name="Sign in with a passkey").click()

    page.get_by_text("The passkey gave no answer").wait_for()
    is_fit(page)


def test_a_code_by_mail_is_for_those_who_cannot_use_their_password(page, site, mails, is_fit):
    make_person("Editor", username="kim")
    page.goto(f"{site}/admin/sign-in/")
    follow(page, page.get_by_role("link", name="Have a code sent to you"))
    is_fit(page)
    page.locator("[name=email]").fill("kim@clinic.example")
    press(page, "Send me a code")
    is_fit(page)
    [mail] = mails()
    code = re.search(r"Your code: (\S+)", mail.get_body(("plain",)).get_content())[1]
    page.locator("[name=code]").fill(code)
    press(page, "Go on")

    assert page.url == f"{site}/admin/articles/"
