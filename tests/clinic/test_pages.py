"""What everybody may read: each page as a stranger gets it, and what it does not do to them."""

import re
from datetime import UTC, timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.reasons import REASONS
from clinic import views
from clinic.health import WORKER
from clinic.mail import queue
from clinic.models import Heartbeat, forget
from tests.appointments.pages import Page
from tests.factories import DAY, HOUR, make_clinic, make_consultation, make_person, make_tip
from tips.models import FormerAddress, TipKind, TipStatus, Topic

pytestmark = pytest.mark.django_db

BASE = "http://localhost:8000"
SOURCE = "https://pubmed.example/12345"
ATOM = "{http://www.w3.org/2005/Atom}"
PAGES = [
    "/",
    "/tips/",
    "/tips/?q=back",
    "/tips/topics/backs/",
    "/tips/regions/back/",
    "/tips/a-stronger-back/",
    "/guides/after-surgery/",
    "/consultation/",
    "/consultation/?tip=a-stronger-back",
    "/privacy/",
    "/accessibility/",
]
# What stands where something once was.
GONE = ["/tips/taken-down/", "/guides/over.pdf", "/2019/05/knees/"]
STATUSES = {"/nowhere/": 404} | dict.fromkeys(GONE, 410)
PUBLIC = [
    *PAGES,
    *GONE,
    "/guides/after-surgery.pdf",
    "/tips/feed/",
    "/sitemap.xml",
    "/robots.txt",
    "/health/live/",
    "/nowhere/",
]


class SessionWasRead(Exception):
    """A page that should not know its reader asked who they are."""


class SessionStore(SessionBase):
    """A session that cannot be read; nor can the user or the messages, which are kept in it."""

    def _get_session(self, no_load=False):
        raise SessionWasRead

    _session = property(_get_session)


@pytest.fixture
def site(db):
    make_clinic()
    topic = Topic.objects.create(name="Backs", slug="backs")
    facts = {"published_at": timezone.now() - DAY, "topics": [topic], "regions": ["back"]}
    text = {"sources": f"A study, [2024]({SOURCE}).", "body": "Stand tall.\n\n::: exercise sit-to-stand\nSit.\n:::\n"}
    make_tip(slug="a-stronger-back", text=text, **facts)
    make_tip(slug="after-surgery", kind=TipKind.GUIDE, text={"title": "After surgery"} | text, **facts)
    gone = make_tip(slug="taken-down", status=TipStatus.ARCHIVED, **facts)
    FormerAddress.objects.create(path="/2019/05/knees/", tip=gone)
    make_tip(slug="over", kind=TipKind.GUIDE, expire_at=timezone.now() - HOUR, **facts)


@pytest.fixture
def unreadable_session(settings):
    settings.SESSION_ENGINE = "tests.clinic.test_pages"


def somebody():
    """A browser that brings cookies, so that there is something to read."""
    client = Client()
    client.cookies["sessionid"] = "somebody"
    return client


