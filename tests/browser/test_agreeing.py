"""A time is agreed: two presses for the therapist, two for the patient, and nothing happens by a link alone."""

import re

import pytest
from django.utils import timezone

from appointments.models import ConsultationRequest, OfferedTime
from clinic.models import OutgoingMail
from tests.appointments.agreeing import agreed
from tests.appointments.stages import everything
from tests.browser.acts import follow, press
from tests.factories import SAID, make_consultation, make_person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Everything that only reads: the patient's pages and the therapist's.
PATIENT_PAGES = ["", "answer/", "choose/", "none/", "cannot-come/", "back/", "contact/", "withdraw/"]


def make_waiting():
    return make_consultation(at=timezone.now(), said={"windows": [], "any_time": True})


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_two_presses_propose_and_two_book(site, page, sign_in, is_fit, mails, width, scheme):
    consultation = make_waiting()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, make_person("Therapist"))
    follow(page, page.get_by_role("link", name=consultation.reference))
    is_fit(page)

    page.locator(".times").first.get_by_role("checkbox").first.check()
    press(page, "Propose")
    is_fit(page)
    mail = mails()[-1]
    page.goto(re.search(r"http://\S+/r/\S+", mail.get_body(("plain",)).get_content())[0])
    is_fit(page)
    page.get_by_role("radio").first.check()
    press(page, "Book this time")
    is_fit(page)

    consultation.refresh_from_db()
    assert (mail["To"], mail["Subject"], consultation.status) == (SAID["email"], "Choose a time", "booked")
    follow(page, page.get_by_role("link", name="I cannot come"))
    is_fit(page)
    page.goto(f"{site}/admin/queue/{consultation.reference}/")
    is_fit(page)
    for summary in page.locator("details.act > summary").all():
        summary.click()
    is_fit(page)


def test_a_mail_scanner_that_opens_every_link_changes_nothing(site, page, sign_in, mails):
    consultation = make_waiting()
    sign_in(page, make_person("Therapist"))
    page.goto(f"{site}/admin/queue/{consultation.reference}/")
    page.locator(".times").first.get_by_role("checkbox").first.check()
    press(page, "Propose")
    link = re.search(r"http://\S+/r/\S+", mails()[-1].get_body(("plain",)).get_content())[0]
    before = everything()

    for address in PATIENT_PAGES:
        page.goto(link + address)

    assert everything() == before


def test_a_therapist_books_by_keyboard_what_was_agreed_on_the_phone(site, page, sign_in, is_fit):
    consultation = make_waiting()
    sign_in(page, make_person("Therapist"))
    page.goto(f"{site}/admin/queue/{consultation.reference}/")
    page.locator("summary", has_text="Agreed by phone").focus()
    page.keyboard.press("Enter")
    is_fit(page)

    page.get_by_label("Agreed time").fill(agreed()["start"])
    page.get_by_role("button", name="Book", exact=True).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")

    assert OfferedTime.objects.booked().count() == 1
    assert ConsultationRequest.objects.get().status == "booked"
    assert OutgoingMail.objects.filter(event="booked").exists()
