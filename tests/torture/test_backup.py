"""Backups are made while patients send: each is whole, can be restored, and holds every request accepted before it began."""

import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from clinic.backup import ENGINES
from clinic.backup.archive import Archive
from clinic.backup.proof import faults
from clinic.models import ClinicSettings
from tests.conftest import execute, manage
from tests.factories import make_consultation, make_person

from .senders import Persistent
from .sizes import size

pytestmark = [pytest.mark.torture, pytest.mark.django_db(transaction=True)]

SENDERS = 3
EVERY_REFERENCE = "SELECT reference FROM appointments_consultationrequest"
TORN = (
    "SELECT reference FROM appointments_consultationrequest WHERE NOT EXISTS "
    "(SELECT 1 FROM appointments_patientstatement WHERE consultation_id = appointments_consultationrequest.id) OR NOT EXISTS "
    "(SELECT 1 FROM clinic_outgoingmail WHERE reference = appointments_consultationrequest.reference)"
)


class Patients:
    """People who send one request after another until they are told to stop; `accepted` is what they read."""

    def __init__(self, site):
        self.site = site
        self.accepted = []
        self.stop = threading.Event()

    def send(self, number):
        visitor, sent = Persistent(self.site), 0
        visitor.walk(f"goal {number} of the first")
        while not self.stop.is_set():
            self.accepted.append(visitor.send_another(f"goal {number} after {sent}"))
            sent += 1

    def wait_for_more(self, *, than):
        deadline = time.monotonic() + 60
        while len(self.accepted) <= than and time.monotonic() < deadline:
            time.sleep(0.01)

    def __enter__(self):
        self.threads = ThreadPoolExecutor(SENDERS)
        self.working = [self.threads.submit(self.send, number) for number in range(SENDERS)]
        return self

    def __exit__(self, *error):
        self.stop.set()
        self.threads.shutdown()
        for each in self.working:
            each.result()


def missed_by(files, accepted_before, work):
    """What is wrong with each backup once it is restored: requests that are missing or only there in part, and its faults."""
    engine, dump, found = ENGINES[connection.vendor], work / "database", {}
    with engine.trial(connection, work) as other:
        for file, before in zip(files, accepted_before, strict=True):
            with Archive(file) as archive:
                archive.extract_database(dump)
                engine.load(dump, other, archive.manifest)
                wrong = faults(other, archive.manifest)
            dump.unlink()
            with other.cursor() as cursor:
                references, torn = (
                    {row[0] for row in cursor.execute(each) or cursor} for each in (EVERY_REFERENCE, TORN)
                )
            if before - references or torn or wrong:
                found[file.name] = (before - references, torn, wrong)
    return found


def test_backups_under_load_hold_every_request_accepted_before_they_began(
    site, another_site, settings, tmp_path, record_property
):
    make_person("Therapist")
    settings.MEDIA_ROOT = tmp_path / "media"
    folder, accepted_before = tmp_path / "backups", []

    with Patients(site) as patients:
        for _ in range(size("backups")):
            patients.wait_for_more(than=len(accepted_before[-1]) if accepted_before else 0)
            accepted_before.append(set(patients.accepted))
            call_command("backup", folder, stdout=StringIO())
    made = sorted(folder.glob("*.tar"))
    missed = missed_by(made, accepted_before, tmp_path)

    record_property(
        "done", f"{len(made)} backups of {len(accepted_before[-1])} requests, {len(patients.accepted)} in all"
    )
    assert missed == {}
    assert sorted({len(before) for before in accepted_before}) == [len(before) for before in accepted_before]
    other = another_site()
    manage(other, "restore", str(made[-1]))
    assert accepted_before[-1] <= {reference for (reference,) in execute(other, EVERY_REFERENCE)}


def test_control_a_copy_of_the_file_has_lost_what_was_accepted(tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("the files of a server are not one file")
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    accepted = make_consultation().reference
    ClinicSettings.objects.exists()

    shutil.copy(connection.settings_dict["NAME"], tmp_path / "copy.sqlite3")

    with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as copied:
        assert (accepted,) not in copied.execute(EVERY_REFERENCE).fetchall()
