"""Workers are killed and the mail server goes away, again and again: every mail arrives, and none without end."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.utils import timezone

from appointments.models import ConsultationRequest
from clinic import mail
from clinic.models import OutgoingMail
from tests.conftest import free_port
from tests.factories import make_clinic
from tests.post_office import PostOffice

from .senders import CHECK, Persistent, another_form
from .sizes import IN_FULL, size

pytestmark = [pytest.mark.torture, pytest.mark.django_db(transaction=True)]

SEED = 17
AWAY_SECONDS = 0.5
# Half of what a worker waits for an answer, where the machine has other tests to run.
MOST_SECONDS_OF_A_SEND = 0.5 if IN_FULL else 5
MOST_SECONDS_WITHOUT_A_MAIL = 120


class Worker:
    """The real one, with a mail server of the test's."""

    def __init__(self, environment, port):
        self.environment = environment | {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
        self.start()

    def start(self):
        self.process = subprocess.Popen([sys.executable, "manage.py", "worker"], env=self.environment)

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


def let_time_pass():
    """What waits for a pause or for a dead worker's lease is due now, as it would be some minutes later."""
    now = timezone.now()
    OutgoingMail.objects.unsent().filter(next_attempt_at__gt=now).update(next_attempt_at=now)
    OutgoingMail.objects.unsent().filter(leased_until__gt=now).update(leased_until=now)


def queue(count):
    for _ in range(count):
        mail.queue("staff_new", to="robin@clinic.example", context={"reference": "CR-ACDEFG"}, at=timezone.now())


class Server:
    """A mail server that goes away and comes back at the same place."""

    def __init__(self):
        self.office = PostOffice(free_port())
        self.open()

    def open(self):
        self.door = self.office.opened()

    def away(self):
        self.door.stop()
        time.sleep(AWAY_SECONDS)
        self.open()


def test_every_mail_arrives_and_copies_are_no_more_than_kills(transactional_db, environment, record_property):
    make_clinic()
    mails, kills, outages = size("mails"), size("worker kills"), size("mail outages")
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    faults = ["kill"] * kills + ["outage"] * outages
    chance.shuffle(faults)
    server = Server()
    worker = Worker(environment, server.office.port)
    try:
        queue(mails)
        for moment, fault in zip(sorted(chance.sample(range(1, mails), len(faults))), faults, strict=True):
            wait_for(server.office, moment)
            if fault == "kill":
                worker.kill()
                worker.start()
            else:
                server.away()
        wait_for(server.office, mails)
    finally:
        worker.kill()
        server.door.stop()

    arrived = Counter(server.office.taken_ids)
    record_property("done", f"{mails} mails, {kills} kills, {outages} outages, {arrived.total() - mails} copies")
    assert arrived.keys() == set(OutgoingMail.objects.values_list("message_id", flat=True))
    assert arrived.total() - mails <= kills


def wait_for(office, count):
    """Until so many have arrived. While none does, time passes."""
    seen, since = -1, time.monotonic()
    while (now := len(set(office.taken_ids))) < count:
        if now != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > 1:
            let_time_pass()
        assert time.monotonic() - since < MOST_SECONDS_WITHOUT_A_MAIL, f"{now} of {count} have arrived"
        time.sleep(0.02)


def test_a_mail_server_that_says_nothing_holds_nobody_who_sends(site, environment, record_property):
    visitor, sends, took = Persistent(site), size("sends past a silent mail server"), []
    visitor.walk("goal number 0")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        silent.settimeout(MOST_SECONDS_WITHOUT_A_MAIL)
        worker = Worker(environment, silent.getsockname()[1])
        try:
            visitor.send()
            caller, _address = silent.accept()
            for number in range(1, sends):
                form = visitor.form | {"carried": another_form(visitor.form["carried"], f"goal number {number}")}
                began = time.monotonic()
                visitor.post(CHECK, form)
                took.append(time.monotonic() - began)
        finally:
            worker.kill()
            caller.close()

    slow = sorted(took)[int(0.99 * len(took))]
    record_property("done", f"{sends} sends, p99 {slow:.2f} s")
    assert slow < MOST_SECONDS_OF_A_SEND
    assert ConsultationRequest.objects.count() == sends
    assert OutgoingMail.objects.unsent().count() == OutgoingMail.objects.count() >= sends


def test_control_a_worker_that_forgets_its_lease_sends_more_copies(transactional_db, environment):
    """Two workers on the same mails, which are due again as soon as one has taken them."""
    make_clinic()
    mails = 120
    server = Server()
    workers = [Worker(environment, server.office.port) for _ in range(3)]
    try:
        queue(mails)
        deadline = time.monotonic() + MOST_SECONDS_WITHOUT_A_MAIL
        while len(set(server.office.taken_ids)) < mails and time.monotonic() < deadline:
            OutgoingMail.objects.unsent().update(leased_until=None)
    finally:
        for each in workers:
            each.kill()
        server.door.stop()

    assert len(server.office.taken_ids) > mails
