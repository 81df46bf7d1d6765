"""The therapist's list: it stays true by itself, and takes nothing from whoever works with it."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from appointments.models import ConsultationRequest
from clinic import mail
from clinic.health import WORKER
from clinic.models import Heartbeat
from tests.appointments.stages import S, bring_to, make_arrived, make_visit
from tests.browser.acts import follow, press
from tests.factories import DAY, HOUR, make_person, make_tip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def therapist(site):
    return make_person("Therapist")


def make_queue(therapist):
    """One request of each kind that the list tells apart."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    tip = make_tip(text={"title": "Strength for people who sit in front of a desk all day long"})
    make_arrived(answer_by=now - HOUR, urgency="urgent", region="several", tip=tip)
    make_arrived(answer_by=now + DAY)
    make_arrived(suspicion="trapped")
    bring_to(S.NEEDS_INFO, by=therapist)
    bring_to(S.WITHDRAWN, by=therapist)
    make_visit(therapist, now - 200 * HOUR, at=now - 400 * HOUR)
    make_visit(therapist, now + HOUR, at=now - 30 * HOUR)
    mail.queue("received", to="robin@clinic.example", context={}, at=now - HOUR)


def refreshed(page):
    with page.expect_response(lambda answer: "x-shown" in answer.request.headers):
        page.clock.fast_forward(31_000)


def references(page):
    return page.locator(".queue tbody th").all_inner_texts()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_fits_and_breaks_no_rule(page, therapist, sign_in, is_fit, width, scheme):
    make_queue(therapist)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, therapist)

    for part in ("waiting", "urgent", "suspect", "second", "open", "closed"):
        # On a phone a part where nobody waits has no tab.
        page.goto(page.url.split("?")[0] + f"?show={part}")
        is_fit(page)
    for term in ("nunez", "407"):
        page.get_by_label("Find a request").fill(term)
        press(page, "Search")
        is_fit(page)


@pytest.mark.parametrize("width", [360, 1280])
def test_the_owner_sees_what_stands_still(page, therapist, sign_in, is_fit, width):
    make_queue(therapist)
    page.set_viewport_size({"width": width, "height": 800})

    sign_in(page, make_person("Owner"))

    expect(page.get_by_text("Mail has not been leaving since")).to_be_visible()
    expect(page.get_by_text("The worker is not running.")).to_be_visible()
    is_fit(page)


@pytest.mark.parametrize("width", [320, 767, 768, 1280])
def test_the_other_pages_are_one_tap_away_and_stand_there_once(page, therapist, sign_in, is_fit, width):
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, therapist)

    for name in ("Calendar", "Time off", "Working hours", "Safety screen"):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(1)
    is_fit(page)


def test_a_refresh_keeps_ticks_focus_and_place_and_shows_what_changed(page, therapist, sign_in):
    now = timezone.now()
    rows = [make_arrived(answer_by=now + number * HOUR) for number in range(1, 31)]
    page.clock.install()
    page.set_viewport_size({"width": 1280, "height": 600})
    sign_in(page, therapist)
    names = [row.reference for row in rows]
    page.get_by_label(f"Tick {names[15]}").check()
    page.get_by_role("link", name=names[20]).focus()
    top = page.get_by_role("link", name=names[20]).bounding_box()["y"]
    rows[3].mark_spam(by=therapist, at=now)
    new = [make_arrived(answer_by=now + HOUR / 2).reference for _ in range(4)]

    refreshed(page)

    expect(page.get_by_role("link", name=new[3])).to_be_attached()
    assert references(page) == [*new, *names[:3], *names[4:]]
    expect(page.get_by_label(f"Tick {names[15]}")).to_be_checked()
    expect(page.get_by_role("link", name=names[20])).to_be_focused()
    assert abs(page.get_by_role("link", name=names[20]).bounding_box()["y"] - top) < 2
    expect(page.get_by_role("link", name="New 33")).to_be_visible()


