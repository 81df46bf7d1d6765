from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.conf import settings

from tests.factories import DAY, NOON, make_person, make_tip
from tips.models import TipKind

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
PAGES = ["/", "/tips/", "/consultation/", "/privacy/", "/accessibility/"]


def feed(client, **headers):
    response = client.get("/tips/feed/", headers=headers)
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own feed, not a stranger's


def sitemap(client, **headers):
    response = client.get("/sitemap.xml", headers=headers)
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own sitemap, not a stranger's


def titles(document):
    return [entry.findtext(f"{ATOM}title") for entry in document.iter(f"{ATOM}entry")]


def addresses(document):
    """Every address that the feed gives: of itself, of the site and of its entries."""
    links = [element.get("href") for element in document.iter(f"{ATOM}link")]
    return links + [element.text for element in document.iter(f"{ATOM}id")]


def test_an_entry_says_what_who_when_and_where(client, clinic):
    author = make_person("Editor", display_name="Nora Fields", credentials="PT")
    make_tip(author=author, slug="calm-back", text={"title": "Calm & strong", "summary": "Three <b>ways</b>."})

    document = feed(client)

    entry = document.find(f"{ATOM}entry")
    address = f"{settings.BASE_URL}/tips/calm-back/"
    assert {
        "id": entry.findtext(f"{ATOM}id"),
        "link": entry.find(f"{ATOM}link").get("href"),
        "title": entry.findtext(f"{ATOM}title"),
        "summary": entry.findtext(f"{ATOM}summary"),
        "author": entry.findtext(f"{ATOM}author/{ATOM}name"),
        "published": entry.findtext(f"{ATOM}published"),
        "updated": entry.findtext(f"{ATOM}updated"),
    } == {
        "id": address,
        "link": address,
        "title": "Calm & strong",
        "summary": "Three <b>ways</b>.",
        "author": "Nora Fields, PT",
        "published": (NOON - DAY).isoformat(),
        "updated": (NOON - DAY).isoformat(),
    }


def test_the_feed_carries_the_clinic_s_name_and_its_type(client, clinic):
    response = client.get("/tips/feed/")

    document = ElementTree.fromstring(response.content)  # noqa: S314 - our own feed, not a stranger's
    assert (response["Content-Type"], document.tag) == ("application/atom+xml; charset=utf-8", f"{ATOM}feed")
    assert document.findtext(f"{ATOM}title") == "Tips from Elm Street Clinic"


def test_a_text_published_later_changes_when_the_entry_was_updated(client, clinic, editor):
    tip = make_tip(author=editor)
    tip.revise(by=editor, at=NOON, title="New", summary="S", body="B", sources="")
    tip.publish(at=NOON)

    document = feed(client)

    entry = document.find(f"{ATOM}entry")
    times = (entry.findtext(f"{ATOM}published"), entry.findtext(f"{ATOM}updated"))
    assert times == ((NOON - DAY).isoformat(), NOON.isoformat())


def test_the_feed_holds_the_twenty_newest_tips_and_no_guide(client, clinic, editor):
    for number in range(21):
        make_tip(author=editor, published_at=NOON + timedelta(minutes=number), text={"title": f"Tip {number}"})
    make_tip(kind=TipKind.GUIDE, text={"title": "A guide"})

    document = feed(client)

    assert titles(document) == [f"Tip {number}" for number in range(20, 0, -1)]


def test_an_empty_feed_is_still_a_feed(client, clinic):
    make_tip(published_at=None)

    document = feed(client)

    assert (document.tag, titles(document)) == (f"{ATOM}feed", [])


def test_every_address_of_the_feed_is_the_configured_one_whatever_host_was_asked(client, clinic):
    make_tip()

    document = feed(client, host="127.0.0.1:9999")

    strange = [address for address in addresses(document) if not address.startswith(settings.BASE_URL + "/")]
    assert strange == []


@pytest.mark.parametrize("title", ["Back\x0band neck", "Bell\x07", "<![CDATA[x]]>", "]]>", "&amp; 🙂 漢字"])
def test_no_title_breaks_the_feed(client, clinic, title):
    make_tip(text={"title": title, "summary": title})

    document = feed(client)

    printable = "".join(c for c in title if c.isprintable())
    assert [shown.replace(" ", "") for shown in titles(document)] == [printable.replace(" ", "")]


def test_the_sitemap_lists_each_page_and_each_published_tip_and_guide(client, clinic):
    make_tip(slug="a-tip")
    make_tip(slug="a-guide", kind=TipKind.GUIDE, published_at=NOON - 2 * DAY)
    make_tip(slug="a-draft", published_at=None)

    document = sitemap(client, host="127.0.0.1:9999")

    expected = [*PAGES, "/tips/a-tip/", "/guides/a-guide/"]
    assert [each.text for each in document.iter(f"{SITEMAP}loc")] == [settings.BASE_URL + path for path in expected]


def test_the_sitemap_says_when_a_tip_last_changed(client, clinic, editor):
    tip = make_tip(author=editor, published_at=NOON - 3 * DAY)
    tip.revise(by=editor, at=NOON, title="New", summary="S", body="B", sources="")
    tip.publish(at=NOON)

    document = sitemap(client)

    assert [each.text for each in document.iter(f"{SITEMAP}lastmod")] == [NOON.date().isoformat()]
