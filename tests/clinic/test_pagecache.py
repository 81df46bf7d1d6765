"""Pages from memory: what is kept, for whom, and that nobody reads what is not true any more."""

import gzip
import threading
from datetime import time as clock
from io import BytesIO

import brotli
import pytest
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from clinic import counting
from clinic.models import ClinicSettings, DayCount, Holiday, OpeningHours, User
from clinic.pagecache import PageCache, encoding_for
from tests.factories import DAY, HOUR, make_consultation, make_tip
from tips.models import Tip, Topic

pytestmark = pytest.mark.django_db

HOST = django_settings.BASE_URL.partition("//")[2]


class Memory:
    """A memory of pages before the real site, in this process; it counts how often the site was asked."""

    def __init__(self):
        self.site = WSGIHandler()
        self.asked = 0
        self.before = lambda: None
        self.after = lambda: None
        self.cache = PageCache(self.ask)

    def ask(self, environ, start_response):
        self.asked += 1
        self.before()
        answer = self.site(environ, start_response)
        self.after()
        return answer

    def get(self, address, **environ):
        path, _, query = address.partition("?")
        said = {}

        def start_response(status, headers, exc_info=None):
            said.update({"status": status, **{name.lower(): value for name, value in headers}})

        asked = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": HOST,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
        } | environ
        body = b"".join(self.cache(asked, start_response))
        return said, body


