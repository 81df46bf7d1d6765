"""The chain of seals: who makes it, what it withstands, and what `manage.py audit verify` says."""

import logging
import re
import resource
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier, Event
from time import sleep

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction

from clinic import appendonly, audit, audit_chain
from clinic.models import AuditAction, AuditEntry, AuditSeal
from tests.factories import NOON, make_person

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def record(person=None, number=1):
    return [audit.record(AuditAction.OPENED, by=person, at=NOON, reference=f"user {each}") for each in range(number)]


@pytest.fixture
def heads(tmp_path):
    return tmp_path / "heads"


def verified(heads):
    """What the command says, and what of it is wrong."""
    out, err, refusals = StringIO(), StringIO(), []
    try:
        call_command("audit", "verify", f"--heads={heads}", stdout=out, stderr=err)
    except CommandError as refusal:
        if not err.getvalue():
            raise
        refusals.append((str(refusal), refusal.returncode))
    wrong = err.getvalue().splitlines()
    assert refusals == ([("The audit is not as it was written.", 1)] if wrong else [])
    return out.getvalue().splitlines(), wrong


def test_rows_are_sealed_in_the_order_of_their_numbers_and_once(therapist, monkeypatch):
    monkeypatch.setattr(audit_chain, "AT_ONCE", 2)
    entries = record(therapist, 5)

    assert (audit_chain.seal(), audit_chain.seal()) == (5, 0)

    assert list(AuditSeal.objects.order_by("sequence").values_list("sequence", "entry")) == [
        (number, entry.pk) for number, entry in enumerate(entries, start=1)
    ]


def test_a_sound_record_is_said_to_be_sound_with_what_is_not_sealed_yet(therapist, heads, monkeypatch):
    monkeypatch.setattr(audit_chain, "AT_ONCE", 2)
    record(therapist, 3)
    audit_chain.seal()
    audit_chain.note_head(heads, at=NOON)
    record(therapist, 2)
    audit_chain.seal()
    record(therapist)

    said, wrong = verified(heads)

    assert wrong == []
    assert said == [
        "5 rows are sealed, and 1 heads were noted.",
        "2 of them are newer than the last head.",
        "1 rows are not sealed yet, the oldest from 2026-03-02 17:00 UTC. The worker seals them.",
        "Every sealed row is as it was written.",
    ]


def test_a_row_from_before_there_were_numbers_of_the_log_keeps_its_seal():
    entry = AuditEntry(pk=1, at=NOON, action="opened", reference="user 1")

    assert audit_chain.link("0" * 64, 1, entry) == "cb4634c330da3874559985e048d47f6cd02f9aaaf3dd37074818d693a1b8f489"


def cut_off(entries):
    AuditEntry.objects.filter(pk__gte=entries[1].pk).delete()
    AuditSeal.objects.filter(sequence__gte=2).delete()


def rewrite(entries):
    """As somebody would who knows how the chain is made: change a row and seal everything anew."""
    AuditEntry.objects.filter(pk=entries[1].pk).update(reference="user 9")
    AuditSeal.objects.all().delete()
    audit_chain.seal()


def move(entries):
    last = AuditSeal.objects.get(sequence=3)
    AuditSeal.objects.filter(sequence__gte=2).delete()
    AuditSeal.objects.create(sequence=2, entry=last.entry, hash=last.hash)
    AuditSeal.objects.create(sequence=3, entry=entries[1].pk, hash=last.hash)


