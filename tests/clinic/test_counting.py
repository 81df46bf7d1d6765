"""Public pages are counted in memory and written in batches; nobody is known by it."""

import threading
import time
from datetime import date

import pytest
from django.db import connection
from django.test import Client

from clinic import counting
from clinic.models import DayCount
from tests.conftest import free_port, manage, start_server, wait_for
from tests.factories import make_tip
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db

DAY_ONE, DAY_TWO = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture(autouse=True)
def nothing_unwritten():
    forget()
    yield
    forget()


def forget():
    counting._looks.clear()
    counting._unwritten.clear()


def counted():
    counting.flush()
    return list(DayCount.objects.order_by("kind", "key").values_list("kind", "key", "count"))


def test_what_came_together_is_written_at_once_and_adds_up():
    for day in (DAY_ONE, DAY_ONE, DAY_TWO):
        counting.count("tip", "a-tip", on=day)
    counting.flush()
    counting.count("tip", "a-tip", on=DAY_ONE)

    counting.flush()

    assert list(DayCount.objects.order_by("day").values_list("day", "kind", "key", "count")) == [
        (DAY_ONE, "tip", "a-tip", 3),
        (DAY_TWO, "tip", "a-tip", 1),
    ]


def test_each_public_page_counts_once_and_asks_the_database_nothing_for_it(clinic, client):
    make_tip(slug="a-tip")
    make_tip(slug="a-guide", kind="guide")

    for address in ("/", "/tips/", "/tips/a-tip/", "/tips/a-tip/", "/guides/a-guide/", "/consultation/", "/privacy/"):
        client.get(address)

    assert DayCount.objects.count() == 0
    assert counted() == [
        ("guide", "a-guide", 1),
        ("home", "", 1),
        ("list", "", 1),
        ("start", "", 1),
        ("tip", "a-tip", 2),
    ]


@pytest.mark.parametrize(
    ("method", "address", "headers"),
    [
        ("head", "/", {}),
        ("get", "/", {"Sec-Purpose": "prefetch"}),
        ("get", "/", {"Sec-Purpose": "prefetch;prerender"}),
        ("get", "/", {"Purpose": "prefetch"}),
        ("post", "/", {}),
        ("get", "/tips/not-here/", {}),
    ],
)
def test_what_is_no_look_is_not_counted(clinic, client, method, address, headers):
    getattr(client, method)(address, headers=headers)

    assert counted() == []


def test_whoever_is_signed_in_is_not_counted_and_the_session_is_not_opened(clinic, therapist, signed_in):
    signed_in(therapist).get("/")
    Client(headers={"cookie": "sessionid=made-up"}).get("/")

    assert counted() == []


def test_a_counted_page_sets_no_cookie(clinic, client):
    answer = client.get("/")

    assert (dict(answer.cookies), "Cookie" in answer.get("Vary", "")) == ({}, False)


def test_the_form_is_begun_once_by_whoever_answers_its_first_page(clinic, client):
    client.get("/consultation/who/")
    for _ in range(2):
        client.post("/consultation/who/", {"for_whom": "me", "age": "adult"})

    assert counted() == [("begun", "", 1)]


@pytest.mark.django_db(transaction=True)
def test_while_the_database_gives_no_answer_the_count_is_kept():
    counting.count("tip", "a-tip", on=DAY_ONE)
    table = DayCount._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
    try:
        counting.flush()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE away RENAME TO {table}")

    assert counted() == [("tip", "a-tip", 1)]


def test_more_kinds_than_anybody_has_pages_are_not_kept(monkeypatch):
    monkeypatch.setattr(counting, "MOST_KINDS", 2)

    for key in ("one", "two", "three", "one"):
        counting.count("tip", key, on=DAY_ONE)

    assert counted() == [("tip", "one", 2), ("tip", "two", 1)]


@pytest.mark.django_db(transaction=True)
def test_many_threads_and_two_writers_lose_none():
    def visitor():
        for _ in range(200):
            counting.count("tip", "a-tip", on=DAY_ONE)

    def writer():
        for _ in range(10):
            counting.flush()
        connection.close()

    threads = [threading.Thread(target=act) for act in (visitor, visitor, visitor, writer, writer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counted() == [("tip", "a-tip", 600)]


@pytest.mark.django_db(transaction=True)
def test_the_real_server_writes_them_from_time_to_time(environment, clinic):
    port = str(free_port())
    ours = environment | {"COUNT_FLUSH_SECONDS": "0.2", "PORT": port, "BASE_URL": f"http://localhost:{port}"}
    manage(ours, "collectstatic", "--noinput", "-v0")
    with start_server(ours) as process:
        try:
            wait_for(f"{ours['BASE_URL']}/health/live/", process)
            for _ in range(3):
                Visitor(ours["BASE_URL"]).get("/")
            deadline = time.monotonic() + 20
            while not DayCount.objects.filter(kind="home", count=3).exists() and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            process.terminate()

    assert list(DayCount.objects.values_list("kind", "key", "count")) == [("home", "", 3)]
