from datetime import timedelta
from xml.etree import ElementTree

import feedparser
import pytest
from django.conf import settings

from clinic.models import ClinicSettings
from tests.factories import DAY, NOON, make_person, make_tip
from tips.models import Tip, TipKind, TipStatus, Topic

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


def read_by_a_program(client):
    """The feed as a reader's program reads it; what such a program would have to guess is refused."""
    answer = client.get("/tips/feed/")
    found = feedparser.parse(answer.content, response_headers={"content-type": answer["Content-Type"]})
    assert found.bozo == 0, found.bozo_exception
    return found


def titles(document):
    return [entry.findtext(f"{ATOM}title") for entry in document.iter(f"{ATOM}entry")]


def addresses(document):
    """Every address that the feed gives: of itself, of the site and of its entries."""
    links = [element.get("href") for element in document.iter(f"{ATOM}link")]
    return [*links, document.findtext(f"{ATOM}id")]


def go_live(tip, revision, *, at, frm=TipStatus.IN_CLINICAL):
    """As if everybody had agreed to it at this instant."""
    tip.steps.create(revision=revision, from_status=frm, to_status=TipStatus.APPROVED, by=tip.author, at=at)
    Tip.objects.filter(pk=tip.pk).update(live=revision, status=TipStatus.APPROVED)


def test_an_entry_says_what_who_when_where_and_about_what(client, clinic):
    author = make_person("Editor", display_name="Nora Fields", credentials="PT")
    topics = [Topic.objects.create(name=name, slug=name.lower()) for name in ("Backs", "Sleep & rest")]
    text = {"title": "Calm & <strong>", "summary": "Three <b>ways</b> & more."}
    tip = make_tip(author=author, slug="calm-back", topics=topics, text=text)

    entry = read_by_a_program(client).entries[0]

    said = {name: entry[name] for name in ("id", "link", "title", "author", "published", "updated")}
    assert said == {
        "id": f"tag:localhost,2026:tip/{tip.pk}",
        "link": f"{settings.BASE_URL}/tips/calm-back/",
        "title": "Calm & <strong>",
        "author": "Nora Fields, PT",
        "published": (NOON - DAY).isoformat(),
        "updated": (NOON - DAY).isoformat(),
    }
    assert (entry.summary, entry.title_detail.type) == ("Three &lt;b&gt;ways&lt;/b&gt; &amp; more.", "text/plain")
    assert [tag.term for tag in entry.tags] == ["Backs", "Sleep & rest"]


def test_an_entry_keeps_its_id_when_its_address_changes(client, clinic, editor):
    tip = make_tip(author=editor, slug="before")
    before = read_by_a_program(client).entries[0]
    tip.arrange(by=editor, at=NOON, topics=[], regions=[], slug="after")

    after = read_by_a_program(client).entries[0]

    assert (after.id, after.link) == (before.id, before.link.replace("/before/", "/after/"))


def test_the_feed_carries_the_clinic_s_name_and_its_type(client, clinic):
    response = client.get("/tips/feed/")

    document = ElementTree.fromstring(response.content)  # noqa: S314 - our own feed, not a stranger's
    assert (response["Content-Type"], document.tag) == ("application/atom+xml; charset=utf-8", f"{ATOM}feed")
    assert document.findtext(f"{ATOM}title") == "Tips from Elm Street Clinic"


@pytest.mark.parametrize(
    ("published_at", "went_live", "updated"),
    [
        (NOON - 3 * DAY, NOON, NOON),
        (NOON + DAY, NOON, NOON + DAY),
        (NOON - 3 * DAY, None, NOON - DAY),
    ],
    ids=["agreed to later than written", "kept for later", "from before steps were kept"],
)
def test_an_entry_was_updated_when_readers_got_its_text(client, clinic, editor, published_at, went_live, updated):
    tip = make_tip(author=editor, published_at=published_at)
    revision = tip.revise(by=editor, at=NOON - DAY, title="New", summary="S", body="B")
    if went_live:
        go_live(tip, revision, at=went_live)
    else:
        Tip.objects.filter(pk=tip.pk).update(live=revision, status=TipStatus.APPROVED)

    entry = read_by_a_program(client).entries[0]

    assert (entry.title, entry.published, entry.updated) == ("New", published_at.isoformat(), updated.isoformat())


def test_what_changes_nothing_for_readers_is_no_update(client, clinic, editor):
    tip = make_tip(author=editor, published_at=NOON - 3 * DAY)
    go_live(tip, tip.live, at=NOON - 2 * DAY)
    go_live(tip, tip.live, at=NOON - DAY, frm=TipStatus.APPROVED)
    tip.arrange(by=editor, at=NOON, topics=[], regions=["knee"])
    tip.revise(by=editor, at=NOON, title="Waiting", summary="S", body="B")

    entry = read_by_a_program(client).entries[0]

    assert entry.updated == (NOON - 2 * DAY).isoformat()


def test_what_comes_back_was_updated_when_it_came_back(client, clinic, editor):
    tip = make_tip(author=editor, published_at=NOON - 3 * DAY)
    for days in (2, 1):
        go_live(tip, tip.live, at=NOON - days * DAY)

    entry = read_by_a_program(client).entries[0]

    assert entry.updated == (NOON - DAY).isoformat()


def test_a_longer_feed_takes_no_more_queries(client, clinic, django_assert_num_queries):
    for _ in range(5):
        tip = make_tip(topics=[Topic.objects.create(name=f"{Topic.objects.count()}", slug=f"{Topic.objects.count()}")])
        go_live(tip, tip.live, at=NOON)
    ClinicSettings.current()

    with django_assert_num_queries(2):
        found = read_by_a_program(client)

    assert len(found.entries) == 5


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
    assert read_by_a_program(client).entries == []


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
    assert len(read_by_a_program(client).entries) == 1


def test_the_sitemap_lists_each_page_and_each_published_tip_and_guide(client, clinic):
    make_tip(slug="a-tip")
    make_tip(slug="a-guide", kind=TipKind.GUIDE, published_at=NOON - 2 * DAY)
    make_tip(slug="a-draft", published_at=None)

    document = sitemap(client, host="127.0.0.1:9999")

    expected = [*PAGES, "/tips/a-tip/", "/guides/a-guide/"]
    assert [each.text for each in document.iter(f"{SITEMAP}loc")] == [settings.BASE_URL + path for path in expected]


def test_the_sitemap_says_when_each_text_became_the_readers(client, clinic, editor):
    tip = make_tip(author=editor, published_at=NOON - 3 * DAY)
    go_live(tip, tip.revise(by=editor, at=NOON - DAY, title="New", summary="S", body="B"), at=NOON)

    document = sitemap(client)

    assert [each.text for each in document.iter(f"{SITEMAP}lastmod")] == [NOON.date().isoformat()]
