"""The chain of seals over the audit: what shows that no row of it was changed, added, removed or moved.

Each seal holds the hash of one entry and of the seal before. A chain alone does not show that its end was cut off,
so the newest seal, the head, is noted in a file and in the log, where whoever can write the database cannot follow.
docs/decisions/0015-the-audit-is-a-chain-without-a-key.md says why it is as it is.
"""

import hashlib
import itertools
import json
import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from .disk import append
from .models import AuditEntry, AuditSeal

logger = logging.getLogger("clinic.audit")

AT_ONCE = 1_000
# A head is noted this often where there is something new, and at least hourly in any case.
NOTED_EVERY, NOTED_AT_LEAST_EVERY = timedelta(minutes=5), timedelta(minutes=55)
LONGEST_LINE = 200
HEAD = re.compile(r"(?P<when>[-+:T\d]{20,32}) (?P<sequence>\d{1,18}) (?P<hash>[0-9a-f]{64})", re.ASCII)
MOST_WORDS = 20
NOTHING = "0" * 64
LOWEST = -(2**63)
UNREADABLE = (ValueError, TypeError, OverflowError)


def link(before: str, sequence: int, entry: AuditEntry) -> str:
    """The hash of an entry in its place. Neither engine's way of keeping a value enters into it."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    facts = [entry.pk, at, entry.by_id, entry.action, entry.reference, entry.network, entry.route, entry.detail]
    if entry.number:  # of a row that is older than such numbers, there is none in its seal
        facts.append(entry.number)
    text = json.dumps([before, sequence, *facts], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# Sealing


def seal() -> int:
    """Seal what is new, in the order of its numbers; gives how many rows were sealed. Any number may try at once."""
    sealed = 0
    with suppress(IntegrityError):  # another worker was first
        while done := _seal_some():
            sealed += done
    return sealed


@transaction.atomic
def _seal_some() -> int:
    last = AuditSeal.objects.order_by("-sequence").first()
    sequence, entry, before = (last.sequence, last.entry, last.hash) if last else (0, 0, NOTHING)
    seals = []
    for new in AuditEntry.objects.filter(pk__gt=entry).order_by("pk")[:AT_ONCE]:
        sequence, before = sequence + 1, link(before, sequence + 1, new)
        seals.append(AuditSeal(sequence=sequence, entry=new.pk, hash=before))
    return len(AuditSeal.objects.bulk_create(seals))


def note_head(file: Path, *, at: datetime) -> bool:
    """Write the newest seal to the file and the log, if it is time to. An unwritable file is said in the log."""
    head = AuditSeal.objects.order_by("-sequence").first()
    if head is None or not _is_due(file, str(head), at=at):
        return False
    line = f"{at.astimezone(UTC).isoformat(timespec='seconds')} {head}"
    logger.info("head of the audit's chain", extra={"public": {"sequence": head.sequence, "hash": head.hash}})
    try:
        append(file, f"{line}\n")
    except OSError as error:
        logger.error("the head of the audit's chain cannot be written to AUDIT_HEADS", exc_info=error)
    return True


def _is_due(file: Path, head: str, *, at: datetime) -> bool:
    try:
        with file.open("rb") as lines:
            lines.seek(max(0, file.stat().st_size - LONGEST_LINE))
            when, _, noted = lines.read().decode().rstrip("\n").rpartition("\n")[2].partition(" ")
        ago = at - datetime.fromisoformat(when)
    except (OSError, *UNREADABLE):
        return True
    # A note from the future was made before the clock was set back.
    return not timedelta(0) <= ago < (NOTED_AT_LEAST_EVERY if noted == head else NOTED_EVERY)


# Verifying


@dataclass
class Findings:
    """What was looked at, and in plain words what is wrong, the first of it first."""

    sealed: int = 0
    unsealed: int = 0
    oldest_unsealed: datetime | None = None
    heads: int = 0
    sealed_since_last_head: int = 0
    no_heads: str = ""
    breaks: int = 0
    words: list[str] = field(default_factory=list)

    def say(self, words: str, count: int = 1) -> None:
        self.breaks += count
        if len(self.words) < MOST_WORDS:
            self.words.append(words)


def verify(heads: Path) -> Findings:
    """Hold every sealed row against its seal, and the seals against the heads that were noted.

    Portion by portion, and without a transaction of its own: what lies before the newest seal never changes.
    """
    found = Findings()
    before, highest = AuditSeal(sequence=0, entry=LOWEST, hash=NOTHING), LOWEST
    if beneath := AuditSeal.objects.filter(sequence__lte=0).count():
        found.say("There are seals that stand before the first one.", beneath)
    while seals := list(AuditSeal.objects.filter(sequence__gt=before.sequence).order_by("sequence")[:AT_ONCE]):
        entries = _entries([seal.entry for seal in seals])
        for each in seals:
            _hold(before, each, entries.get(each.entry), found)
            before = each
        end = max(highest, *(each.entry for each in seals))
        _find_added(highest, end, found)
        highest = end
    waiting = AuditEntry.objects.filter(pk__gt=highest).order_by("pk")
    found.unsealed = waiting.count()
    with suppress(*UNREADABLE):
        found.oldest_unsealed = waiting.values_list("at", flat=True).first()
    _hold_heads(heads, before.sequence, found)
    return found


def _entries(numbers: list[int]) -> dict[int, AuditEntry | None]:
    """The rows by their number; None for one that is there and makes no sense."""
    rows = AuditEntry.objects.filter(pk__in=numbers)
    try:
        return {row.pk: row for row in rows}
    except UNREADABLE:
        return {number: _readable(number) for number in rows.values_list("pk", flat=True)}


def _readable(number: int) -> AuditEntry | None:
    try:
        return AuditEntry.objects.get(pk=number)
    except UNREADABLE:
        return None


def _hold(before: AuditSeal, seal: AuditSeal, entry: AuditEntry | None, found: Findings) -> None:
    found.sealed += 1
    if seal.sequence != before.sequence + 1:
        found.say(f"The seals {before.sequence + 1} to {seal.sequence - 1} are missing.")
    if seal.entry <= before.entry:
        found.say(f"Row {seal.entry} was moved: its seal {seal.sequence} comes after that of row {before.entry}.")
    if entry is None:
        found.say(f"Row {seal.entry} was removed, or cannot be read (seal {seal.sequence}).")
    elif seal.hash != _link_or_none(before.hash, seal.sequence, entry):
        found.say(f"Row {seal.entry} or its seal {seal.sequence} is not as it was sealed.")


def _link_or_none(before: str, sequence: int, entry: AuditEntry) -> str | None:
    try:
        return link(before, sequence, entry)
    except (AttributeError, *UNREADABLE):  # a time that is none
        return None


def _find_added(start: int, end: int, found: Findings) -> None:
    """Rows are sealed in the order of their numbers: one without a seal, below one that has it, came later."""
    between = AuditEntry.objects.filter(pk__gt=start, pk__lte=end)
    added = between.exclude(Exists(AuditSeal.objects.filter(entry=OuterRef("pk"))))
    for number in added.order_by("pk").values_list("pk", flat=True)[:MOST_WORDS]:
        found.say(f"Row {number} was added: it has no seal, and later rows have.", 0)
    found.breaks += added.count()


def _hold_heads(file: Path, last: int, found: Findings) -> None:
    """Each head that was noted must still be in the chain; so a cut end shows, and a chain that was made anew."""
    newest = 0
    try:
        with file.open(encoding="ascii", errors="replace") as lines:
            numbered = enumerate(lines, start=1)
            while portion := list(itertools.islice(numbered, AT_ONCE)):
                newest = max(newest, _hold_some_heads(portion, last, found))
    except OSError as error:
        # That somebody took the file away and that a path was mistyped look the same from here.
        found.no_heads = (error.strerror or str(error)) if last else ""
    found.sealed_since_last_head = max(0, last - newest)


def _hold_some_heads(portion: list[tuple[int, str]], last: int, found: Findings) -> int:
    noted = []
    for number, line in portion:
        if head := HEAD.fullmatch(line.rstrip("\n")):
            noted.append((head["when"], int(head["sequence"]), head["hash"]))
        else:
            found.say(f"Line {number} of the heads cannot be read.")
    seals = AuditSeal.objects.in_bulk({sequence for _, sequence, _ in noted})
    for when, sequence, hash_ in noted:
        found.heads += 1
        if sequence > last:
            found.say(f"The end was cut off: {sequence} rows were sealed at {when}, and {last} are left.")
        elif sequence not in seals or seals[sequence].hash != hash_:
            found.say(f"Seal {sequence} is not the one that was noted as the head at {when}.")
    return max((sequence for _, sequence, _ in noted), default=0)
