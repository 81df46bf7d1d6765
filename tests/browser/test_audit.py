"""The owner reads who looked, on a telephone."""

import pytest
from playwright.sync_api import expect

from tests.browser.acts import follow, press
from tests.factories import make_consultation, make_person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [320, 1280])
def test_the_owner_finds_who_looked_at_a_request(site, page, sign_in, is_fit, width):
    consultation = make_consultation()
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, make_person("Owner"))
    page.goto(f"{site}/admin/queue/{consultation.reference}/")

    page.goto(f"{site}/admin/")
    follow(page, page.locator("#content").get_by_role("link", name="Who looked"))
    is_fit(page)
    page.get_by_label("Reference").fill(consultation.reference)
    press(page, "Show")
    is_fit(page)

    expect(page.locator(".audit tbody tr")).to_have_count(1)
    expect(page.locator(".audit tbody tr")).to_contain_text("Opened")
