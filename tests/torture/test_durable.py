"""What a patient is told was sent is on disk by then: told by the order in which the system was asked to do it."""

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.conftest import manage

from .cluster import children_of, own_cluster
from .senders import Persistent
from .sizes import size

pytestmark = [
    pytest.mark.torture,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed"),
]

# Where each engine writes what is committed.
JOURNAL = {"sqlite": r"\.sqlite3-wal>", "postgresql": r"/pg_wal/"}
TRACED = "fsync,fdatasync,pwrite64,sendto,sendmsg,write,writev"
SENT = "HTTP/1.1 302"


@pytest.fixture
def site_of_its_own(another_site, environment):
    """What its environment says, and the processes beside the web server that write its database."""
    site = another_site()
    ours = {name: site[name] for name in ("DATABASE_URL", "DATA_DIR")}
    if connection.vendor == "sqlite":
        prepare(environment | ours)
        yield ours, list
        return
    with own_cluster() as cluster:
        ours["DATABASE_URL"] = cluster.url
        prepare(environment | ours)
        yield ours, cluster.processes


def prepare(environment):
    for command in (["migrate", "-v0"], ["createcachetable"], ["demo"], ["collectstatic", "--noinput", "-v0"]):
        manage(environment | {"ENV_FILE": os.devnull}, *command)


@contextmanager
def traced(pids, file):
    command = ["strace", "-f", "-ttt", "-T", "-y", "-s", "40", "-e", f"trace={TRACED}", "-o", file]
    for pid in pids:
        command += ["-p", str(pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(20)


def answers_and_how_they_were_kept(site_of_its_own, serving, tmp_path, changed=()):
    """For each answer to a request that was sent: whether what was written for it had been synced."""
    (changed_for_it, writers), count = site_of_its_own, size("answers under strace")
    server = serving(changed_for_it | dict(changed))
    visitor = Persistent(server.site)
    visitor.walk("the first goal")
    visitor.send()
    file = tmp_path / "trace"
    pids = [server.process.pid, *children_of(server.process.pid), *writers()]
    kept = []
    with traced(pids, file):
        moments = []
        for number in range(count):
            began = time.time()
            visitor.send_another(f"goal number {number}")
            moments.append((began, time.time()))
    events = list(events_of(file.read_text(errors="replace")))
    for began, ended in moments:
        between = [(at, what) for at, what in events if began <= at <= ended]
        answered = next(at for at, what in between if what == "answer")
        before = [what for at, what in between if at <= answered and what != "answer"]
        kept.append("write" in before and before[-1] == "sync")
    return kept


def events_of(trace):
    """Writes to the journal, syncs of it by their end, and answers, in order."""
    journal = JOURNAL[connection.vendor]
    begun = {}
    for line in trace.splitlines():
        found = re.match(r"(\d+)\s+([\d.]+) (.*)", line)
        if not found:
            continue
        pid, at, what = found[1], float(found[2]), found[3]
        took = re.search(r"<([\d.]+)>$", what)
        if re.match(r"(fsync|fdatasync)\(", what) and re.search(journal, what):
            begun[pid] = at
            if took:
                yield at + float(took[1]), "sync"
        elif re.match(r"<\.\.\. (fsync|fdatasync) resumed", what) and begun.pop(pid, None):
            yield at, "sync"
        elif what.startswith("pwrite64(") and re.search(journal, what):
            yield at, "write"
        elif SENT in what and not what.startswith("<..."):
            yield at, "answer"


def test_what_was_sent_is_on_disk_before_the_patient_is_told(site_of_its_own, serving, tmp_path, record_property):
    kept = answers_and_how_they_were_kept(site_of_its_own, serving, tmp_path)

    record_property("done", f"{sum(kept)} of {len(kept)} answers came after the sync")
    assert (sum(kept), len(kept)) == (size("answers under strace"),) * 2


def test_control_the_trace_tells_a_database_that_does_not_wait_for_the_disk(site_of_its_own, serving, tmp_path):
    hasty = {"DJANGO_SETTINGS_MODULE": "tests.torture.hasty_settings"}
    kept = answers_and_how_they_were_kept(site_of_its_own, serving, tmp_path, hasty)

    assert sum(kept) < len(kept) / 2
