"""Two hosts and two databases, each killed in turn while people send: nothing that was accepted is lost, and nobody starts it again."""

import random
import time
import urllib.error
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import psycopg
import pytest
from django.db import connection

from tests.conftest import free_port
from tests.deploy.conftest import needs_nginx
from tests.post_office import PostOffice

from .cluster import children_of
from .hosts import Hosts, Through
from .pair import own_pair
from .senders import CHECK, faults_among
from .sizes import size
from .test_crash import Crowd

pytestmark = [
    needs_nginx,
    pytest.mark.torture,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL"),
]

SEED = 23
CLIENTS = 8
# How many answers pass between the end of one matter and the next.
BETWEEN = (3, 8)
MOST_SECONDS = 10
# One, and nginx counts whole ones.
FAIL_TIMEOUT_SECONDS = 2.1
# Two, and what this machine needs to make the page.
SHOWN_WITHIN_SECONDS = 4
MOST_SECONDS_FOR_THE_MAIL = 900
# A search goes to the database each time.
NOT_IN_MEMORY = "/tips/?q=back"
REQUESTS = (
    "SELECT s.goal, c.reference FROM appointments_patientstatement s "
    "JOIN appointments_consultationrequest c ON c.id = s.consultation_id"
)
MAILED = "SELECT reference FROM clinic_outgoingmail WHERE event = 'received'"
# What a killed worker had taken up is due now, as it would be two minutes later.
LET_TIME_PASS = "UPDATE clinic_outgoingmail SET leased_until = NULL WHERE sent_at IS NULL"


@pytest.fixture(scope="module")
def pair():
    with own_pair() as pair:
        yield pair


@pytest.fixture(scope="module")
def office():
    office = PostOffice(free_port())
    door = office.opened()
    yield office
    door.stop()


@pytest.fixture(scope="module")
def hosts(environment, pair, office, tmp_path_factory):
    hosts = Hosts(tmp_path_factory.mktemp("hosts"), pair.url, office.port)
    try:
        hosts.start()
        yield hosts
    finally:
        hosts.end()


def test_what_one_host_changes_the_other_shows_and_both_have_the_pictures(hosts):
    ours, theirs = hosts.both
    (hosts.shared / "media" / "pictures" / "0123456789ab-800x600-480.webp").write_bytes(b"a picture")
    theirs.get("/")
    change = "from clinic.models import ClinicSettings; ClinicSettings.objects.update(tagline='Changed next door.')"

    ours.manage("shell", "-v0", "-c", change)
    began = time.monotonic()
    while "Changed next door." not in theirs.get("/")[1] and time.monotonic() - began < 60:
        time.sleep(0.05)

    assert time.monotonic() - began < SHOWN_WITHIN_SECONDS
    pictures = [host.get("/media/pictures/0123456789ab-800x600-480.webp") for host in hosts.both]
    assert pictures == [(200, "a picture"), (200, "a picture")]


class Trouble:
    """What happens to them, one after the other, as long as the crowd sends."""

    def __init__(self, hosts, pair, rounds):
        self.hosts, self.pair = hosts, pair
        a, b = hosts.both
        self.kinds = {
            "first web": lambda: self.without(a.web, a),
            "second web": lambda: self.without(b.web, b),
            "first worker": lambda: self.without(a.worker),
            "second worker": lambda: self.without(b.worker),
            "nginx": self.without_nginx,
            "database": self.without_primary,
        }
        self.chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
        self.to_come = [kind for _ in range(rounds) for kind in self.shuffled()]
        self.seconds_away = []
        self.has_ended = False

    def shuffled(self):
        return self.chance.sample(list(self.kinds), len(self.kinds))

    def make(self, crowd):
        self.crowd = crowd
        try:
            for kind in self.to_come:
                self.let_pass(self.chance.randint(*BETWEEN))
                self.hosts.matters.append(kind)
                self.kinds[kind]()
            self.let_pass(BETWEEN[1])
        finally:
            self.has_ended = True

    def let_pass(self, answers):
        least = len(self.crowd.told) + answers
        while len(self.crowd.told) < least:
            assert not self.crowd.has_ended, "the crowd has given up"
            time.sleep(0.01)

    def without(self, service, host=None):
        service.kill()
        self.let_pass(3)
        service.start()
        if host:
            host.wait()
            # So long nginx passes it over.
            time.sleep(FAIL_TIMEOUT_SECONDS)

    def without_nginx(self):
        self.hosts.nginx.kill()
        self.hosts.nginx.start()

    def without_primary(self):
        """The standby is promoted; then the other is made anew, and follows."""
        before, began = self.processes(), time.monotonic()
        self.pair.kill(self.pair.primary)
        self.pair.promote()
        while {host.get(NOT_IN_MEMORY)[0] for host in self.hosts.both} != {200}:
            time.sleep(0.05)
        self.seconds_away.append(time.monotonic() - began)
        self.pair.follow()
        assert self.processes() == before

    def processes(self):
        own = [each.process for each in self.hosts.services]
        assert [each.poll() for each in own] == [None] * len(own)
        return [(each.pid, *sorted(children_of(each.pid))) for each in own]


