"""A text on its way to readers, by the people who bring it there."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.acts import TIMEOUT, follow, press, whole_text, write
from tests.factories import make_person, make_tip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WAYS = {
    "on a phone": {"viewport": {"width": 360, "height": 780}},
    "at a desk, in the dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "without a script": {"viewport": {"width": 1280, "height": 900}, "java_script_enabled": False},
}


@pytest.fixture
def desk_of(browser, sign_in, complaints):
    """The desk of somebody, in a browser of their own; what a browser complains about counts for all."""
    contexts = []

    def open_for(person, **way):
        contexts.append(browser.new_context(**way))
        page = contexts[-1].new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        sign_in(page, person)
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def live_tip(site):
    return make_tip()


def ask_for_changes(page, words):
    page.locator("summary", has_text="Ask for changes").click()
    page.get_by_label("What should change, and why").fill(words)
    press(page, "Ask for changes")


def rewrite(page, words):
    follow(page, page.get_by_role("link", name="Edit"))
    page.locator("[name=body]").fill(words)
    press(page, "Save", exact=True)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_from_a_draft_to_readers_by_three_people(site, page, desk_of, is_fit, mails, way):
    author, editor, reviewer = (make_person(role) for role in ("Therapist", "Editor", "Clinical reviewer"))
    looks = is_fit if way.get("java_script_enabled", True) else lambda page: None
    writing, agreeing = desk_of(author, **way), desk_of(editor, **way)
    looks(agreeing)
    write(writing, site, **whole_text())
    looks(writing)
    press(writing, "Send to review")
    looks(writing)

    agreeing.reload()
    follow(agreeing, agreeing.get_by_role("link", name="Stairs without fear"))
    looks(agreeing)
    ask_for_changes(agreeing, "Say which leg goes first.")
    writing.reload()
    expect(writing.get_by_text("Say which leg goes first.")).to_be_visible()
    looks(writing)
    rewrite(writing, f"{whole_text()['body']} The better leg goes up first.")
    press(writing, "Send to review")
    agreeing.reload()
    press(agreeing, "Agree to this text")

    clinical = desk_of(reviewer, **way)
    follow(clinical, clinical.get_by_role("link", name="Stairs without fear"))
    looks(clinical)
    press(clinical, "Agree to this text")
    looks(clinical)
    page.goto(f"{site}/tips/stairs-without-fear/")
    expect(page.get_by_text("The better leg goes up first.")).to_be_visible()
    expect(page.get_by_text(re.compile(f"eviewed by {reviewer.byline}"))).to_be_visible()
    told = [mail["Subject"].split(":")[0] for mail in mails()]
    assert told == ["For an editor", "Changes requested", "For an editor", "For a reviewer", "Approved"]


def test_two_editors_a_rename_and_an_older_text_once_more(site, page, desk_of, is_fit, live_tip):
    first, second = (desk_of(make_person("Editor", display_name=name)) for name in ("Nora", "Luis"))
    for desk in (first, second):
        desk.goto(f"{site}/admin/tips/tip/{live_tip.pk}/change/")
    first.get_by_label("Title").fill("Stronger backs")
    press(first, "Save", exact=True)
    is_fit(first)

    second.get_by_label("Summary").fill("What I wrote meanwhile.")
    press(second, "Save", exact=True)
    expect(second.get_by_text("Nora has changed this page")).to_be_visible()
    expect(second.get_by_label("Summary")).to_have_value("What I wrote meanwhile.")
    is_fit(second)
    second.get_by_label("Title").fill("Stronger backs")
    second.get_by_label("Address").fill("stronger-backs")
    press(second, "Save", exact=True)
    follow(second, second.get_by_role("link", name="History"))
    is_fit(second)
    second.locator("summary", has_text="Text 1 by").click()
    press(second, "Make this the newest text")

    expect(second.get_by_text("That text is the newest one again.")).to_be_visible()
    assert [text.title for text in live_tip.revisions.all()] == ["A stronger back"] + ["Stronger backs"] * 2 + [
        "A stronger back"
    ]
    page.goto(f"{site}/tips/{live_tip.slug}/")
    assert page.url == f"{site}/tips/stronger-backs/"


@pytest.mark.parametrize("way", [WAYS["on a phone"], WAYS["without a script"]], ids=["on a phone", "without a script"])
def test_a_correction_waits_for_one_other_editor_while_readers_see_what_they_saw(
    site, page, desk_of, is_fit, live_tip, way
):
    looks = is_fit if way.get("java_script_enabled", True) else lambda page: None
    writing, agreeing = (desk_of(make_person("Editor"), **way) for _ in range(2))
    writing.goto(f"{site}/admin/tips/tip/{live_tip.pk}/change/")
    writing.get_by_label("Title").fill("A stronger neck")
    press(writing, "Save", exact=True)
    looks(writing)
    writing.get_by_label("It is a minor correction").check()
    press(writing, "Send to review")
    page.goto(f"{site}/tips/{live_tip.slug}/")
    before = page.get_by_role("heading", level=1).inner_text()

    agreeing.goto(f"{site}/admin/articles/{live_tip.pk}/")
    looks(agreeing)
    words = re.compile(r"A stronger\s+removed:\s*back\s*added:\s*neck")
    expect(agreeing.locator(".difference")).to_have_text(words, use_inner_text=True)
    press(agreeing, "Agree to this text")
    page.reload()

    assert (before, page.get_by_role("heading", level=1).inner_text()) == ("A stronger back", "A stronger neck")


def test_a_draft_is_shown_to_somebody_without_an_account(site, page, desk_of, is_fit, live_tip):
    desk = desk_of(make_person("Editor"))
    desk.goto(f"{site}/admin/articles/{live_tip.pk}/")
    desk.locator("summary", has_text="Show it to somebody").click()
    press(desk, "Make a link for seven days")
    is_fit(desk)

    page.goto(desk.locator(".secret-address").inner_text())

    expect(page.get_by_role("heading", level=1)).to_have_text("A stronger back")
    is_fit(page)
