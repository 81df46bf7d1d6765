"""The desk for whoever has no mouse, no script, a screen reader, or colors of their own."""

import pytest
from playwright.sync_api import expect

from tests.appointments.stages import S, bring_to, make_arrived
from tests.factories import make_person, make_tip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What has the focus, if it stands beside the page or is not shown.
FOCUS_OUT_OF_SIGHT = """() => {
  const focused = document.activeElement, box = focused.getBoundingClientRect();
  return focused.checkVisibility() && box.right > 0 ? '' : focused.outerHTML.slice(0, 80);
}"""


def test_the_focus_never_leaves_a_list_on_a_telephone(site, page, sign_in):
    make_tip(slug="a-tip")
    page.set_viewport_size({"width": 640, "height": 400})
    sign_in(page, make_person("Editor"))
    page.goto(f"{site}/admin/tips/tip/")
    page.locator("#searchbar").focus()
    lost = []

    while not page.locator("#result_list tbody a:focus").count():
        page.keyboard.press("Tab")
        lost.append(page.evaluate(FOCUS_OUT_OF_SIGHT))

    assert [where for where in lost if where] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_button_under_the_pointer_can_be_read(page, sign_in, is_fit, scheme):
    page.emulate_media(color_scheme=scheme)
    sign_in(page, make_person("Therapist"))

    page.get_by_role("button", name="Search").hover()

    is_fit(page)


def test_the_links_at_the_head_of_a_page_can_be_tapped_on_a_small_screen(site, page, sign_in, is_fit):
    page.set_viewport_size({"width": 320, "height": 700})
    sign_in(page, make_person("Editor"))

    page.goto(f"{site}/admin/tips/tip/")

    assert page.get_by_role("button", name="Log out").bounding_box()["height"] >= 24
    is_fit(page)


def test_what_only_a_screen_reader_says_is_said(site, page, sign_in):
    tip, editor = make_tip(slug="a-tip"), make_person("Editor")
    sign_in(page, editor)

    page.goto(f"{site}/admin/articles/{tip.pk}/")

    expect(page.get_by_role("heading", name="Where it stands")).to_have_count(1)


def test_without_a_script_nothing_is_offered_that_needs_one(browser, site, sign_in):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    sign_in(page, make_person("Therapist"))

    for needs_a_script in (".theme-toggle", ".toggle-nav-sidebar", "#nav-filter"):
        expect(page.locator(needs_a_script)).to_be_hidden()
    context.close()


def test_with_the_colors_of_the_machine_the_chosen_tab_and_buttons_stand_out(page, therapist, sign_in):
    make_arrived()
    bring_to(S.NEEDS_INFO, by=therapist)
    page.emulate_media(forced_colors="active")

    sign_in(page, therapist)

    edges = page.locator(".tabs a").evaluate_all("tabs => tabs.map(tab => getComputedStyle(tab).borderBottomColor)")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (len(edges) > 1, [edge == ground for edge in edges]) == (True, [False] + [True] * (len(edges) - 1))
    expect(page.get_by_role("button", name="Claim", exact=True)).to_have_css("border-top-width", "1px")


@pytest.mark.parametrize(
    ("role", "path", "name"),
    [("Owner", "/admin/opening/", "Send me a test mail"), ("Editor", "/admin/tips/tip/add/", "Show the preview")],
)
def test_a_button_within_a_form_is_as_large_as_any(site, page, sign_in, role, path, name):
    sign_in(page, make_person(role))

    page.goto(f"{site}{path}")

    expect(page.get_by_role("button", name=name)).to_have_css("font-size", "15px")
    expect(page.get_by_role("button", name=name)).to_have_css("padding", "9.6px 17.6px")
