"""From an empty folder by docs/operations.md to a running site, and what it is for, over https through nginx: the editor's, the
patient's and the therapist's way, each in a browser of their own. Mail goes through a real mail server."""

import os
import re
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.acts import (
    STEPS,
    TIMEOUT,
    choose_password,
    code_for,
    follow,
    go_on,
    how_to_launch,
    press,
    whole_text,
    write,
)
from tests.conftest import empty_database, free_port
from tests.factories import PASSWORD, SAID
from tests.post_office import PostOffice

from .conftest import HOST, needs_nginx, set_up_to_the_end, site_behind_nginx, started

pytestmark = [needs_nginx, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What the first account's command asks for, in its order; an empty line ends a list, or takes what is offered.
TYPED = [
    *("Riverside Physio", "(407) 698-5558", "1 River Road", "Back on your feet.", ""),
    *("Mon-Sun 8:00-18:00", ""),
    "",
    *("Olive Reed", "olive@riverside.example", "no"),
    "Sam Okafor; sam@riverside.example; therapist; PT, DPT",
    "Nora Fields; nora@riverside.example; editor",
    "Luis Vega; luis@riverside.example; editor",
    "Rita Osei; rita@riverside.example; reviewer; PT, PhD",
    "",
    *("no", "yes"),
]
# Sooner nobody can have read the pages: what is sent then waits apart.
FASTEST_SECONDS = 10.5


@dataclass
class Clinic:
    address: str
    office: PostOffice
    browser: object
    stack: ExitStack

    def visitor(self, **way):
        """A page in a browser of somebody's own, which may complain about nothing."""
        context = self.browser.new_context(ignore_https_errors=True, **way)
        self.stack.callback(context.close)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        complaints = []
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        self.stack.callback(lambda: complaints and pytest.fail(str(complaints)))
        return page

    def link_in_mail(self, to, subject):
        """The address in the mail that somebody got, once it is there."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for mail in [mail for mail in self.office.taken if (mail["To"], mail["Subject"]) == (to, subject)]:
                text = mail.get_body(("plain",)).get_content()
                return re.search(rf"{self.address}/(?:r|admin/password/new)/\S+", text)[0]
            time.sleep(0.1)
        pytest.fail(f"no {subject!r} to {to}: {[(mail['To'], mail['Subject']) for mail in self.office.taken]}")

    def newcomer(self, name, **way):
        """Somebody who was invited chooses a password and signs in."""
        page, email = self.visitor(**way), f"{name}@riverside.example"
        page.goto(self.link_in_mail(email, "Your account at Riverside Physio"))
        choose_password(page, PASSWORD)
        follow(page, page.get_by_role("main").get_by_role("link", name="Sign in"))
        page.locator("[name=login]").fill(email)
        page.locator("[name=password]").fill(PASSWORD)
        press(page, "Sign in", exact=True)
        return page


@contextmanager
def post_office():
    office = PostOffice(free_port())
    door = office.opened()
    yield office
    door.stop()


@pytest.fixture
def clinic(tmp_path, environment, ports, browser_type):
    """A machine that was empty, set up as the page says, with its services as their units start them."""
    command, data = tmp_path / "usr" / "local" / "bin" / "clinic", tmp_path / "var" / "lib" / "clinic"
    launch = how_to_launch()
    launch["args"] = [*launch["args"], f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
    with ExitStack() as stack:
        office = stack.enter_context(post_office())
        database = stack.enter_context(empty_database(environment, data))
        said = set_up_to_the_end(tmp_path, ports, database_url=database, email_url=f"smtp://127.0.0.1:{office.port}")
        assert "System check identified no issues (0 silenced)." in said
        typed = "".join(f"{line}\n" for line in TYPED)
        nothing_set = {"PATH": os.defpath}
        subprocess.run(
            [command, "open_clinic"], input=typed, text=True, check=True, capture_output=True, env=nothing_set
        )
        front = stack.enter_context(site_behind_nginx(tmp_path, ports))
        log = stack.enter_context((tmp_path / "worker.log").open("wb"))
        stack.enter_context(started(tmp_path, "clinic-worker.service", stderr=log))
        browser = browser_type.launch(**launch)
        stack.callback(browser.close)
        yield Clinic(f"https://{HOST}:{front.port}", office, browser, stack)


def publish(clinic):
    """An editor writes, a colleague and a clinician agree."""
    writing = clinic.newcomer("nora")
    write(writing, clinic.address, **whole_text())
    press(writing, "Send to review")
    for name in ("luis", "rita"):
        agreeing = clinic.newcomer(name)
        follow(agreeing, agreeing.get_by_role("link", name="Stairs without fear"))
        press(agreeing, "Agree to this text")
    stand_for_the_safety_screen(agreeing, clinic)


def stand_for_the_safety_screen(page, clinic):
    """Before two people have, one of them a clinician, the form takes no requests."""
    page.goto(f"{clinic.address}/admin/approve/safety/")
    press(page, "I have read it and stand for it")


def read_and_ask(page, clinic):
    """A stranger comes upon the article and answers all questions; nothing is sent yet. Gives when the first one was open."""
    page.goto(clinic.address)
    follow(page, page.get_by_role("link", name="Stairs without fear"))
    expect(page.get_by_text(re.compile("eviewed by Rita Osei"))).to_be_visible()
    follow(page, page.get_by_role("main").get_by_role("link", name="Ask for a consultation"))
    follow(page, page.get_by_role("link", name="Start your request"))
    began = time.monotonic()
    for answer in STEPS:
        answer(page)
        go_on(page)
    return began


def come_in_as_therapist(clinic):
    """The second step of somebody who sees requests is an app; behind it stands the queue."""
    page = clinic.newcomer("sam")
    follow(page, page.get_by_role("link", name="Set up an app"))
    page.get_by_text("The app cannot read it?").click()
    page.locator("[name=code]").fill(code_for(page.locator(".secret").inner_text()))
    press(page, "That is my code")
    follow(page, page.get_by_role("link", name="I have them"))
    stand_for_the_safety_screen(page, clinic)
    page.goto(f"{clinic.address}/admin/")
    return page


def propose(page, reference):
    page.reload()
    follow(page, page.get_by_role("link", name=reference))
    expect(page.get_by_text(SAID["full_name"])).to_be_visible()
    page.locator(".times").first.get_by_role("checkbox").first.check()
    press(page, "Propose")


def test_an_article_is_published_a_reader_asks_for_help_and_a_time_is_booked(clinic):
    publish(clinic)
    therapist = come_in_as_therapist(clinic)
    patient = clinic.visitor(viewport={"width": 360, "height": 780})
    began = read_and_ask(patient, clinic)
    patient.wait_for_timeout(max(0, FASTEST_SECONDS - (time.monotonic() - began)) * 1000)
    press(patient, "Send request")
    patient.goto(clinic.link_in_mail(SAID["email"], "We received your request"))
    reference = patient.locator("main .kicker").inner_text().removeprefix("Your request ")

    propose(therapist, reference)
    patient.goto(clinic.link_in_mail(SAID["email"], "Choose a time"))
    patient.get_by_role("radio").first.check()
    press(patient, "Book this time")

    expect(patient.get_by_text(re.compile(r"Booked: .*At the clinic, 1 River Road", re.DOTALL))).to_be_visible()
    clinic.link_in_mail(SAID["email"], "Your time is booked")
    therapist.reload()
    expect(therapist.get_by_text(re.compile("Booked")).first).to_be_visible()
    assert {mail["From"] for mail in clinic.office.taken} == {f"Riverside Physio <front-desk@{HOST}>"}
