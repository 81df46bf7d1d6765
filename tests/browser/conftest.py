import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import make_password

from clinic.management.commands.second_step import code_of_the_moment
from clinic.signin import steps_of
from tests.browser.acts import how_to_launch, press
from tests.factories import PASSWORD

# Wider than the screen, but for what scrolls by itself.
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest('.aside, pre, iframe'))
  .map(e => e.outerHTML.slice(0, 80))"""

# axe leaves out how large a target is, unless it is asked for.
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | how_to_launch()


@pytest.fixture
def complaints():
    """What the browser has complained about so far."""
    return []


@pytest.fixture
def page(page, complaints):
    """A page on which the browser may complain about nothing, such as a violation of the content policy."""
    page.set_default_timeout(30_000)
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


@pytest.fixture
def is_fit(complaints):
    """Asserts that the page as it stands breaks no rule of axe, large targets included, and fits the screen."""

    def check(page):
        page.wait_for_load_state()
        ours = list(complaints)
        found = Axe().run(page, options=RULES).response["violations"]
        # axe tries inline styles of its own, and the content policy refuses them.
        complaints[:] = ours
        broken = [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found]
        assert (page.url, broken) == (page.url, [])
        assert (page.url, page.evaluate(TOO_WIDE)) == (page.url, [])

    return check


@pytest.fixture
def sign_in(site):
    """Sign in through the page, as staff do."""

    def through_the_page(page, person):
        # The suite's quick hash is not known to the real server.
        person.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
        person.save()
        page.goto(f"{site}/admin/")
        page.locator("[name=login]").fill(person.username)
        page.locator("[name=password]").fill(PASSWORD)
        press(page, "Sign in", exact=True)
        if steps_of(person).exists():
            page.locator("[name=code]").fill(code_of_the_moment(person))
            press(page, "Sign in", exact=True)

    return through_the_page
