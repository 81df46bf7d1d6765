"""What a person does in a browser. Each waits for the page that it leads to, however slow the machine is."""

import os

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.factories import SAID, clock

TIMEOUT = 30_000


def how_to_launch():
    """What Playwright is told of the browser."""
    if "CHROMIUM" not in os.environ:
        pytest.fail("CHROMIUM does not name a browser. `make test` looks for one; `-m 'not browser'` leaves these out.")
    return {
        "executable_path": os.environ["CHROMIUM"],
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    }


def press(page, name, **options):
    with page.expect_navigation(timeout=TIMEOUT):
        page.get_by_role("button", name=name, **options).click()


def follow(page, link):
    with page.expect_navigation(timeout=TIMEOUT):
        link.click()


# Staff


def choose_password(page, password):
    page.get_by_label("New Password", exact=True).fill(password)
    page.get_by_label("New Password (again)").fill(password)
    press(page, "Keep this password")


def code_for(secret):
    return format_hotp_value(hotp_value(secret, int(clock() // 30)))


def write(page, site, **fields):
    page.goto(f"{site}/admin/tips/tip/add/")
    for name, words in fields.items():
        page.locator(f"[name={name}]").fill(words)
    press(page, "Save", exact=True)


def whole_text():
    return {
        "title": "Stairs without fear",
        "summary": "Three calm ways to make the stairs at home easier, and when to have a knee looked at.",
        "body": "Start low.\n\n## One step\n\nStand on the first step, then come down slowly.",
        "sources": "A study of stairs. 2020.",
        "slug": "stairs-without-fear",
    }


# The patient's eight pages, in their order; the last one only shows


def go_on(page):
    press(page, "Continue")


def answer_who(page):
    page.get_by_label("Me", exact=True).check()
    page.get_by_label("18 or over").check()


def answer_where(page):
    page.get_by_label("Knee").check()


def answer_no_signs(page):
    page.get_by_label("None of these").check()


def answer_problem(page):
    page.get_by_label("One to six weeks").check()
    page.get_by_label("Little by little").check()
    page.get_by_label("What is one activity").fill(SAID["goal"])
    page.get_by_label("4", exact=True).check()


def answer_times(page):
    page.get_by_label("At the clinic").check()
    page.get_by_role("group", name="Monday").get_by_label("Morning").check()


def answer_contact(page):
    page.get_by_label("Your own full name").fill(SAID["full_name"])
    page.get_by_label("Phone number").fill("(407) 698-5559")
    page.get_by_label("E-mail address").fill(SAID["email"])
    page.get_by_label("Call me").check()


STEPS = [answer_who, answer_where, answer_no_signs, answer_no_signs, answer_problem, answer_times, answer_contact]
