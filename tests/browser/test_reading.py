"""What readers get of tips and guides, in a browser: every rule of axe, by day and by night, under the content policy."""

import json

import pytest
from django.utils import timezone

from tests.factories import DAY, make_clinic, make_person, make_tip
from tips.models import TipKind, TipStatus, Topic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BODY = "\n\n".join(f"## Part {number}\n\nWords, and [a link](/tips/)." for number in range(4))
FACTS = {
    "reviewed": {"independently_reviewed": True},
    "not-reviewed": {},
    "due": {"independently_reviewed": True, "next_review": timezone.localdate()},
    "taken-down": {"status": TipStatus.ARCHIVED},
    "guide": {"kind": TipKind.GUIDE},
}


@pytest.fixture(params=FACTS)
def read(request, site, page, complaints):
    """One of these, as a reader opens it, beside another of its topic."""
    topic = Topic.objects.create(name="Knees", slug="knees")
    author = make_person("Editor", credentials="PT")
    facts = {"author": author, "topics": [topic], "regions": ["knee"], "published_at": timezone.now() - DAY}
    make_tip(**facts, text={"title": "Another"})
    text = {"title": "A page with a rather long title, to see where it breaks", "body": BODY, "sources": "One.\nTwo."}
    tip = make_tip(**facts | FACTS[request.param], slug="a-rather-long-address-to-see-where-it-breaks", text=text)
    page.goto(site + tip.get_absolute_url())
    # The browser reports that something is gone; the page explains it.
    complaints[:] = [said for said in complaints if "410" not in said]
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_each_way_a_tip_can_stand_fits_and_breaks_no_rule(read, is_fit, scheme, width):
    read.set_viewport_size({"width": width, "height": 700})
    read.emulate_media(color_scheme=scheme)

    is_fit(read)


def test_on_paper_there_are_its_words_and_its_address_and_nothing_to_press(read):
    read.emulate_media(media="print")

    seen = read.locator("main").inner_text()

    assert read.locator("h1").is_visible()
    assert [words for words in ("Send it by e-mail", "On this page", "To top") if words in seen] == []


def test_paper_says_how_to_reach_the_clinic_in_words_no_larger_than_their_heading(site, page):
    make_clinic(phone="+14076985558")
    tip = make_tip(text={"body": "## Warm up\n\nWalk."})
    page.goto(site + tip.get_absolute_url())
    page.emulate_media(media="print")

    ask = page.locator(".ask .actions").inner_text()
    styles = "each => each.map(one => [parseFloat(getComputedStyle(one).fontSize), getComputedStyle(one).breakAfter])"
    words, heading = page.locator("main, .prose h2").evaluate_all(styles)

    assert ask == "Ask for a consultation or call (407) 698-5558"
    assert words[0] < 15 < heading[0]
    assert heading[1] == "avoid"


def test_the_content_policy_lets_the_browser_keep_what_is_for_machines(site, page):
    make_tip(slug="a-tip", text={"title": "</script><script>alert(1)</script>"})

    page.goto(f"{site}/tips/a-tip/")

    data = json.loads(page.locator("script").text_content())
    assert data["@graph"][0]["headline"] == "</script><script>alert(1)</script>"


@pytest.mark.parametrize("address", ["/tips/", "/tips/regions/lower_leg/", "/tips/regions/neck/"])
def test_the_pages_of_the_parts_of_the_body_fit_and_break_no_rule(site, page, is_fit, address):
    topic = Topic.objects.create(name="Knees", slug="knees")
    make_tip(topics=[topic], regions=["lower_leg", "knee", "advice"])
    page.set_viewport_size({"width": 320, "height": 700})

    page.goto(site + address)

    is_fit(page)
