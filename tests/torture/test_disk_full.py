"""The disk is full: nobody is told that something was sent that was not, and the same processes go on when there is room."""

import os
import subprocess
import tempfile
import urllib.error
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from tests.conftest import execute, manage
from tests.visitor import Visitor

from . import cluster
from .senders import CHECK, Persistent, another_form
from .sizes import size

pytestmark = [
    pytest.mark.torture,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk"),
]

# PostgreSQL needs most of its own for the journal that it writes ahead.
MEGABYTES = {"sqlite": 64, "postgresql": 224}
REFERENCES = "SELECT reference FROM appointments_consultationrequest"


@contextmanager
def small_disk(place, megabytes):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place])
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def disk():
    # Not below the folder of the tests, which the account that runs PostgreSQL cannot enter.
    with tempfile.TemporaryDirectory(prefix="clinic-disk-") as place, small_disk(place, MEGABYTES[connection.vendor]):
        Path(place).chmod(0o711)
        yield Path(place)


@pytest.fixture
def small_site(disk, environment):
    """What the environment of a site says whose database is on the small disk."""
    ours = {"DATA_DIR": str(disk), "DATABASE_URL": f"sqlite:///{disk}/clinic.sqlite3"}
    if connection.vendor == "sqlite":
        yield filled(environment, ours)
        return
    with cluster.own_cluster(disk) as server:
        yield filled(environment, ours | {"DATABASE_URL": server.url})


def filled(environment, ours):
    for command in (["migrate", "-v0"], ["createcachetable"], ["demo"], ["collectstatic", "--noinput", "-v0"]):
        manage(environment | ours | {"ENV_FILE": os.devnull}, *command)
    return ours


def fill(disk):
    """Until not a block is left."""
    with (disk / "filler").open("wb", buffering=0) as file:
        for block in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(block))
            except OSError:
                continue


def try_to_send(sender, goal):
    """Once, without the persistence: the status, and the reference or the page."""
    sender.form |= {"carried": another_form(sender.form["carried"], goal)}
    try:
        Visitor.post(once := sender.twin(), CHECK, sender.form)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    return 200, once.reference


def test_nobody_is_told_that_it_was_sent_while_the_disk_was_full(
    small_site, disk, serving, environment, tmp_path, record_property
):
    server, tries = serving(small_site), size("sends with a full disk")
    sender = Persistent(server.site)
    sender.walk("the first goal")
    accepted = [sender.send()]
    fill(disk)

    answers = [try_to_send(sender, f"goal {number} without room") for number in range(tries)]

    (disk / "filler").unlink()
    accepted += [reference for status, reference in answers if status == 200]
    refused = [page for status, page in answers if status != 200]
    accepted += [sender.send_another(f"goal {number} with room again") for number in range(3)]
    kept = {row[0] for row in execute(environment | small_site, REFERENCES)}
    record_property("done", f"{tries} sends without room, {len(refused)} refused")
    assert {status for status, _ in answers} <= {200, 503}
    assert refused
    assert [page for page in refused if 'href="tel:' not in page or "without room" not in page] == []
    assert set(accepted) <= kept
    assert server.process.poll() is None
    # Refused where the database is not sound, and proved row by row.
    manage(environment | small_site, "backup", str(tmp_path))