class Addresses(HTMLParser):
    """Every address in a page: what a browser fetches by itself, and what a reader may follow."""

    FETCHED = {"src", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href"}

    def __init__(self, page):
        super().__init__()
        self.fetched, self.followed, self.inline = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        self.fetched += [value for name, value in attrs if name in self.FETCHED]
        if tag == "link" and facts.get("rel") not in {"canonical", "alternate", "prev", "next"}:
            self.fetched.append(facts["href"])
        if tag == "a" and "href" in facts:
            self.followed.append(facts["href"])
        self.inline += [name for name in facts if name == "style" or name.startswith("on")]


def leaves_the_site(address):
    return "//" in address or address.startswith(("data:", "javascript:"))


# Nobody is asked who they are


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_reads_no_session_and_is_the_same_for_everybody(site, unreadable_session, address):
    answer = somebody().get(address)

    assert answer.status_code == STATUSES.get(address, 200)
    assert answer.cookies.output() == ""
    assert "cookie" not in answer.get("Vary", "").lower()


@pytest.mark.parametrize("address", ["/consultation/who/", "/consultation/check/", "/admin/", "/admin/sign-in/"])
def test_a_page_that_does_read_the_session_is_found_out(site, unreadable_session, address):
    with pytest.raises(SessionWasRead):
        somebody().get(address)


def test_a_page_with_a_csrf_token_is_found_out(site, client):
    answer = client.get("/consultation/who/")

    assert "csrftoken" in answer.cookies
    assert "Cookie" in answer["Vary"]


@pytest.mark.parametrize("address", [*PAGES, *GONE])
def test_somebody_signed_in_gets_the_very_page_that_a_stranger_gets(site, client, signed_in, address):
    stranger_gets = client.get(address).content

    assert signed_in(make_person("Owner")).get(address).content == stranger_gets


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_shows_nothing_of_a_request(site, client, address):
    consultation = make_consultation(said={"goal": "CANARY-GOAL", "full_name": "CANARY-NAME"})

    page = client.get(address).content.decode(errors="replace")

    assert [word for word in ("CANARY", consultation.reference) if word in page] == []


# Nothing is fetched from anybody else


@pytest.mark.parametrize("address", [*PAGES, "/nowhere/"])
def test_a_page_has_the_browser_fetch_nothing_from_anybody_else(site, client, address):
    found = Addresses(client.get(address).content.decode())

    assert len(found.fetched) >= 2
    assert [each for each in found.fetched if leaves_the_site(each)] == []
    assert found.inline == []


def test_the_only_links_away_are_those_to_sources(site, client):
    away = {}
    for address in PAGES:
        followed = Addresses(client.get(address).content.decode()).followed
        away[address] = [each for each in followed if leaves_the_site(each)]

    assert {address: links for address, links in away.items() if links} == {
        "/tips/a-stronger-back/": [SOURCE],
        "/guides/after-surgery/": [SOURCE],
    }


@pytest.mark.parametrize("address", ["/", "/tips/", "/tips/a-stronger-back/", "/guides/after-surgery/"])
def test_a_page_names_its_own_address_from_the_settings_and_not_from_the_request(site, client, address):
    page = client.get(address, headers={"host": "127.0.0.1"}).content.decode()

    assert re.findall(r'rel="canonical"\s+href="([^"]*)"', page) == [BASE + address]
    assert "127.0.0.1" not in page


@pytest.mark.parametrize("address", [*PAGES, "/guides/after-surgery.pdf", "/robots.txt", "/health/live/"])
def test_a_public_address_refuses_to_be_posted_to(site, client, address):
    assert client.post(address).status_code == 405


# What stands at its head


@pytest.mark.parametrize("address", [*PAGES, *GONE])
def test_a_page_has_one_heading_a_title_and_a_description(site, client, address):
    page = client.get(address).content.decode()

    heads = [re.findall(pattern, page) for pattern in (r"<h1[ >]", r"<title>([^<]+)</title>")]
    described = re.findall(r'<meta name="description"\s+content="([^"]*)"', page)
    assert ([len(found) for found in heads], len(described), all(described)) == ([1, 1], 1, True)


@pytest.mark.parametrize("address", [*GONE, "/nowhere/"])
def test_no_search_engine_keeps_what_is_not_there(site, client, address):
    assert '<meta name="robots" content="noindex">' in client.get(address).content.decode()


# Home and the notices


def test_home_shows_the_three_newest_tips_and_every_guide(clinic, client):
    now = timezone.now()
    for title, age in [("Fourth", 4), ("First", 1), ("Third", 3), ("Second", 2), ("Not yet", -1)]:
        make_tip(published_at=now - age * DAY, text={"title": title})
    make_tip(published_at=None, text={"title": "A draft"})
    for title, age in [("Old guide", 9), ("New guide", 1)]:
        make_tip(kind=TipKind.GUIDE, published_at=now - age * DAY, text={"title": title})

    page = client.get("/").content.decode()

    shown = re.findall(r'<h3>\s*<a href="[^"]*">([^<]*)</a>', page)
    assert shown == ["First", "Second", "Third", "New guide", "Old guide"]


def test_home_says_who_and_how_soon_and_how_to_call(client):
    make_clinic(reply_days=2)

    page = client.get("/").content.decode()

    assert "<title>Elm Street Clinic – Strong again.</title>" in page
    assert "Within 2 business days" in page
    assert re.findall(r"<span>(Mon[^<]*)</span>\s*<span>([^<]*)</span>", page) == [
        ("Monday – Friday", "8:00 AM – 6:00 PM")
    ]
    assert 'href="tel:+1-407-698-5558">(407) 698-5558</a>' in page


def test_only_a_demonstration_says_that_it_is_one(client):
    said = []
    for is_demo in (True, False):
        make_clinic(is_demo=is_demo)
        said.append("Sample content." in client.get("/").content.decode())
        forget()

    assert said == [True, False]


def test_the_privacy_notice_gives_a_reason_for_each_question(site, client):
    page = client.get("/privacy/").content.decode()

    assert re.findall(r"<dt>([^<]*)</dt>", page) == [
        str(reason.what).replace("'", "&#x27;") for reason in REASONS.values()
    ]


@pytest.mark.parametrize("address", ["/privacy/", "/accessibility/"])
def test_a_notice_says_whom_to_call(site, client, address):
    assert re.search(r'class="call">Call us: <a href="tel:\+1-407-698-5558"', client.get(address).content.decode())


@pytest.mark.parametrize(("phone", "called"), [("+14076985558", ["(407) 698-5558"]), ("", [])])
def test_what_does_not_work_can_be_told_without_a_phone(db, client, phone, called):
    make_clinic(phone=phone)

    page = Page(client.get("/accessibility/"))

    assert ([tag.text for tag in page.within("a", "call")], "Call us" in page.texts("main")[0]) == (
        called,
        bool(called),
    )
    assert [tag.attrs["href"] for tag in page.all("a") if tag.text == "form for a consultation"] == ["/consultation/"]


# For machines


def test_robots_are_kept_from_the_desk_and_from_patients_pages(client, clinic):
    answer = client.get("/robots.txt")

    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode().split("\n") == [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /r/",
        "Disallow: /calendar/",
        "Disallow: /consultation/",
        "Allow: /consultation/$",
        "",
        f"Sitemap: {BASE}/sitemap.xml",
        "",
    ]


def test_the_sitemap_lists_what_is_published_at_our_own_address(site, client):
    make_tip(slug="not-yet", published_at=timezone.now() + DAY)
    make_tip(slug="a-draft", published_at=None)
    make_tip(slug="over", published_at=timezone.now() - DAY, expire_at=timezone.now() - timedelta(minutes=1))

    sitemap = client.get("/sitemap.xml", headers={"host": "127.0.0.1"}).content

    elements = ElementTree.fromstring(sitemap).iter()  # noqa: S314
    assert sorted(element.text for element in elements if element.tag.endswith("loc")) == [
        f"{BASE}/",
        f"{BASE}/accessibility/",
        f"{BASE}/consultation/",
        f"{BASE}/guides/after-surgery/",
        f"{BASE}/privacy/",
        f"{BASE}/tips/",
        f"{BASE}/tips/a-stronger-back/",
    ]


def test_every_address_in_the_feed_is_our_own(site, client):
    feed = ElementTree.fromstring(client.get("/tips/feed/", headers={"host": "127.0.0.1"}).content)  # noqa: S314

    links = [(link.get("rel"), link.get("href")) for link in feed.iter(f"{ATOM}link")]
    assert links == [
        ("alternate", f"{BASE}/tips/"),
        ("self", f"{BASE}/tips/feed/"),
        ("alternate", f"{BASE}/tips/a-stronger-back/"),
    ]
    assert [each.text.split("tip/")[0] for each in feed.iter(f"{ATOM}id")] == [f"{BASE}/tips/", "tag:localhost,2026:"]


def test_a_living_process_says_so_without_asking_the_database(clinic, client, django_assert_num_queries):
    client.get("/health/live/")

    with django_assert_num_queries(0):
        answer = client.get("/health/live/")

    assert (answer.status_code, answer.content, "no-store" in answer["Cache-Control"]) == (200, b"live\n", True)


def test_a_site_that_can_work_is_ready(clinic, client):
    Heartbeat.objects.beat(WORKER, at=timezone.now())

    answer = client.get("/health/ready/")

    assert (answer.status_code, answer.content, "no-store" in answer["Cache-Control"]) == (200, b"ready\n", True)


def test_a_site_whose_mail_does_not_leave_is_not_ready_and_says_so(clinic, client):
    now = timezone.now()
    queue("received", to="robin@clinic.example", context={}, at=now - HOUR)

    answer = client.get("/health/ready/")

    since = f"{(now - HOUR).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    assert (answer.status_code, answer.content.decode().splitlines()) == (
        503,
        [f"mail has not been leaving since {since}", "the worker is not running"],
    )


def test_a_process_without_a_database_lives_and_is_not_ready(clinic, client, database_is_gone):
    with database_is_gone():
        live, ready = client.get("/health/live/"), client.get("/health/ready/")

    assert (live.status_code, ready.status_code) == (200, 503)
    assert ready.content == b"the database gives no answer\n"


def test_a_process_ahead_of_its_database_is_not_ready(clinic, client):
    views.is_migrated.clear()
    last = MigrationRecorder.Migration.objects.filter(app="clinic").order_by("name").last()
    last.delete()
    Heartbeat.objects.beat(WORKER, at=timezone.now())

    behind = client.get("/health/ready/")
    last.save(force_insert=True)
    migrated = client.get("/health/ready/")

    assert (behind.status_code, behind.content) == (503, b"migrations are missing\n")
    assert (migrated.status_code, migrated.content) == (200, b"ready\n")


def test_a_process_that_found_all_migrations_does_not_lay_them_out_again(clinic, client):
    client.get("/health/ready/")

    with CaptureQueriesContext(connection) as asked:
        client.get("/health/ready/")

    assert [query for query in asked if "django_migrations" in query["sql"]] == []
    assert [query for query in asked if "clinic_heartbeat" in query["sql"]]
