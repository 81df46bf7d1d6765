"""A therapist between two patients, and an editor with something to say."""

import re
from datetime import time

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from appointments import emails
from appointments.models import ConsultationRequest, TimeOff, WorkingHours
from clinic.models import ClinicSettings
from clinic.visits import BEGAN, SEEN
from tests.appointments.stages import HALF_AN_HOUR, make_arrived
from tests.browser.acts import follow, press
from tests.factories import DAY, NOON, PASSWORD, SAID, make_consultation, make_person
from tips.models import Topic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [360, 1280])
def test_a_therapist_claims_asks_hears_and_declines(site, page, sign_in, is_fit, mails, width):
    consultation = make_consultation()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site}/admin/sign-in/")
    is_fit(page)

    sign_in(page, make_person("Therapist"))
    is_fit(page)
    follow(page, page.get_by_role("link", name=consultation.reference))
    is_fit(page)
    press(page, "Claim it")
    page.locator("summary", has_text="Ask the patient one thing").click()
    page.get_by_label("Question for the patient").fill("Which stairs are the worst?")
    press(page, "Send the question")
    is_fit(page)

    (mail,) = mails()
    assert (mail["To"], mail["Subject"]) == (SAID["email"], "We need one thing from you")
    page.goto(f"{site}/r/{consultation.link_token}/")
    is_fit(page)
    page.get_by_label("Your answer").fill("The ones at home.")
    press(page, "Send answer")
    page.goto(f"{site}/admin/queue/{consultation.reference}/")
    expect(page.get_by_text("The ones at home.")).to_be_visible()
    page.locator("summary", has_text="Decline").click()
    press(page, "Decline and tell the patient")
    is_fit(page)
    page.get_by_label("Reason, as the patient reads it").select_option(
        "Another professional can help better than we can"
    )
    page.get_by_label("Next step").select_option("Please talk to your own doctor about what to do next.")
    press(page, "Decline and tell the patient")
    consultation = ConsultationRequest.objects.get()
    assert (consultation.status, mails()[-1]["Subject"]) == ("declined", "About your request")


def test_an_editor_sees_the_page_while_writing(site, page, sign_in, is_fit):
    Topic.objects.create(name="Knees", slug="knees")
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, make_person("Editor"))
    is_fit(page)

    follow(page, page.get_by_role("link", name="Tips", exact=True).first)
    is_fit(page)
    follow(page, page.get_by_role("link", name="Add tip"))
    page.get_by_label("Title").fill("Stairs without fear")
    page.get_by_label("Summary").fill("Three ways to make stairs easier.")
    page.locator("#id_body").fill("Start low.\n\n## One step\n\n::: exercise step-up\nSlowly.\n:::")
    preview = page.frame_locator("iframe[name^=preview]")
    preview.get_by_role("heading", name="One step").wait_for()
    preview.get_by_role("img", name="Step-up").wait_for()
    is_fit(page)
    expect(preview.get_by_role("heading", level=1)).to_have_text("Stairs without fear")


def test_a_preview_that_follows_the_typing_stays_where_it_was_scrolled_to(site, page, sign_in):
    sign_in(page, make_person("Editor"))
    page.goto(f"{site}/admin/tips/tip/add/")
    page.locator("#id_body").fill("Stand tall.\n\n" * 200)
    preview = page.frame_locator("iframe[name^=preview]")
    preview.get_by_text("Stand tall.").last.wait_for()
    preview.locator("html").evaluate("html => html.scrollTo({ top: 500, behavior: 'instant' })")

    page.locator("#id_body").press_sequentially("## The end")
    preview.get_by_role("heading", name="The end").wait_for()

    expect(page.locator("iframe")).to_have_count(1)
    assert preview.locator("html").evaluate("html => html.scrollTop") == 500


def test_nobody_leaves_what_came_back_with_a_mistake_without_being_asked(site, page, sign_in):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    sign_in(page, make_person("Editor"))
    page.goto(f"{site}/admin/tips/tip/add/")
    page.get_by_label("Title").fill("Stairs without fear")
    press(page, "Save", exact=True)
    # A browser asks only for somebody who has done something on the page.
    page.get_by_text("Please correct the errors below.").click()

    page.goto(f"{site}/admin/articles/")

    assert asked == ["beforeunload"]


def test_the_owner_changes_the_clinic_and_sees_its_pages_whole(site, page, sign_in, is_fit):
    sign_in(page, make_person("Owner"))
    is_fit(page)

    follow(page, page.get_by_role("link", name="Clinic settings").first)
    page.get_by_label("Tagline").fill("Back on your feet.")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        is_fit(page)
        # How it would read, before it is saved.
        with page.expect_popup() as opened:
            page.get_by_role("button", name="Home page").click()
        opened.value.wait_for_load_state()
        assert opened.value.get_by_role("heading", level=1).inner_text() == "Back on your feet."
        is_fit(opened.value)
        opened.value.close()
    press(page, "Save", exact=True)

    page.goto(site)
    assert page.get_by_role("heading", level=1).inner_text() == "Back on your feet."


