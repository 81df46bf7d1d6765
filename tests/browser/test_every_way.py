"""The form is completed by keyboard alone, from the accessibility tree alone, without JavaScript, and at 400 % zoom."""

import pytest
from playwright.sync_api import expect

from appointments.models import ConsultationRequest, PatientStatement
from tests.factories import SAID

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_KEYS = 120
# What is done on each page, as a screen reader names it: the role, its name, and what is typed there.
PAGES = [
    [("radio", "Me"), ("radio", "18 or over")],
    [("radio", "Knee")],
    [("checkbox", "None of these")],
    [("checkbox", "None of these")],
    [
        ("radio", "One to six weeks"),
        ("radio", "Little by little"),
        ("textbox", "What is one activity you want to get back to?", SAID["goal"]),
    ],
    [("checkbox", "At the clinic"), ("checkbox", "Any time suits me")],
    [("textbox", "Your own full name", SAID["full_name"]), ("textbox", "E-mail address", SAID["email"])],
]
# A phone held upright, and a wide screen at 400 %.
SCREENS = {
    "320 pixels": {"viewport": {"width": 320, "height": 640}},
    "400 % zoom": {"viewport": {"width": 320, "height": 200}, "device_scale_factor": 4},
    "no JavaScript": {"viewport": {"width": 320, "height": 640}, "java_script_enabled": False},
}


@pytest.fixture(params=SCREENS)
def screen(request, browser, site):
    context = browser.new_context(**SCREENS[request.param])
    page = context.new_page()
    page.goto(f"{site}/consultation/")
    yield page
    context.close()


def has_focus(page, target):
    return target.and_(page.locator(":focus")).count() == 1


def go_to(page, target):
    """Press Tab until the target has the focus, as somebody without a mouse does."""
    for _ in range(MOST_KEYS):
        if has_focus(page, target):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} cannot be reached by keyboard")


def answer(page, role, name, words=None):
    target = page.get_by_role(role, name=name, exact=True)
    if role == "radio":
        group = target.get_attribute("name")
        go_to(page, page.locator(f"input[name={group}]"))
        page.keyboard.press("Space")
        for _ in range(MOST_KEYS):
            if target.is_checked():
                return
            page.keyboard.press("ArrowDown")
    go_to(page, target)
    page.keyboard.type(words) if words else page.keyboard.press("Space")


def enter(page, role, name):
    go_to(page, page.get_by_role(role, name=name, exact=True))
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_the_form_is_completed_by_keyboard_alone(screen):
    enter(screen, "link", "Start your request")

    for acts in PAGES:
        for act in acts:
            answer(screen, *act)
        enter(screen, "button", "Continue")
    enter(screen, "button", "Send request")

    reference = ConsultationRequest.objects.get().reference
    expect(screen.get_by_role("heading", level=1)).to_have_text("We have your request")
    assert screen.title().startswith(reference)
    assert (PatientStatement.objects.get().full_name, PatientStatement.objects.get().goal) == (
        SAID["full_name"],
        SAID["goal"],
    )


def test_the_form_is_completed_from_the_accessibility_tree_alone(screen):
    screen.get_by_role("link", name="Start your request", exact=True).click()

    for acts in PAGES:
        for role, name, *words in acts:
            target = screen.get_by_role(role, name=name, exact=True)
            target.fill(*words) if words else target.check()
        screen.get_by_role("button", name="Continue", exact=True).click()
    screen.get_by_role("button", name="Send request", exact=True).click()

    expect(screen.get_by_role("heading", level=1)).to_have_text("We have your request")
    assert ConsultationRequest.objects.count() == 1


def test_after_a_mistake_the_summary_has_the_focus_and_leads_to_the_field(screen):
    enter(screen, "link", "Start your request")
    enter(screen, "button", "Continue")

    expect(screen.get_by_role("alert")).to_be_focused()
    enter_link = screen.get_by_role("link", name="Choose who the request is for.", exact=True)
    go_to(screen, enter_link)
    screen.keyboard.press("Enter")
    screen.keyboard.press("Space")

    expect(screen.get_by_role("radio", name="Me", exact=True)).to_be_checked()


def test_every_page_fits_at_400_percent_and_breaks_no_rule(page, site, is_fit):
    page.set_viewport_size({"width": 320, "height": 200})
    page.goto(f"{site}/consultation/")
    is_fit(page)
    page.get_by_role("link", name="Start your request", exact=True).click()

    for acts in PAGES:
        is_fit(page)
        for act in acts:
            answer(page, *act)
        with page.expect_navigation():
            page.get_by_role("button", name="Continue").click()
    is_fit(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Send request").click()
    is_fit(page)

    with page.expect_navigation():
        page.get_by_role("link", name="Open your own page").click()
    is_fit(page)
    for name in ("Correct how we reach you", "Withdraw the request"):
        with page.expect_navigation():
            page.get_by_role("link", name=name).click()
        is_fit(page)
        page.go_back()


@pytest.mark.parametrize(
    "address", ["/consultation/link/", "/consultation/link/sent/", f"/r/{'x' * 32}/", f"/r/{'x' * 32}/withdraw/"]
)
def test_pages_beside_the_way_fit_and_break_no_rule(page, site, is_fit, complaints, address):
    page.set_viewport_size({"width": 320, "height": 640})

    page.goto(site + address)

    # The browser reports that a link led nowhere; the page explains it.
    complaints[:] = [said for said in complaints if "404" not in said]
    is_fit(page)
