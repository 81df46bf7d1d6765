"""The owner's page about one person: found, given their file, erased, by keyboard and on a small screen."""

import pytest

from tests.appointments.stages import make_arrived
from tests.browser.acts import press
from tests.factories import make_person

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [320, 1280])
def test_one_persons_data_is_found_given_and_erased(page, site, sign_in, is_fit, width):
    consultation = make_arrived(said={"email": "ada@patients.example", "full_name": "Ada Lovelace"})
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, make_person("Owner"))
    page.goto(f"{site}/admin/person/")
    is_fit(page)
    page.get_by_label("Find a person").fill("ada@patients.example")
    press(page, "Search")
    is_fit(page)

    press(page, "Erase …")
    is_fit(page)
    assert page.locator(".errorlist").count() == 3
    page.get_by_label("How you know who asks").select_option("called_back")
    page.get_by_label("Why").select_option("asked")
    page.get_by_label("I have checked").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="File to read").press("Enter")
    press(page, "Erase …")
    is_fit(page)
    press(page, "Erase")
    is_fit(page)

    consultation.statement.refresh_from_db()
    assert "Ada Lovelace" in download.value.path().read_text()
    assert consultation.statement.full_name == ""
