"""The whole server is killed again and again while people send: nothing is lost, doubled or renamed."""

import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from appointments import emails
from appointments.models import ConsultationRequest
from clinic.models import OutgoingMail
from tests.factories import NOON, make_consultation, make_person

from .senders import PRODUCTION, Persistent, faults, through_a_proxy
from .sizes import size

pytestmark = [pytest.mark.torture, pytest.mark.django_db(transaction=True)]

CLIENTS = 16
SEED = 7
# Of so many requests one is walked through all pages, and one is sent once more after its answer.
WALKED, SENT_AGAIN = 50, 5


def somebody(site):
    return through_a_proxy(Persistent(site))


class Crowd:
    """Clients who share the work, and what each was told."""

    def __init__(self, site, goals, *, clients=CLIENTS, visitor=somebody):
        self.site = site
        self.clients = clients
        self.visitor = visitor
        self.goals = iter(goals)
        self.told = defaultdict(list)
        self.lock = threading.Lock()
        self.has_ended = False

    def next_goal(self):
        with self.lock:
            return None if self.has_ended else next(self.goals, None)

    def client(self, number):
        visitor = self.visitor(self.site)
        sent = 0
        while goal := self.next_goal():
            if sent % WALKED == 0:
                visitor.walk(goal)
                reference = visitor.send()
            else:
                reference = visitor.send_another(goal)
            self.told[goal].append(reference)
            if sent % SENT_AGAIN == 0:
                self.told[goal].append(visitor.send())
            sent += 1

    def work(self):
        with ThreadPoolExecutor(self.clients) as threads:
            try:
                list(threads.map(self.client, range(self.clients)))
            finally:
                # Whoever is interrupted need not wait for all the rest.
                self.has_ended = True


def kill_while_they_work(server, crowd, moments, chance):
    """At each of these counts of answers, and a blink later, the server dies in the middle of other requests."""
    for moment in moments:
        while len(crowd.told) < moment:
            if crowd.has_ended:
                return
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05))
        server.kill()
        server.start()


def test_no_request_is_lost_doubled_or_renamed_while_the_server_is_killed(site, serving, record_property):
    make_person("Therapist")
    kills, requests = size("kills"), size("requests under kills")
    server = serving(PRODUCTION, workers=2)
    crowd = Crowd(server.site, [f"goal number {number}" for number in range(requests)])
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    moments = sorted(chance.sample(range(requests - CLIENTS), kills))

    with ThreadPoolExecutor(1) as background:
        killing = background.submit(kill_while_they_work, server, crowd, moments, chance)
        crowd.work()
        killing.result(timeout=1)

    record_property("done", f"{requests} requests by {CLIENTS} clients under {kills} kills")
    assert faults(crowd.told) == []
    assert (len(crowd.told), ConsultationRequest.objects.count()) == (requests, requests)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda row: row.statement.delete(), "run is lost"),
        (lambda row: make_consultation(said={"goal": "run"}), "run is kept 2 times"),
        (lambda row: OutgoingMail.objects.all().delete(), "run has 0 mails"),
        (
            lambda row: ConsultationRequest.objects.update(reference="CR-AAAAAA"),
            "run is CR-AAAAAA, and the visitor read ['CR-MINE99']",
        ),
    ],
    ids=["lost", "doubled", "unmailed", "renamed"],
)
def test_control_the_check_notices_a_request_that_is_lost_doubled_or_renamed(clinic, harm, sentence):
    row = make_consultation(said={"goal": "run"}, reference="CR-MINE99")
    emails.received(row, at=NOON)
    before = faults({"run": ["CR-MINE99"]})

    harm(row)

    assert (before, faults({"run": ["CR-MINE99"]})) == ([], [sentence])
