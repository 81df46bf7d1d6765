"""How pages stand on a screen: nothing moves under a finger, sticks out, or is drawn over something else."""

import pytest

from tests.browser.acts import STEPS, go_on

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
