"""Pages from memory: what is kept, for whom, and that nobody reads what is not true any more."""

import threading
from datetime import time as clock

import pytest
from django.db import connection, transaction
from django.utils import timezone

from clinic import counting, pagecache
from clinic.models import ClinicSettings, Holiday, OpeningHours, User
from tests.factories import DAY, HOUR, make_consultation, make_tip
from tests.memory import Memory
from tips.models import Tip, Topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("connections_stay")]


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
        ("/tips/?tip=a-tip", {}),
        ("/tips/a-tip/?tip=a-tip", {}),
        ("/tips/a-tip/?page=1", {}),
        ("/?tip=a-tip", {}),
        ("/privacy/?tip=a-tip", {}),
        ("/consultation/?page=1", {}),
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


def test_whoever_looked_a_moment_before_a_page_was_kept_does_not_make_it_again(memory, tip, monkeypatch):
    first = memory.get("/tips/a-tip/")
    looks, finds = iter([lambda key: None]), memory.cache.memory.get
    monkeypatch.setattr(memory.cache.memory, "get", lambda key: next(looks, finds)(key))

    again = memory.get("/tips/a-tip/")

    assert (memory.asked, again) == (1, first)


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

    (page,) = memory.cache.memory.pages.values()

    now = timezone.localtime(timezone=ClinicSettings.current().tzinfo)
    assert page.until == (now.replace(hour=0, minute=0, second=0, microsecond=0) + DAY).timestamp()


def test_a_page_made_by_a_clock_that_was_ahead_is_made_anew_when_it_is_right_again(memory, tip):
    memory.get("/tips/a-tip/")
    (page,) = memory.cache.memory.pages.values()
    page.made, page.until = (seconds + DAY.total_seconds() for seconds in (page.made, page.until))

    memory.get("/tips/a-tip/")

    assert memory.asked == 2


def test_what_a_clock_that_was_ahead_said_of_the_next_change_is_asked_again_when_it_is_right(memory, tip, monkeypatch):
    memory.get("/tips/a-tip/")
    last = pagecache._clocks["last"]
    ahead = [seconds + DAY.total_seconds() for seconds in last[1:4]]
    monkeypatch.setitem(pagecache._clocks, "last", pagecache.Clock(last.generation, *ahead, last.day + DAY))

    memory.get("/tips/")

    assert pagecache._clocks["last"]._replace(since=0) == last._replace(since=0)


def test_the_promise_of_the_start_page_is_not_older_than_a_minute(memory):
    memory.get("/consultation/")

    (page,) = memory.cache.memory.pages.values()

    assert 0 < page.until - timezone.now().timestamp() <= 60
