"""An editor sends a picture, and readers see it and nothing else."""

import pytest
from playwright.sync_api import expect

from tests.browser.acts import follow, press
from tests.factories import make_person, make_tip
from tests.tips.files import halves, saved
from tips.models import Picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

IS_LOADED = "image => image.complete && image.naturalWidth > 0"
PAGE_BEHIND = b"<html><script>document.title = 'it ran'</script>"


@pytest.fixture
def is_fit_on_all(page, is_fit):
    def check():
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            is_fit(page)

    return check


def test_a_picture_that_is_a_page_as_well_is_sent_shown_and_runs_nothing(
    site, page, sign_in, is_fit, is_fit_on_all, complaints
):
    sent = saved(halves(1700, 900), "JPEG") + PAGE_BEHIND
    sign_in(page, make_person("Editor"))

    page.goto(f"{site}/admin/tips/picture/add/")
    is_fit_on_all()
    page.get_by_label("Picture").set_input_files({"name": "knee.html", "mimeType": "text/html", "buffer": sent})
    page.get_by_label("Title").fill("A knee in two colours")
    press(page, "Save")
    expect(page.get_by_text("Say what the picture shows")).to_be_visible()
    is_fit_on_all()
    page.get_by_label("Picture").set_input_files({"name": "knee.html", "mimeType": "text/html", "buffer": sent})
    page.get_by_label("What it shows").fill("Two halves")
    press(page, "Save")
    is_fit_on_all()

    picture = Picture.objects.get()
    expect(page.get_by_text(f"![Two halves](picture:{picture.name})", exact=True)).to_be_visible()
    assert page.get_by_role("img", name="Two halves").evaluate(IS_LOADED)
    follow(page, page.get_by_role("link", name="Pictures").first)
    is_fit(page)
    page.goto(f"{site}{make_tip(text={'body': f'![Two halves](picture:{picture.name})'}).get_absolute_url()}")
    is_fit_on_all()
    shown = page.get_by_role("img", name="Two halves")
    shown.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert shown.evaluate(IS_LOADED)
    page.goto(f"{site}/media/pictures/{picture.name}-480.webp")
    page.wait_for_load_state("networkidle")
    # The browser's own page around a picture has a style, which the policy refuses with all else.
    complaints[:] = [said for said in complaints if not said.startswith("Applying inline style")]
    assert "it ran" not in page.title()
