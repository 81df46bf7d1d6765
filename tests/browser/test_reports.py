"""The owner looks at the reports, on a telephone and on a screen."""

import csv
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from appointments import weekly
from clinic.models import DayCount
from tests.browser.acts import follow, press
from tests.factories import make_consultation, make_person, make_tip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Strength after a knee injury: build it back with a clinician"


def some_weeks():
    now, tip = timezone.now(), make_tip(slug="a-tip", text={"title": LONG})
    for n in range(40):
        at = now - timedelta(days=8 + 2 * n)
        make_consultation(at=at, tip=tip if n % 2 else None, region=["knee", "back"][n % 3 == 0], first_answered_at=at)
    DayCount.objects.add({(now.date() - timedelta(days=14), "tip", "a-tip"): 30})
    weekly.count_finished_weeks(at=now)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_owner_reads_a_report_of_any_period_and_takes_a_table_along(site, page, sign_in, is_fit, width, scheme):
    some_weeks()
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, make_person("Owner"))

    follow(page, page.locator("#content").get_by_role("link", name="Reports"))
    expect(page.get_by_role("img", name="Requests by week")).to_be_visible()
    is_fit(page)
    follow(page, page.get_by_role("link", name="The last year"))
    expect(page.locator(".of-when")).to_contain_text("52 weeks")
    is_fit(page)
    page.get_by_label("What for").select_option("meeting")
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Fetch the file").click()

    with open(fetched.value.path(), encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert (rows[0], rows[-2]) == (["2 weeks from", "Requests"], ["All", "40"])


@pytest.mark.parametrize("width", [320, 1280])
def test_a_site_on_which_nothing_has_happened_has_a_report_too(site, page, sign_in, is_fit, width):
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, make_person("Owner"))

    page.goto(f"{site}/admin/reports/")
    press(page, "Show")

    expect(page.locator("svg.plot")).to_have_count(0)
    is_fit(page)


def test_words_in_a_plot_are_as_large_on_a_telephone_and_none_is_cut_off(site, page, sign_in):
    some_weeks()
    sign_in(page, make_person("Owner"))
    page.set_viewport_size({"width": 320, "height": 800})

    page.goto(f"{site}/admin/reports/")

    outside = """() => [...document.querySelectorAll('.plot text')].filter(text => text.checkVisibility()).filter(text => {
      const word = text.getBoundingClientRect(), plot = text.ownerSVGElement.getBoundingClientRect();
      return word.left < plot.left - 1 || word.right > plot.right + 1 || word.height < 12;
    }).map(text => text.textContent)"""
    assert page.evaluate(outside) == []
    expect(page.locator(".plot").get_by_text("Strength after a knee injury: bui…").first).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator(".plot").get_by_text(LONG).first).to_be_visible()


@pytest.mark.parametrize("chosen", ["auto", "dark"])
def test_paper_is_light_however_dark_the_screen_is(site, page, sign_in, chosen):
    some_weeks()
    page.emulate_media(color_scheme="dark")
    sign_in(page, make_person("Owner"))
    page.evaluate("theme => localStorage.setItem('theme', theme)", chosen)
    page.goto(f"{site}/admin/reports/")
    word = page.locator(".plot .word").first
    expect(word).to_have_css("fill", "rgb(233, 240, 238)")

    page.emulate_media(color_scheme="dark", media="print")

    expect(word).to_have_css("fill", "rgb(27, 42, 47)")
    # By which the browser draws words and fields that have no color of their own.
    expect(page.locator("html")).to_have_css("color-scheme", "light")


@pytest.mark.parametrize(("machine", "chosen"), [("light", "dark"), ("dark", "light")])
def test_light_or_dark_is_as_somebody_chose_it(site, page, sign_in, is_fit, machine, chosen):
    some_weeks()
    page.emulate_media(color_scheme=machine)
    sign_in(page, make_person("Owner"))
    page.evaluate("theme => localStorage.setItem('theme', theme)", chosen)

    page.goto(f"{site}/admin/reports/")

    ground = {"light": "rgb(251, 248, 243)", "dark": "rgb(16, 25, 26)"}[chosen]
    expect(page.locator("body")).to_have_css("background-color", ground)
    is_fit(page)