def test_when_the_row_with_the_focus_leaves_the_next_one_has_it(page, therapist, sign_in):
    now = timezone.now()
    rows = [make_arrived(answer_by=now + number * HOUR) for number in range(1, 4)]
    page.clock.install()
    sign_in(page, therapist)
    page.get_by_role("link", name=rows[1].reference).focus()
    rows[1].mark_spam(by=therapist, at=now)

    refreshed(page)

    expect(page.get_by_role("link", name=rows[2].reference)).to_be_focused()


def test_a_list_becomes_empty_and_full_again(page, therapist, sign_in):
    now = timezone.now()
    only = make_arrived(answer_by=now + HOUR)
    page.clock.install()
    sign_in(page, therapist)

    only.mark_spam(by=therapist, at=now)
    refreshed(page)
    expect(page.get_by_text("Nobody is waiting here.")).to_be_visible()
    new = make_arrived(answer_by=now + HOUR)
    refreshed(page)

    page.get_by_label("Tick all of these").check()
    press(page, "Claim")
    expect(page.get_by_text("1 request is yours.")).to_be_visible()
    assert ConsultationRequest.objects.get(pk=new.pk).assigned_to == therapist


def test_nothing_is_fetched_for_a_page_that_nobody_sees(page, therapist, sign_in):
    page.clock.install()
    sign_in(page, therapist)
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "x-shown" in request.headers else None)
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })")

    page.clock.fast_forward(120_000)
    unseen = list(fetched)
    page.evaluate("delete document.hidden")
    with page.expect_response(lambda answer: "x-shown" in answer.request.headers):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    assert (unseen, len(fetched)) == ([], 1)


def test_a_list_stands_still_for_whoever_wants_it_to_until_they_have_read_it(page, therapist, sign_in):
    consultation = make_arrived()
    page.clock.install()
    sign_in(page, therapist)
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "x-shown" in request.headers else None)

    page.get_by_label("Keep it up to date").uncheck()
    page.clock.fast_forward(120_000)
    follow(page, page.get_by_role("link", name="Urgent"))
    expect(page.get_by_label("Keep it up to date")).not_to_be_checked()
    page.clock.fast_forward(120_000)
    follow(page, page.get_by_role("link", name="Waiting 1"))
    unwanted = list(fetched)
    new = make_arrived()
    page.get_by_label("Keep it up to date").check()

    expect(page.get_by_role("link", name=new.reference)).to_be_visible()
    assert (unwanted, sorted(references(page))) == ([], sorted([consultation.reference, new.reference]))


def test_an_alarm_is_said_to_a_screen_reader_when_it_appears(page, therapist, sign_in):
    Heartbeat.objects.beat(WORKER, at=timezone.now())
    page.clock.install()
    sign_in(page, therapist)
    alarms, stale = page.get_by_role("status").all()
    expect(alarms).to_have_text("")
    expect(stale).to_have_text("", use_inner_text=True)

    Heartbeat.objects.all().delete()
    refreshed(page)
    expect(alarms).to_contain_text("The worker is not running.")
    page.context.clear_cookies()
    refreshed(page)

    expect(stale).to_have_text("(not refreshed since)", use_inner_text=True)


def test_a_list_that_can_no_longer_be_refreshed_says_so(page, therapist, sign_in):
    consultation = make_arrived()
    page.clock.install()
    sign_in(page, therapist)
    page.context.clear_cookies()

    refreshed(page)

    expect(page.get_by_text("(not refreshed since)")).to_be_visible()
    assert references(page) == [consultation.reference]


def test_without_a_script_the_list_is_worked_through_too(browser, site, therapist, sign_in):
    rows = [make_arrived().reference for _ in range(2)]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, therapist)

    rows.append(make_arrived().reference)
    follow(page, page.get_by_role("link", name="Refresh"))
    assert references(page) == rows
    for needs_a_script in ("Tick all of these", "Keep it up to date"):
        expect(page.get_by_label(needs_a_script)).to_be_hidden()
    page.get_by_label(f"Tick {rows[0]}").check()
    press(page, "Claim")
    expect(page.get_by_text("1 request is yours.")).to_be_visible()
    page.get_by_label("Find a request").fill("nunez")
    press(page, "Search")

    assert sorted(references(page)) == sorted(rows)
    context.close()
