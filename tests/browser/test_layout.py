"""How pages stand on a screen: nothing moves under a finger, sticks out, or is drawn over something else."""

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from tests.browser.acts import STEPS, go_on
from tests.factories import make_tip
from tips.models import Topic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def fill_in(site, page):
    """Answer the first pages of the form, and stop at the next one."""

    def through_the_pages(number):
        page.goto(f"{site}/consultation/who/")
        for answer in STEPS[:number]:
            answer(page)
            go_on(page)

    return through_the_pages


def test_a_long_address_with_a_slip_in_it_fits_on_the_last_page(page, fill_in, is_fit):
    page.set_viewport_size({"width": 320, "height": 800})
    fill_in(len(STEPS) - 1)

    STEPS[-1](page)
    page.get_by_label("E-mail address").fill(f"{'alexandra' * 6}@gmial.com")
    go_on(page)

    assert page.get_by_role("button", name="Use alexandra").is_visible()
    is_fit(page)


# Where each answer can be pressed, in whole pixels.
PLACES = """() => [...document.querySelectorAll('.choice input')].map(input => {
  const {x, y} = input.getBoundingClientRect()
  return [Math.round(x), Math.round(y + scrollY)]
})"""


@pytest.mark.parametrize("width", [360, 412, 1280])
def test_an_answer_that_is_chosen_moves_no_other(page, fill_in, width):
    page.set_viewport_size({"width": width, "height": 800})
    fill_in(4)
    scale = page.evaluate(PLACES)

    page.get_by_label("5", exact=True).check()
    after_scale = page.evaluate(PLACES)
    STEPS[4](page)
    go_on(page)
    week = page.evaluate(PLACES)
    page.get_by_role("group", name="Tuesday").get_by_label("Afternoon").check()

    assert after_scale == scale
    assert page.evaluate(PLACES) == week


@pytest.mark.parametrize("width", [544, 600, 672])
def test_the_week_fits_where_it_becomes_a_table(page, fill_in, is_fit, width):
    page.set_viewport_size({"width": width, "height": 800})

    fill_in(5)

    is_fit(page)


# What is pressed, or seen, right inside the upper left corner of the box.
CORNER = """boxes => boxes.map(box => {
  box.scrollIntoView({block: 'center'})
  const {x, y} = box.getBoundingClientRect()
  return box.contains(document.elementFromPoint(x + 2, y + 2)) && document.elementFromPoint(x + 2, y + 2) !== box
})"""


def test_no_answer_covers_the_round_corners_of_its_box(page, fill_in):
    fill_in(5)

    covered = page.locator(".choices, .week, .field--single .choice").evaluate_all(CORNER)

    assert covered == [False] * 4


def test_the_line_beside_a_wrong_answer_begins_beside_its_question(site, page):
    page.goto(f"{site}/consultation/who/")

    go_on(page)

    # The border of a group begins where its legend ends up: at its middle, unless it floats.
    assert page.locator(".field--invalid > legend").evaluate_all("all => all.map(e => getComputedStyle(e).float)") == [
        "left",
        "left",
    ]


def test_what_is_no_sign_stands_apart_from_the_signs(page, fill_in):
    fill_in(2)

    lines = page.locator(".choice").evaluate_all("all => all.map(e => parseInt(getComputedStyle(e).borderTopWidth))")

    assert lines == [0, *[1] * (len(lines) - 3), 4, 1]


def test_what_opens_has_the_triangle_of_what_opens(site, page):
    page.goto(f"{site}/consultation/who/")

    shown = page.locator("summary").evaluate_all("all => all.map(e => getComputedStyle(e).display)")

    assert shown == ["list-item"]


def test_the_chosen_topic_is_told_apart_without_our_colors(site, page):
    knees, hips = (Topic.objects.create(name=name, slug=name.lower()) for name in ("Knees", "Hips"))
    make_tip(topics=[knees, hips])
    page.emulate_media(forced_colors="active")
    page.goto(f"{site}/tips/topics/knees/")

    lines = "all => all.map(e => [e.textContent, getComputedStyle(e).borderTopWidth, getComputedStyle(e).fontWeight])"

    assert page.locator(".topics a", has_text=re.compile("Knees|Hips")).evaluate_all(lines) == [
        ["Hips", "1px", "400"],
        ["Knees", "3px", "700"],
    ]


def test_a_card_on_its_own_is_no_wider_than_others_and_words_are_no_wider_than_a_column(site, page):
    make_tip()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{site}/tips/")

    widths = [page.locator(name).first.bounding_box()["width"] for name in (".card", ".ask p")]

    assert [width <= most for width, most in zip(widths, (360, 720), strict=True)] == [True, True]


def test_the_words_of_a_button_that_wraps_stand_in_its_middle(site, page):
    page.goto(site)

    assert page.locator(".button").first.evaluate("e => getComputedStyle(e).textAlign") == "center"


def test_a_point_that_wraps_goes_on_beside_its_mark(page, fill_in):
    fill_in(1)
    page.get_by_label("Back").check()
    go_on(page)

    hangs = page.locator(".point").evaluate_all(
        "all => all.map(e => getComputedStyle(e)).map(style => parseInt(style.paddingLeft) + parseInt(style.textIndent))"
    )

    assert hangs == [0] * 5


@pytest.mark.parametrize(("slug", "most"), [("healthy-lifestyle-checklist", 4), ("strength-training-for-runners", 6)])
def test_the_samples_take_few_sheets(site, page, slug, most):
    _, facts, body = Path(settings.BASE_DIR, "tips", "demo", f"{slug}.md").read_text().split("+++", 2)
    facts = tomllib.loads(facts)
    tip = make_tip(slug=slug, text={"body": body, "sources": "\n".join(facts["sources"]), "title": facts["title"]})
    page.goto(site + tip.get_absolute_url())

    document = page.pdf(format="Letter", margin=dict.fromkeys(["top", "right", "bottom", "left"], "1cm"))

    assert len(re.findall(rb"/Type /Page\b", document)) <= most


def test_paper_has_no_drawing_of_the_front_page_and_no_heading_over_nothing(site, page):
    make_tip(topics=[Topic.objects.create(name="Knees", slug="knees")])
    page.goto(site)
    drawing, heading = page.locator(".hero svg"), page.get_by_role("heading", name="By topic")
    on_screen = drawing.is_visible(), heading.is_visible()

    page.emulate_media(media="print")

    assert (on_screen, drawing.is_visible(), heading.is_visible()) == ((True, True), False, False)


def test_on_a_tablet_the_three_steps_stand_in_one_row(site, page):
    page.set_viewport_size({"width": 768, "height": 800})

    page.goto(site)

    assert len(set(page.locator(".how li").evaluate_all("all => all.map(e => e.offsetTop)"))) == 1


def test_the_links_at_the_foot_begin_where_their_neighbors_do(site, page):
    page.set_viewport_size({"width": 1280, "height": 800})

    page.goto(site)

    tops = "all => all.map(e => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect().top })"
    name, link = page.locator(".footer-name, .notices li:first-child a").evaluate_all(tops)
    assert abs(name - link) < 3
