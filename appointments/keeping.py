"""What is kept and for how long; what an erasure removes, and how it comes to hold in an older backup too.

The rows are overwritten in one transaction (`erase`). What the engine leaves behind, and mails that development wrote
to files, the worker sweeps right after (`sweep`). A list outside the database says what was erased (`erase_again`).
"""

import logging
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef

from clinic import audit
from clinic.disk import append
from clinic.models import AuditAction, ClinicSettings, Heartbeat, OutgoingMail
from clinic.sessions import KEPT

from .draft import SESSION_KEY
from .models import (
    ConsultationRequest,
    ContactCorrection,
    DailyAct,
    NameWord,
    Note,
    PatientStatement,
    Question,
    RequestStatus,
    WeekCount,
)
from .models.states import UNMET

logger = logging.getLogger(__name__)

PURGE = "purge"
AT_ONCE = 100
# How a closed request is kept, by how it ended: keep_…_days of the clinic's settings.
ENDS = {
    "met": [RequestStatus.COMPLETED],
    "unmet": UNMET,
    "spam": [RequestStatus.SPAM],
}
# What people typed and have not sent: patients into the form, staff after their visit had ended.
TYPED = {SESSION_KEY, KEPT}
SWEPT = [ConsultationRequest, PatientStatement, NameWord, Question, Note, ContactCorrection, OutgoingMail, Session]
# A line of the list. One that was cut off by a crash belongs to an erasure that did not happen.
LISTED = re.compile(r"(CR-[A-Z0-9]{6}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z")

# Whether these tables, and where they keep long values, hold nothing from before a transaction.
OLDEST = """
    SELECT max(age(part.relfrozenxid)) <= age(%s::text::xid)
    FROM pg_class AS whole JOIN pg_class AS part ON part.oid IN (whole.oid, whole.reltoastrelid)
    WHERE whole.oid = ANY(%s::text[]::regclass[])
"""


class ClockMovedBack(Exception):
    """The last purge ran later than now: by which clock something is old is not known."""


# Erasing


@transaction.atomic
def erase(consultations, *, at, by=None, recorded_as=AuditAction.ERASED, **why):
    """Erase these, and say which were: one that has moved since it was read, or is erased already, is none of them."""
    erased = [each.reference for each in consultations if each.erase(at=at, by=by)]
    if erased:
        forget_what_is_typed()
        note(erased, at=at)
    for reference in erased:
        audit.record(recorded_as, by=by, at=at, reference=reference, **why)
    return erased


def forget_what_is_typed():
    """From every session: the words in it may be anybody's. Each page of the form carries its answers as well."""
    for session in Session.objects.order_by("pk").iterator():
        if not TYPED & session.get_decoded().keys():
            continue
        # Read once more, and held: whoever sends meanwhile has kept another one, and whoever signs out has left none.
        for now in Session.objects.select_for_update().filter(pk=session.pk):
            rest = {k: v for k, v in now.get_decoded().items() if k not in TYPED}
            Session.objects.filter(pk=now.pk).update(session_data=Session.objects.encode(rest))