def goals(trouble, least):
    for number in count():
        if number >= least and trouble.has_ended:
            return
        yield f"goal number {number}"


def wait_for_the_mail(hosts, pair):
    """Until all have left. The workers end what they have in hand before time passes."""
    workers = [host.worker for host in hosts.both]
    for each in workers:
        each.end()
    with psycopg.connect(pair.url) as database:
        database.execute(LET_TIME_PASS)
    for each in workers:
        each.start()
    deadline = time.monotonic() + MOST_SECONDS_FOR_THE_MAIL
    while waiting := pair.ask("SELECT count(*) FROM clinic_outgoingmail WHERE sent_at IS NULL")[0][0]:
        assert time.monotonic() < deadline, f"{waiting} mails wait"
        time.sleep(0.1)


def what_is_wrong(pair, told):
    return faults_among(pair.ask(REQUESTS), [reference for [reference] in pair.ask(MAILED)], told)


def test_nothing_accepted_is_lost_while_each_is_killed_in_turn(hosts, pair, office, record_property):
    trouble = Trouble(hosts, pair, size("rounds of host kills"))
    crowd = Crowd(hosts, goals(trouble, size("requests under host kills")), visitor=Through, clients=CLIENTS)

    with ThreadPoolExecutor(1) as background:
        making = background.submit(trouble.make, crowd)
        crowd.work()
        making.result(timeout=60)
    wait_for_the_mail(hosts, pair)

    kinds = Counter(trouble.to_come)
    arrived = Counter(office.taken_ids)
    copies = arrived.total() - len(arrived)
    record_property(
        "done",
        f"{len(crowd.told)} requests under {len(trouble.to_come)} kills, {kinds['database']} of them of the primary, "
        f"away for {max(trouble.seconds_away):.1f} s at most; met {dict(hosts.met)}; {copies} copies of mails",
    )
    assert what_is_wrong(pair, crowd.told) == []
    assert arrived.keys() == {each for [each] in pair.ask("SELECT message_id FROM clinic_outgoingmail")}
    # Each worker may have one in its hands when it is killed, or when the database is.
    assert copies <= kinds["first worker"] + kinds["second worker"] + 2 * kinds["database"]
    assert max(trouble.seconds_away) < MOST_SECONDS
    # Where a site or a worker dies, nobody meets an error; an answer that was half on its way is cut.
    assert {what for matter, what in hosts.met if matter not in {"nginx", "database"}} <= {"IncompleteRead"}


def test_while_the_standby_is_away_nothing_is_accepted_and_one_command_lets_it_go_on(hosts, pair, record_property):
    goal = "sent while the standby was away"
    visitor = Through(hosts)
    visitor.walk(goal)
    pair.kill(pair.standby)

    status, page, seconds = pressed_once(visitor)
    pair.wait_for("")
    reference = visitor.send()

    pair.follow()
    record_property("done", f"{status} after {seconds:.1f} s, then sent")
    assert (status, "tel:" in page) == (503, True)
    assert seconds < MOST_SECONDS / 2
    assert [kept for said, kept in pair.ask(REQUESTS) if said == goal] == [reference]


def pressed_once(visitor):
    """The status, the page and the seconds of a press that is not repeated."""
    began = time.monotonic()
    try:
        status, page = 200, visitor.press_once(CHECK, visitor.form)
    except urllib.error.HTTPError as error:
        status, page = error.code, error.read().decode()
    return status, page, time.monotonic() - began


def test_control_with_a_standby_that_nobody_waits_for_what_was_accepted_last_is_lost(hosts, pair):
    visitor = Through(hosts)
    visitor.walk("run")
    pair.wait_for("")
    pair.kill(pair.standby)
    told = {goal: [visitor.send_another(goal)] for goal in ("run again", "jump", "climb")}

    pair.kill(pair.primary)
    pair.standby.start()
    pair.standby.wait()
    pair.promote()

    pair.follow()
    assert [each for each in what_is_wrong(pair, told) if each.endswith("is lost")] == [
        "climb is lost", "jump is lost", "run again is lost",
    ]  # fmt: skip
