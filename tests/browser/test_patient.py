"""A runner with a sore knee reads, asks, and hears back."""

import re

import pytest
from playwright.sync_api import expect

from appointments.models import ConsultationRequest
from clinic.models import ClinicSettings
from tests.browser.acts import STEPS, answer_no_signs, answer_where, answer_who, follow, go_on, press
from tests.factories import SAID, make_person, make_tip
from tips.models import Topic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [320, 1280])
def test_a_runner_asks_and_gets_a_reference_and_a_mail(site, page, is_fit, mails, width):
    make_person("Therapist")
    tip = make_tip(
        slug="runners", text={"title": "Strength for runners", "body": "## Squats\n\n::: exercise squat\nSlowly.\n:::"}
    )
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site}/tips/runners/")
    is_fit(page)

    follow(page, page.get_by_role("main").get_by_role("link", name="Ask for a consultation"))
    is_fit(page)
    follow(page, page.get_by_role("link", name="Start your request"))
    for answer in STEPS:
        is_fit(page)
        go_on(page)
        assert page.title().startswith("Error: ")
        is_fit(page)
        answer(page)
        go_on(page)
    is_fit(page)
    press(page, "Send request")
    is_fit(page)

    consultation = ConsultationRequest.objects.get()
    assert (consultation.tip, page.title()[:9]) == (tip, consultation.reference)
    received, told = mails()
    assert (received["To"], received["Subject"]) == (SAID["email"], "We received your request")
    assert told["Subject"] == f"Request {consultation.reference} is waiting"
    page.goto(re.search(r"http://\S+/r/\S+", received.get_body(("plain",)).get_content())[0])
    assert page.locator("main .kicker").inner_text() == f"Your request {consultation.reference}"
    is_fit(page)


def test_the_form_works_without_javascript(site, browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(f"{site}/consultation/")

    follow(page, page.get_by_role("link", name="Start your request"))
    for answer in STEPS:
        answer(page)
        go_on(page)
    press(page, "Send request")

    expect(page.get_by_text(ConsultationRequest.objects.get().reference)).to_be_visible()
    context.close()


def test_an_article_is_light_and_sets_no_cookie(site, page):
    body = "\n\n".join(f"## Part {number}\n\n" + "Lift slowly and breathe out. " * 20 for number in range(5))
    make_tip(slug="long", text={"body": body + "\n\n::: exercise plank\nHold.\n:::"})
    asked, sizes = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "requestfinished",
        lambda request: sizes.append(sum(map(request.sizes().get, ("responseBodySize", "responseHeadersSize")))),
    )

    page.goto(f"{site}/tips/long/", wait_until="networkidle")

    assert [url for url in asked if not url.startswith(site)] == []
    assert len(asked) <= 4
    assert sum(sizes) <= 14 * 1024
    assert page.context.cookies() == []


@pytest.mark.parametrize(
    "address", ["/", "/tips/", "/tips/?q=nothing+such", "/privacy/", "/accessibility/", "/admin/sign-in/"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_public_pages_fit_and_break_no_rule(site, page, is_fit, address, scheme):
    make_tip()
    make_tip(kind="guide")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 800})

    page.goto(site + address)

    is_fit(page)


@pytest.mark.parametrize("address", ["/", "/consultation/who/"])
def test_the_pages_of_a_demonstration_break_no_rule(site, page, is_fit, address):
    clinic = ClinicSettings.current()
    clinic.is_demo = True
    clinic.save()

    page.goto(site + address)

    expect(page.get_by_role("complementary", name="Sample content")).to_be_visible()
    is_fit(page)


@pytest.mark.parametrize("width", [320, 1280])
def test_an_emergency_stops_the_way_and_a_mistake_is_taken_back(site, page, is_fit, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site}/consultation/who/")
    for answer in (answer_who, answer_where):
        answer(page)
        go_on(page)

    page.get_by_label("Chest pain, tightness or pressure").check()
    go_on(page)
    is_fit(page)
    press(page, "I chose this by mistake")
    answer_no_signs(page)
    go_on(page)
    page.get_by_label("A knee that is stuck").check()
    go_on(page)
    is_fit(page)
    follow(page, page.get_by_role("button", name="Continue my request"))

    assert page.get_by_role("heading", level=1).inner_text() == "A little more about it"
    assert ConsultationRequest.objects.count() == 0


def test_enter_goes_on_and_back_takes_along_what_was_typed(site, page):
    page.goto(f"{site}/consultation/who/")
    for answer in (answer_who, answer_where, answer_no_signs, answer_no_signs):
        answer(page)
        go_on(page)
    goal = page.get_by_label("What is one activity you want to get back to?")

    goal.fill("run with my dog")
    with page.expect_navigation():
        page.get_by_label("One to six weeks").press("Enter")
    after_enter = page.title()
    press(page, "Back")
    before = page.get_by_role("heading", level=1).inner_text()
    go_on(page)

    assert (after_enter[:6], before != "A little more about it") == ("Error:", True)
    assert (goal.input_value(), page.title()[:6]) == ("run with my dog", "A litt")


# A word that is broken in two has a rectangle for each part.
LINES = """() => [...document.querySelectorAll('.day-name')].map(name => {
  const words = document.createRange()
  words.selectNodeContents(name)
  return words.getClientRects().length
})"""
LOW = """() => [...document.querySelectorAll('.call a, .topics a, .notices a')]
  .filter(link => link.getBoundingClientRect().height < 48).map(link => link.innerText)"""


@pytest.mark.parametrize("width", [360, 544, 600, 1280])
def test_the_names_of_the_days_stand_on_one_line(site, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site}/consultation/who/")

    for answer in STEPS[:5]:
        answer(page)
        go_on(page)

    assert page.evaluate(LINES) == [1] * 5


@pytest.mark.parametrize("address", ["/consultation/", "/tips/"])
def test_links_that_stand_by_themselves_are_as_high_as_a_finger_needs(site, page, address):
    make_tip(topics=[Topic.objects.create(name="Knees", slug="knees")])
    page.set_viewport_size({"width": 360, "height": 800})

    page.goto(site + address)

    assert page.evaluate(LOW) == []
    assert page.locator(".notices a").count() == 4


def test_the_browsers_back_finds_every_page_again_after_mistakes_and_what_was_sent(site, page):
    page.goto(f"{site}/consultation/")
    follow(page, page.get_by_role("link", name="Start your request"))
    heading, seen = page.get_by_role("heading", level=1), []
    for answer in STEPS:
        go_on(page)
        expect(page.get_by_role("alert")).to_be_focused()
        page.reload()
        answer(page)
        seen.append(heading.inner_text())
        go_on(page)

    found = []
    while "/who/" not in page.url:
        page.go_back()
        found.append(heading.inner_text())
    page.goto(f"{site}/consultation/check/")
    press(page, "Send request")
    page.go_back()

    assert list(dict.fromkeys(found)) == seen[::-1]
    assert heading.inner_text() == "We have your request"