def note(references, *, at):
    """On disk before the erasure is committed: one that cannot be listed does not happen."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    append(Path(settings.ERASED_LIST), "".join(f"{reference} {stamp}\n" for reference in references))


def erase_again(*, at):
    """Erase what is on the list and not erased here, as after the restore of an older backup. Gives the references."""
    path = Path(settings.ERASED_LIST)
    listed = dict(LISTED.findall(path.read_text(errors="replace"))) if path.exists() else {}
    references, again = list(listed), []
    for start in range(0, len(references), AT_ONCE):
        found = ConsultationRequest.objects.unerased().filter(reference__in=references[start : start + AT_ONCE])
        # A later request may have got the reference that an older one had before the database was lost.
        known = [each for each in found.order_by("pk") if each.submitted_at <= moment(listed[each.reference])]
        again += erase(known, at=at, again=True)
    return again


def moment(stamp):
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC) + timedelta(seconds=1)


# Sweeping


def sweep(*, at):
    """Remove the traces that erasures left outside their rows. True where none is left; safe to repeat."""
    references = dict(PatientStatement.objects.to_be_swept().values_list("pk", "consultation__reference"))
    if not references:
        return True
    remove_mail_files(set(references.values()))
    if not wipe():
        return False
    PatientStatement.objects.filter(pk__in=references).update(swept_at=at)
    return True


def remove_mail_files(references):
    """Each of our mails about a request names it. Only development has such files."""
    for file in Path(settings.MAIL_DIR).glob("*.eml"):
        message = message_from_bytes(file.read_bytes(), policy=modern)
        texts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
        if any(reference in text for text in texts for reference in references):
            file.unlink(missing_ok=True)


def wipe():
    """Free pages and old row versions; false where somebody is at work with the old ones right now."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            return is_vacuumed(cursor, [model._meta.db_table for model in SWEPT])
        # Overwriting frees pages clean, but a page that was split before may hold a second copy: written anew, none does.
        try:
            cursor.execute("VACUUM")
        except OperationalError:
            return False
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        is_busy, _, _ = cursor.fetchone()
    return not is_busy


def is_vacuumed(cursor, tables):
    """Whether no row version is left in them that was old when this began.

    As long as a dump or another transaction may read one, it stays. What a table says of its oldest transaction comes
    after all that it has removed, and frozen is every page: else one that somebody reads at that moment is passed over.
    """
    cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::xid::text")
    [now] = cursor.fetchone()
    cursor.execute("SET statement_timeout = '60s'")
    try:
        for table in tables:
            # Where few rows are old, the index keeps their words unless told otherwise.
            cursor.execute(f'VACUUM (FREEZE, INDEX_CLEANUP ON) "{table}"')
    except OperationalError:
        return False
    finally:
        cursor.execute("RESET statement_timeout")
    cursor.execute(OLDEST, [now, tables])
    return cursor.fetchone()[0]


# Purging


def too_old(*, at):
    """What has been kept long enough, by reason. The settings are read afresh: by the defaults too much might go."""
    if Heartbeat.objects.filter(name=PURGE, seen_at__gt=at).exists():
        raise ClockMovedBack
    clinic = ClinicSettings.objects.filter(pk=1).first() or ClinicSettings()

    def ago(name):
        return at - timedelta(days=getattr(clinic, f"keep_{name}_days"))

    closed = {name: ConsultationRequest.objects.closed_until(ago(name), *ends) for name, ends in ENDS.items()}
    # While the request is open something hangs on which came back to us and which came after it: whether its patient
    # can be mailed.
    open_ones = ConsultationRequest.objects.open().filter(reference=OuterRef("reference"))
    mails = OutgoingMail.objects.done_until(ago("mail")).exclude(Exists(open_ones))
    return closed | {"mail": mails}


def counted(*, at):
    """How many of each; what a purge would do."""
    return {name: rows.count() for name, rows in too_old(at=at).items()}


def take_clock_for_right(*, at):
    """Take back what a clock that was ahead has noted under days that are yet to come, so that their day finds it undone.

    What it counted of the week that has begun stays: the leftovers of its bundles are carried over already.
    """
    today = at.astimezone(ClinicSettings.current().tzinfo).date()
    Heartbeat.objects.filter(seen_at__gt=at).delete()
    WeekCount.objects.filter(week__gt=today).delete()
    DailyAct.objects.filter(day__gt=today).delete()


def purge(*, at):
    """Erase what has been kept long enough, and say how much of each. Never what is open."""
    old = too_old(at=at)
    done = dict.fromkeys(old, 0)
    for name, rows in old.items():
        if name == "mail":
            done[name], _ = rows.delete()
            continue
        while batch := erase(rows[:AT_ONCE], at=at, recorded_as=AuditAction.PURGED, reason=name):
            done[name] += len(batch)
    if any(done.values()):
        audit.record(AuditAction.PURGED, by=None, at=at, **done)
    Heartbeat.objects.beat(PURGE, at=at)
    return done