@pytest.mark.parametrize("width", [360, 1280])
def test_a_therapist_sees_a_mail_as_the_patient_would_and_follows_its_link(site, page, sign_in, is_fit, mails, width):
    consultation = make_consultation()
    emails.received(consultation, at=NOON)
    mails()
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, make_person("Therapist"))

    page.goto(f"{site}/admin/mail/")
    is_fit(page)
    follow(page, page.get_by_role("link", name="We received your request").first)
    is_fit(page)

    button = page.frame_locator("iframe").get_by_role("link", name="Open your own page")
    expect(button).to_have_css("background-color", "rgb(179, 64, 15)")
    with page.expect_popup() as opened:
        button.click()
    expect(opened.value.locator("main .kicker")).to_have_text(f"Your request {consultation.reference}")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_therapist_reads_the_week_and_takes_it_along(site, page, sign_in, is_fit, width):
    # The week after this one, by the clinic's calendar: by night it is still the day before there.
    therapist, now = make_person("Therapist"), timezone.localtime(timezone=ClinicSettings.current().tzinfo)
    monday = (now + (7 - now.weekday()) * DAY).replace(hour=12, minute=0, second=0, microsecond=0)
    WorkingHours.objects.create(therapist=therapist, weekday=0, starts=time(8), ends=time(12, 30))
    TimeOff.objects.create(therapist=therapist, starts_at=monday + DAY, ends_at=monday + 2 * DAY)
    consultation = make_arrived()
    consultation.book(monday, **HALF_AN_HOUR, by=therapist, at=now)
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, therapist)

    page.goto(f"{site}/admin/calendar/")
    is_fit(page)
    press(page, "Make an address")
    is_fit(page)
    feed = page.request.get(page.locator(".secret-address").inner_text()).text()
    follow(page, page.get_by_role("link", name="Back to the calendar"))
    follow(page, page.get_by_role("link", name="Week after"))
    is_fit(page)

    assert f"Visit {consultation.reference} (At the clinic)" in feed
    first, second = (page.get_by_role("region", name=re.compile(day)) for day in ("Monday", "Tuesday"))
    expect(first.get_by_role("heading", level=4)).to_contain_text("8:00 AM – 12:30 PM")
    expect(first.get_by_role("listitem")).to_contain_text("● Booked")
    expect(second.get_by_role("listitem")).to_contain_text("– Time off")
    follow(page, page.get_by_role("link", name=consultation.reference))
    assert page.get_by_role("heading", level=1).inner_text() == consultation.reference


@pytest.mark.parametrize("width", [360, 1280])
def test_hours_and_time_off_are_kept_on_pages_that_fit(site, page, sign_in, is_fit, width):
    therapist = make_person("Therapist")
    hours = WorkingHours.objects.create(therapist=therapist, weekday=0, starts=time(8), ends=time(12, 30))
    off = TimeOff.objects.create(therapist=therapist, starts_at=NOON, ends_at=NOON + DAY)
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, make_person("Owner"))

    for address in ["workinghours/add", f"workinghours/{hours.pk}/change", "timeoff/add", f"timeoff/{off.pk}/change"]:
        page.goto(f"{site}/admin/appointments/{address}/")
        is_fit(page)

    assert page.get_by_label("Starts").input_value() == "2026-03-02T12:00"


def test_what_an_editor_sends_too_late_is_not_lost(site, page, sign_in, is_fit, complaints):
    editor = make_person("Editor")
    sign_in(page, editor)
    page.goto(f"{site}/admin/tips/topic/add/")
    page.get_by_label("Name").fill("Rowing")
    page.get_by_label("Description").fill("On the water and off it.")
    session = Session.objects.get()
    store = SessionStore(session.session_key)
    store[SEEN] = store[BEGAN] - 3 * 60 * 60
    store.save()

    press(page, "Save", exact=True)
    # A page that is refused is shown, and the browser tells of it.
    complaints.clear()
    is_fit(page)
    page.locator("[name=login]").fill(editor.username)
    page.locator("[name=password]").fill(PASSWORD)
    press(page, "Sign in", exact=True)
    is_fit(page)
    expect(page.get_by_text("On the water and off it.")).to_be_visible()
    press(page, "Send it now")

    assert list(Topic.objects.values_list("name", "description")) == [("Rowing", "On the water and off it.")]