@pytest.fixture(autouse=True)
def connections_stay():
    """As with Django's own client: the site would end the connection that the test's rows are in."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def memory(clinic):
    return Memory()


@pytest.fixture
def tip(clinic):
    return make_tip(slug="a-tip", published_at=timezone.now() - DAY)


def test_a_page_is_made_once_and_then_costs_no_query(memory, tip, django_assert_num_queries):
    first = memory.get("/tips/a-tip/")
    with django_assert_num_queries(0):
        again = memory.get("/tips/a-tip/")

    assert (memory.asked, again) == (1, first)
    assert b"A stronger back" in again[1]


@pytest.mark.parametrize(
    "address",
    ["/", "/tips/", "/tips/?page=1", "/tips/a-tip/", "/tips/feed/", "/privacy/", "/accessibility/", "/consultation/", "/consultation/?tip=a-tip", "/robots.txt", "/sitemap.xml"],
)  # fmt: skip
def test_every_public_page_is_kept(memory, tip, address):
    memory.get(address)
    said, _ = memory.get(address)

    assert (memory.asked, said["status"]) == (1, "200 OK")


@pytest.mark.parametrize(
    ("address", "environ"),
    [
        ("/", {"HTTP_COOKIE": "sessionid=somebody"}),
        ("/", {"HTTP_AUTHORIZATION": "Basic c29tZTpib2R5"}),
        ("/", {"HTTP_HOST": "another.example"}),
        ("/", {"REQUEST_METHOD": "POST"}),
        ("/tips/?q=back", {}),
        ("/tips/?page=1&x=1", {}),
        ("/tips/not-here/", {}),
        ("/tips/a-tip", {}),
        ("/consultation/who/", {}),
        ("/consultation/link/", {}),
        ("/r/0123456789abcdef/", {}),
        ("/admin/", {}),
        ("/admin/login/", {}),
        ("/health/live/", {}),
        ("/tips/%ff/", {}),
        ("/tips/\xff/", {}),
    ],
)
def test_nothing_else_is(memory, tip, address, environ):
    memory.get("/")
    before = memory.asked
    for _ in range(2):
        memory.get(address, **environ)

    assert memory.asked == before + 2


def test_whoever_comes_without_tls_never_meets_a_page_of_those_who_come_with_it(clinic, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    memory = Memory()

    said = [memory.get("/", HTTP_X_FORWARDED_PROTO=how)[0]["status"] for how in ("https", "https", "http", "http")]

    assert said == ["200 OK", "200 OK", "301 Moved Permanently", "301 Moved Permanently"]
    assert memory.asked == 3


WAYS = {
    "a text": lambda tip: tip.revise(by=tip.author, at=timezone.now(), title="Another", summary="x", body="x", sources="x"),
    "a row": lambda tip: Tip.objects.filter(pk=tip.pk).update(publish_at=timezone.now() - 2 * DAY),
    "many rows": lambda tip: Tip.objects.bulk_update([tip], ["slug"]),
    "no row any more": lambda tip: tip.regions.all().delete() or tip.steps.all().delete(),
    "a topic": lambda tip: tip.topics.add(Topic.objects.create(name="Backs", slug="backs")),
    "who wrote it": lambda tip: User.objects.filter(pk=tip.author_id).update(display_name="Jo Changed"),
    "the clinic": lambda tip: ClinicSettings.objects.update(name="Another Clinic"),
    "its hours": lambda tip: OpeningHours.objects.create(weekday=6, opens=clock(1), closes=clock(2)),
    "a holiday": lambda tip: Holiday.objects.create(date=timezone.now().date(), name="A day off"),
    "by hand": lambda tip: connection.cursor().execute('UPDATE "tips_tip" SET "slug" = "slug"'),
}  # fmt: skip


@pytest.mark.parametrize("write", WAYS.values(), ids=WAYS)
def test_whatever_way_something_shown_is_written_the_page_is_made_anew(memory, tip, write):
    memory.get("/tips/a-tip/")
    write(tip)

    memory.get("/tips/a-tip/")

    assert memory.asked == 2


def test_what_readers_do_not_see_leaves_the_pages_alone(memory, tip):
    memory.get("/tips/a-tip/")
    make_consultation()
    counting.count("tip", "a-tip", on=timezone.localdate())
    counting.flush()

    memory.get("/tips/a-tip/")

    assert memory.asked == 1


def test_what_the_clinic_is_called_shows_at_once(memory):
    memory.get("/")
    ClinicSettings.objects.update(name="Oak Street Clinic")

    _, body = memory.get("/")

    assert b"Oak Street Clinic" in body


def test_what_changes_while_a_page_is_made_is_on_the_next_one(memory, tip):
    memory.after = lambda: User.objects.filter(pk=tip.author_id).update(display_name="Jo Changed")
    memory.get("/tips/a-tip/")
    memory.after = lambda: None

    _, body = memory.get("/tips/a-tip/")

    assert (memory.asked, b"Jo Changed" in body) == (2, True)


@pytest.mark.django_db(transaction=True)
def test_a_page_made_before_the_commit_is_not_shown_after_it(clinic):
    memory, tip = Memory(), make_tip(slug="a-tip", published_at=timezone.now() - DAY)
    written, may_commit = threading.Event(), threading.Event()

    def editor():
        with transaction.atomic():
            User.objects.filter(pk=tip.author_id).update(display_name="Jo Changed")
            written.set()
            may_commit.wait(20)
        connection.close()

    writing = threading.Thread(target=editor)
    writing.start()
    written.wait(20)
    _, between = memory.get("/tips/a-tip/")
    may_commit.set()
    writing.join()
    _, after = memory.get("/tips/a-tip/")

    assert (b"Jo Changed" in between, b"Jo Changed" in after) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_first_readers_cost_one_page(clinic):
    memory = Memory()
    make_tip(slug="a-tip", published_at=timezone.now() - DAY)
    all_here, answers = threading.Barrier(100), []
    memory.before = lambda: threading.Event().wait(0.5)

    def reader():
        all_here.wait()
        answers.append(memory.get("/tips/a-tip/"))
        connection.close()

    readers = [threading.Thread(target=reader) for _ in range(100)]
    for each in readers:
        each.start()
    for each in readers:
        each.join()

    assert (memory.asked, len(answers), {said["status"] for said, _ in answers}) == (1, 100, {"200 OK"})


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_after_a_change_is_given_nothing_that_was_begun_before_it(clinic):
    memory, tip = Memory(), make_tip(slug="a-tip", published_at=timezone.now() - DAY)
    is_read, may_answer, answers = threading.Event(), threading.Event(), {}

    def pause():
        memory.after = lambda: None
        is_read.set()
        may_answer.wait(20)

    def reader(name):
        answers[name] = memory.get("/tips/a-tip/")[1]
        connection.close()

    memory.after = pause
    early = threading.Thread(target=reader, args=["early"])
    early.start()
    is_read.wait(20)
    User.objects.filter(pk=tip.author_id).update(display_name="Jo Changed")
    late = threading.Thread(target=reader, args=["late"])
    late.start()
    may_answer.set()
    early.join()
    late.join()

    assert {name: b"Jo Changed" in body for name, body in answers.items()} == {"early": False, "late": True}


# The clock


def test_a_page_lives_until_the_next_tip_comes_or_goes(memory, tip):
    soon = timezone.now() + HOUR / 3600
    make_tip(slug="to-come", published_at=soon, text={"title": "To come"})
    _, before = memory.get("/tips/")
    while timezone.now() < soon:
        threading.Event().wait(0.05)

    _, after = memory.get("/tips/")

    assert (b"To come" in before, b"To come" in after, memory.asked) == (False, True, 2)


@pytest.mark.parametrize("fact", ["publish_at", "expire_at"])
def test_the_next_change_is_found(tip, fact):
    now = timezone.now()
    make_tip(published_at=now - DAY)
    Tip.objects.filter(pk=tip.pk).update(**{fact: now + HOUR})

    assert Tip.objects.next_change(at=now) == now + HOUR
    assert Tip.objects.next_change(at=now + 2 * HOUR) is None


def test_no_page_outlives_the_clinics_day(memory, tip):
    memory.get("/tips/a-tip/")

    (page,) = memory.cache.pages.values()

    now = timezone.localtime(timezone=ClinicSettings.current().tzinfo)
    assert page.until == (now.replace(hour=0, minute=0, second=0, microsecond=0) + DAY).timestamp()


def test_the_promise_of_the_start_page_is_not_older_than_a_minute(memory):
    memory.get("/consultation/")

    (page,) = memory.cache.pages.values()

    assert 0 < page.until - timezone.now().timestamp() <= 60


# What is answered


def test_each_visitor_is_given_what_it_can_unpack(memory, tip):
    plain = memory.get("/tips/a-tip/")
    zipped = memory.get("/tips/a-tip/", HTTP_ACCEPT_ENCODING="gzip, deflate")
    best = memory.get("/tips/a-tip/", HTTP_ACCEPT_ENCODING="gzip, deflate, br")

    assert plain[1] == gzip.decompress(zipped[1]) == brotli.decompress(best[1])
    assert [said.get("content-encoding") for said, _ in (plain, zipped, best)] == [None, "gzip", "br"]
    assert [int(said["content-length"]) for said, _ in (plain, zipped, best)] == [
        len(body) for _, body in (plain, zipped, best)
    ]
    assert {said["vary"] for said, _ in (plain, zipped, best)} == {"Accept-Encoding"}
    assert len({said["etag"] for said, _ in (plain, zipped, best)}) == 3


@pytest.mark.parametrize(
    ("accepted", "given"),
    [("", ""), ("br", "br"), ("gzip;q=0.5", "gzip"), ("br;q=0, gzip", "gzip"), ("gzip; q=0.0", ""), ("identity", ""), ("bro", "")],
)  # fmt: skip
def test_what_a_visitor_takes_is_read_from_its_words(accepted, given):
    assert encoding_for(accepted) == given


def test_a_reader_who_has_the_page_is_told_so(memory, tip):
    said, _ = memory.get("/tips/a-tip/", HTTP_ACCEPT_ENCODING="br")
    again, body = memory.get("/tips/a-tip/", HTTP_ACCEPT_ENCODING="br", HTTP_IF_NONE_MATCH=said["etag"])

    assert (again["status"], body) == ("304 Not Modified", b"")
    assert again["content-security-policy"] == said["content-security-policy"]


def test_the_head_of_a_page_is_its_head_alone(memory, tip):
    said, _ = memory.get("/tips/a-tip/")

    assert memory.get("/tips/a-tip/", REQUEST_METHOD="HEAD") == (said, b"")


def test_a_page_from_memory_says_all_that_the_site_says_but_the_number_of_a_request(memory, tip):
    ours, _ = memory.get("/tips/a-tip/", HTTP_COOKIE="of=somebody")
    memory.get("/tips/a-tip/")

    said, _ = memory.get("/tips/a-tip/")

    assert {name: said.get(name) for name in ours} == ours | {"x-request-id": None}


def test_looks_are_counted_all_the_same(memory, tip):
    counting.flush()
    DayCount.objects.all().delete()
    for _ in range(3):
        memory.get("/tips/a-tip/")
    memory.get("/tips/a-tip/", HTTP_SEC_PURPOSE="prefetch")
    memory.get("/tips/a-tip/", REQUEST_METHOD="HEAD")
    counting.flush()

    counts = DayCount.objects.values_list("day", "kind", "key", "count")
    today = timezone.localdate(timezone=ClinicSettings.current().tzinfo)
    assert list(counts) == [(today, "tip", "a-tip", 3)]


def test_an_answer_that_is_no_page_is_not_kept(memory, tip):
    Tip.objects.filter(pk=tip.pk).update(expire_at=timezone.now() - HOUR)

    answers = [memory.get("/tips/a-tip/")[0]["status"] for _ in range(2)]

    assert (answers, memory.asked) == (["410 Gone"] * 2, 2)


def test_it_never_holds_more_than_it_may(memory, settings):
    settings.PAGE_MEMORY_BYTES = 60_000
    for number in range(8):
        make_tip(slug=f"tip-{number}", published_at=timezone.now() - DAY)
    for number in range(8):
        memory.get(f"/tips/tip-{number}/")

    memory.get("/tips/tip-7/")
    memory.get("/tips/tip-0/")

    held = sum(2 * len(page.body) for page in memory.cache.pages.values())
    assert (held, memory.asked) == (memory.cache.bytes, 9)
    assert 0 < held <= 60_000


def test_a_site_that_fails_fails_for_each(memory, tip):
    def fail():
        raise RuntimeError("made to fail")

    memory.before = fail
    for _ in range(2):
        with pytest.raises(RuntimeError):
            memory.get("/tips/a-tip/")
    memory.before = lambda: None

    assert memory.get("/tips/a-tip/")[0]["status"] == "200 OK"
