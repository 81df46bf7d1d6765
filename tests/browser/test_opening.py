"""The owner's way to an open clinic: what is missing, a test mail that arrives, what is approved, and somebody who leaves."""

import re

import pytest

from appointments.models import ConsultationRequest
from clinic import opening
from clinic.models import Approval, Heartbeat
from tests.appointments.stages import S, bring_to
from tests.browser.acts import follow, press
from tests.factories import make_person

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [320, 1280])
def test_the_owner_sees_what_is_missing_and_a_test_mail_arrives(page, site, mails, sign_in, is_fit, width):
    page.set_viewport_size({"width": width, "height": 800})
    owner = make_person("Owner")
    sign_in(page, owner)
    follow(page, page.get_by_role("link", name="See what is missing"))
    is_fit(page)
    press(page, "Send me a test mail")
    assert "on its way" in page.content()

    [sent] = [mail for mail in mails() if "test mail" in mail["subject"] and mail["to"] == owner.email]
    link = re.search(r"/admin/opening/arrived/\S+", sent.get_body(("plain",)).get_content())[0]
    page.goto(f"{site}{link}")
    is_fit(page)
    press(page, "Yes, it has arrived")

    assert "A test mail" in page.locator(".checklist--ready").inner_text()
    assert Heartbeat.objects.filter(name=opening.TEST_MAIL).exists()


@pytest.mark.parametrize("subject", ["safety", "privacy"])
def test_what_is_read_is_approved(page, site, sign_in, is_fit, subject):
    page.set_viewport_size({"width": 320, "height": 800})
    sign_in(page, make_person("Owner"))
    page.goto(f"{site}/admin/approve/{subject}/")
    is_fit(page)

    press(page, "I have read it and stand for it")

    is_fit(page)
    assert Approval.objects.filter(subject=subject, by__is_active=True).count() == 1


@pytest.mark.parametrize("width", [320, 1280])
def test_whoever_leaves_leaves_nobody_waiting(page, site, sign_in, is_fit, width):
    page.set_viewport_size({"width": width, "height": 800})
    leaver, colleague = (
        make_person("Therapist", display_name="Sam Okafor"),
        make_person("Therapist", display_name="Ana"),
    )
    bring_to(S.IN_REVIEW, by=leaver)
    sign_in(page, make_person("Owner"))
    page.goto(f"{site}/admin/leaving/{leaver.pk}/")
    is_fit(page)

    page.get_by_label("To:").select_option(label="Ana")
    page.get_by_label("Why they are handed over").fill("Sam has left.")
    press(page, "Hand over all of them")

    is_fit(page)
    assert "1 request is handed over." in page.content()
    assert ConsultationRequest.objects.get().assigned_to == colleague


@pytest.mark.parametrize("address", ["clinic/user/", "clinic/openinghours/", "clinic/user/add/"])
def test_nothing_of_a_stock_list_is_cut_off_on_a_phone(page, site, sign_in, is_fit, address):
    page.set_viewport_size({"width": 360, "height": 800})
    make_person("Editor", username="nora.fields-featherstonehaugh", display_name="Nora Fields-Featherstonehaugh")
    sign_in(page, make_person("Owner"))

    page.goto(f"{site}/admin/{address}")

    is_fit(page)
    cut = "[...document.querySelectorAll('.results, .results td')].filter(each => each.scrollWidth > each.clientWidth)"
    assert page.evaluate(f"{cut}.map(each => each.outerHTML)") == []