TAMPERINGS = {
    "changed": (
        lambda entries: AuditEntry.objects.filter(pk=entries[1].pk).update(by=None),
        r"Row {1} or its seal 2 is not as it was sealed\.",
    ),
    "matched to another line of the log": (
        lambda entries: AuditEntry.objects.filter(pk=entries[1].pk).update(number="0123456789abcdef"),
        r"Row {1} or its seal 2 is not as it was sealed\.",
    ),
    "removed": (
        lambda entries: AuditEntry.objects.filter(pk=entries[1].pk).delete(),
        r"Row {1} was removed, or cannot be read \(seal 2\)\.",
    ),
    "added": (
        lambda entries: AuditEntry.objects.create(pk=entries[0].pk - 1, at=NOON, action="opened"),
        r"Row \d+ was added: it has no seal, and later rows have\.",
    ),
    "moved": (move, r"Row {2} or its seal 2 is not as it was sealed\."),
    "seal removed": (lambda entries: AuditSeal.objects.filter(sequence=2).delete(), r"The seals 2 to 2 are missing\."),
    "seal hidden": (
        lambda entries: AuditSeal.objects.filter(sequence=3).update(sequence=-3),
        r"There are seals that stand before the first one\.",
    ),
    "cut off": (cut_off, r"The end was cut off: 3 rows were sealed at 2026-03-02T17:00:00\+00:00, and 1 are left\."),
    "sealed anew": (rewrite, r"Seal 3 is not the one that was noted as the head at 2026-03-02T17:00:00\+00:00\."),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_done_to_the_record_is_said_in_words(therapist, heads, tampering):
    do, words = TAMPERINGS[tampering]
    entries = record(therapist, 3)
    audit_chain.seal()
    audit_chain.note_head(heads, at=NOON)
    appendonly.lift()

    do(entries)

    _, wrong = verified(heads)
    numbers = {f"{{{place}}}": str(entry.pk) for place, entry in enumerate(entries)}
    wanted = re.sub(r"\{\d\}", lambda found: numbers[found[0]], words)
    assert re.fullmatch(wanted, wrong[0]), wrong


@pytest.mark.parametrize("field", ["at", "detail"])
def test_what_can_no_longer_be_read_is_found_and_stops_nothing(therapist, heads, field):
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL keeps nothing but a time in the column of a time")
    entries = record(therapist, 3)
    audit_chain.seal()
    audit_chain.note_head(heads, at=NOON)
    appendonly.lift()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE clinic_auditentry SET {field} = '{{' WHERE id = %s", [entries[1].pk])  # noqa: S608
        cursor.execute("PRAGMA ignore_check_constraints = OFF")

    said, wrong = verified(heads)

    assert said[0] == "3 rows are sealed, and 1 heads were noted."
    assert [str(entries[1].pk) in words for words in wrong] == [True]


def test_heads_that_make_no_sense_are_no_comfort(therapist, heads):
    record(therapist)
    audit_chain.seal()
    heads.write_bytes(b"\xff never a head\n")

    assert verified(heads)[1] == ["Line 1 of the heads cannot be read."]


@pytest.mark.parametrize(("harm", "said"), [("missing", "No such file or directory"), ("a folder", "Is a directory")])
def test_a_file_of_heads_that_cannot_be_read_is_no_proof_and_no_tampering(therapist, heads, harm, said):
    record(therapist)
    audit_chain.seal()
    if harm == "a folder":
        heads.mkdir()

    with pytest.raises(CommandError, match=r"Every sealed row is as it was written\. Whether the end") as refusal:
        verified(heads)

    assert f"({said}: {heads})" in str(refusal.value)


def test_before_anything_was_recorded_nothing_is_wrong(heads):
    assert verified(heads) == (
        ["0 rows are sealed, and 0 heads were noted.", "Every sealed row is as it was written."],
        [],
    )


def test_a_head_is_noted_when_there_is_something_new_and_hourly_in_any_case(therapist, heads, caplog):
    caplog.set_level(logging.INFO, logger="clinic.audit")
    noted = []
    for minutes, new in [(0, 1), (1, 0), (2, 1), (6, 0), (30, 0), (62, 0), (-5, 0)]:
        record(therapist, new)
        audit_chain.seal()
        if audit_chain.note_head(heads, at=NOON + minutes * MINUTE):
            noted.append(minutes)

    assert noted == [0, 6, 62, -5]
    lines = heads.read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["1", "2", "2", "2"]
    assert [f"{entry.public['sequence']} {entry.public['hash']}" for entry in caplog.records] == [
        line.partition(" ")[2] for line in lines
    ]
    assert heads.stat().st_mode & 0o077 == 0


def test_heads_that_cannot_be_written_are_said_in_the_log_and_stop_nothing(therapist, tmp_path, caplog):
    record(therapist)
    audit_chain.seal()

    assert audit_chain.note_head(tmp_path / "nowhere" / "heads", at=NOON)

    assert "cannot be written to AUDIT_HEADS" in caplog.text


def test_a_head_for_which_the_disk_has_half_the_room_leaves_no_half_line(therapist, heads, caplog):
    record(therapist)
    audit_chain.seal()
    audit_chain.note_head(heads, at=NOON)
    before, limits = heads.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
    try:
        audit_chain.note_head(heads, at=NOON + 61 * MINUTE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    refused = heads.read_bytes()

    audit_chain.note_head(heads, at=NOON + 62 * MINUTE)

    assert refused == before
    assert [record.levelname for record in caplog.records if record.name == "clinic.audit"].count("ERROR") == 1
    assert verified(heads)[1] == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_make_one_chain(heads):
    person, together = make_person("Therapist"), Barrier(6)

    def work(number):
        try:
            together.wait()
            for _ in range(5):
                record(person, 4) if number % 2 else audit_chain.seal()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    audit_chain.seal()
    audit_chain.note_head(heads, at=NOON)

    assert verified(heads)[1] == []
    assert AuditSeal.objects.count() == AuditEntry.objects.count() == 60


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_committed_late_has_no_smaller_number_than_one_that_was_sealed(heads):
    """Else the chain would pass it by, or whoever adds a row afterwards could not be told from it."""
    person, written, done = make_person("Therapist"), Event(), Event()

    def dawdle():
        try:
            with transaction.atomic():
                record(person)
                written.set()
                done.wait(1)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(dawdle)
        written.wait()
        record(person)
        audit_chain.seal()
        done.set()
        late.result()
    audit_chain.seal()

    audit_chain.note_head(heads, at=NOON)
    assert verified(heads)[1] == []
    assert AuditSeal.objects.count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_whoever_changes_their_account_and_acts_at_once_waits_and_is_not_refused(heads):
    """Such as a new address of the calendar feed in one tab while the queue refreshes itself in the other."""
    person, changed, refused = make_person("Therapist"), Event(), []

    def change():
        try:
            with transaction.atomic():
                person.open_calendar()
                changed.set()
                sleep(0.3)
                record(person)
        except OperationalError as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        changed.wait()
        try:
            with transaction.atomic():
                record(person)
        except OperationalError as refusal:
            refused.append(refusal)
        changing.result()

    assert refused == []
    assert AuditEntry.objects.count() == 2
