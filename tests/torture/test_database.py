"""The database crashes, and it freezes: who waits is told so in time, nothing is lost, and it mends by itself."""

import os
import random
import threading
import time
import urllib.error
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection

from tests.conftest import manage
from tests.visitor import ANSWERS, Visitor

from .cluster import own_cluster
from .senders import PRODUCTION, Persistent, through_a_proxy
from .sizes import size
from .test_crash import Crowd

pytestmark = [pytest.mark.torture, pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL")]

CLIENTS = 8
SEED = 11
MOST_SECONDS = 5
IN_MEMORY = "/tips/stronger/"
# A search goes to the database each time.
NOT_IN_MEMORY = "/tips/?q=back"
# Whose session it is, only the database knows.
AT_THE_DESK = "/admin/queue/"
OPEN_THE_CLINIC = "from tests.factories import *; make_clinic(); make_person('Therapist'); make_tip(slug='stronger')"
WORDS = "typed while it was frozen"


@pytest.fixture(scope="module")
def cluster():
    with own_cluster() as one:
        yield one


@pytest.fixture
def filled(cluster, environment, tmp_path):
    """What the environment of a clinic's site on that database says, in which a therapist and an article are."""
    with psycopg.connect(cluster.url, autocommit=True) as database:
        database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    ours = {
        "DATABASE_URL": cluster.url, "DATA_DIR": str(tmp_path), "GENERATION_FILE": str(tmp_path / "generation"),
        "GENERATION_POLL_SECONDS": "1.5", "ENV_FILE": os.devnull,
    }  # fmt: skip
    for command in (
        ["migrate", "-v0"], ["createcachetable"], ["collectstatic", "--noinput", "-v0"],
        ["shell", "-v0", "-c", OPEN_THE_CLINIC],
    ):  # fmt: skip
        manage(environment | ours, *command)
    return ours | PRODUCTION


def asked(site, address, fields=None, cookies=()):
    """The status, the page and the seconds."""
    visitor = through_a_proxy(Visitor(site))
    for cookie in cookies:
        visitor.cookies.set_cookie(cookie)
    began = time.monotonic()
    try:
        visitor.post(address, fields) if fields else visitor.get(address)
        status, page = 200, visitor.page
    except urllib.error.HTTPError as error:
        status, page = error.code, error.read().decode()
    return status, page, time.monotonic() - began


class Seeing(Persistent):
    """Notes what it was answered while the database was away."""

    statuses: Counter[int] = Counter()
    bare: list[str] = []

    def read(self, request, seconds):
        try:
            return Visitor.read(self, request, seconds)
        except urllib.error.HTTPError as error:
            self.statuses[error.code] += 1
            page = error.read().decode()
            if "tel:" not in page:
                self.bare.append(page[:200])
        except OSError as error:
            self.bare.append(repr(error))
        time.sleep(0.05)
        return super().read(request, seconds)


class SeeingCrowd(Crowd):
    def client(self, number):
        visitor = through_a_proxy(Seeing(self.site))
        sent = 0
        while goal := self.next_goal():
            if not sent:
                visitor.walk(goal)
                self.told[goal].append(visitor.send())
            else:
                self.told[goal].append(visitor.send_another(goal))
            sent += 1


def test_no_request_is_lost_while_the_database_crashes(cluster, filled, serving, record_property):
    crashes, requests = size("database crashes"), size("requests under database crashes")
    server = serving(filled, workers=2)
    before = server.process.pid
    crowd = SeeingCrowd(server.site, [f"goal number {number}" for number in range(requests)])
    moments = sorted(random.Random(SEED).sample(range(requests - CLIENTS), crashes))  # noqa: S311
    recoveries = []

    def crash_while_they_work():
        for moment in moments:
            while len(crowd.told) < moment:
                time.sleep(0.01)
            cluster.crash()
            cluster.start()
            cluster.wait()
            began = time.monotonic()
            while asked(server.site, NOT_IN_MEMORY)[0] != 200:
                time.sleep(0.05)
            recoveries.append(time.monotonic() - began)

    with ThreadPoolExecutor(1) as background:
        crashing = background.submit(crash_while_they_work)
        crowd.work()
        crashing.result(timeout=60)

    with psycopg.connect(cluster.url) as database:
        rows = database.execute(
            "SELECT s.goal, c.reference FROM appointments_patientstatement s "
            "JOIN appointments_consultationrequest c ON c.id = s.consultation_id WHERE s.goal LIKE 'goal number %'"
        ).fetchall()
    record_property(
        "done",
        f"{requests} requests under {crashes} crashes, answers {dict(Seeing.statuses)}, back in {max(recoveries):.1f} s",
    )
    assert Counter(goal for goal, _ in rows) == Counter(crowd.told.keys())
    assert {goal: {reference} for goal, reference in rows} == {goal: set(told) for goal, told in crowd.told.items()}
    assert Seeing.statuses.keys() <= {503}
    assert Seeing.bare == []
    assert max(recoveries) < MOST_SECONDS
    assert (server.process.pid, server.process.poll()) == (before, None)


def test_while_the_database_is_frozen_everybody_is_answered_in_time(cluster, filled, serving, record_property):
    server = serving(filled, workers=2)
    answers = what_is_answered(cluster, server)

    record_property("done", f"slowest {max(seconds for _, _, seconds in answers['asked']):.1f} s")
    assert answers["kept"][0] == 503
    assert WORDS in answers["kept"][1]
    assert 'href="tel:' in answers["kept"][1]
    assert {status for status, _, _ in answers["asked"]} == {503}
    assert max(seconds for _, _, seconds in [*answers["asked"], answers["kept"]]) < MOST_SECONDS
    assert {status for status, _, _ in answers["memory"]} == {200}
    assert max(seconds for _, _, seconds in answers["memory"]) < MOST_SECONDS / 2
    assert answers["again"] < MOST_SECONDS


def what_is_answered(cluster, server):
    """To somebody in the middle of the form, to a crowd that needs the database, some of it at the desk, and to readers of a page in memory."""
    visitor = through_a_proxy(Visitor(server.site))
    for step in ("who", "where", "safety", "urgent"):
        visitor.get(f"/consultation/{step}/")
        visitor.post(f"/consultation/{step}/", visitor.hidden() | ANSWERS[step])
    visitor.get("/consultation/problem/")
    typed = visitor.hidden() | ANSWERS["problem"] | {"goal": WORDS}
    # Each of its processes has a memory of its own.
    for _ in range(30):
        asked(server.site, IN_MEMORY)
    with cluster.frozen(), ThreadPoolExecutor(48) as crowd:
        needing = [crowd.submit(asked, server.site, AT_THE_DESK, None, visitor.cookies) for _ in range(24)]
        needing += [crowd.submit(asked, server.site, NOT_IN_MEMORY) for _ in range(16)]
        time.sleep(0.5)
        reading = [crowd.submit(asked, server.site, IN_MEMORY) for _ in range(8)]
        kept = asked(server.site, "/consultation/problem/", typed, visitor.cookies)
        answers = {
            "kept": kept,
            "asked": [each.result() for each in needing],
            "memory": [each.result() for each in reading],
        }
    began = time.monotonic()
    while asked(server.site, NOT_IN_MEMORY)[0] != 200 and time.monotonic() - began < 60:
        time.sleep(0.05)
    return answers | {"again": time.monotonic() - began}


def test_control_whoever_has_endless_patience_waits_until_it_wakes(cluster, filled, serving):
    server = serving(filled | {"DJANGO_SETTINGS_MODULE": "tests.torture.patient_settings"}, workers=2)
    asked(server.site, NOT_IN_MEMORY)

    with ThreadPoolExecutor(1) as reader:
        with cluster.frozen():
            waiting = reader.submit(asked, server.site, NOT_IN_MEMORY)
            threading.Event().wait(MOST_SECONDS + 3)
            was_answered = waiting.done()
        waiting.result(timeout=30)

    assert not was_answered
