"""Whether what works behind the pages is at work: the mail leaves, and somebody sends it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .models import Heartbeat, OutgoingMail

WORKER = "worker"
# When the worker last did what is due by the clock: it is at work in other ways while it doubts its clock.
CLOCK = "clock believed"
BACKUP = "backup"
# That something which the worker does by itself has failed; a tick later it is tried again.
FAILED = "worker failed"
WORKER_SEEN_WITHIN = timedelta(minutes=5)
MAIL_LEAVES_WITHIN = timedelta(minutes=15)
# A backup a night, and one that failed.
BACKUP_WITHIN = timedelta(hours=50)


@dataclass(frozen=True)
class Health:
    """What was found; `mail_waits_since` is when the oldest mail was promised that should have left by now.

    What the worker could not do, though it runs, only whoever reads its log can mend.
    """

    mail_waits_since: datetime | None
    worker_is_running: bool
    worker_has_failed: bool

    @property
    def problems(self) -> list[str]:
        """In the words that a machine's keeper reads."""
        found = []
        if self.mail_waits_since:
            found.append(f"mail has not been leaving since {self.mail_waits_since.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
        if not self.worker_is_running:
            found.append("the worker is not running")
        if self.worker_has_failed:
            found.append("the worker could not do something that was due")
        return found


def last_backup() -> datetime | None:
    """When a backup was last proved good, as this database remembers it."""
    return Heartbeat.objects.seen_at(BACKUP)


def look(*, at: datetime) -> Health:
    # A beat from the future was left before the clock was set back: it says nothing about now.
    lately = Heartbeat.objects.seen_between(at - WORKER_SEEN_WITHIN, at + WORKER_SEEN_WITHIN)
    return Health(
        mail_waits_since=OutgoingMail.objects.unsent_since(at - MAIL_LEAVES_WITHIN),
        worker_is_running=WORKER in lately,
        worker_has_failed=FAILED in lately,
    )
