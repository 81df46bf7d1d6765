"""Whether what works behind the pages is at work: the mail leaves, and somebody sends it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .models import Heartbeat, OutgoingMail

WORKER = "worker"
BACKUP = "backup"
WORKER_SEEN_WITHIN = timedelta(minutes=5)
MAIL_LEAVES_WITHIN = timedelta(minutes=15)
# A backup a night, and one that failed.
BACKUP_WITHIN = timedelta(hours=50)


@dataclass(frozen=True)
class Health:
    """What was found; `mail_waits_since` is when the oldest mail was promised that should have left by now."""

    mail_waits_since: datetime | None
    worker_is_running: bool

    @property
    def problems(self) -> list[str]:
        """In the words that a machine's keeper reads."""
        found = []
        if self.mail_waits_since:
            found.append(f"mail has not been leaving since {self.mail_waits_since.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
        if not self.worker_is_running:
            found.append("the worker is not running")
        return found


def last_backup() -> datetime | None:
    """When a backup was last proved good, as this database remembers it."""
    return Heartbeat.objects.filter(name=BACKUP).values_list("seen_at", flat=True).first()


def look(*, at: datetime) -> Health:
    return Health(
        mail_waits_since=OutgoingMail.objects.unsent_since(at - MAIL_LEAVES_WITHIN),
        # A beat from the future was left before the clock was set back: it says nothing about now.
        worker_is_running=Heartbeat.objects.seen_between(WORKER, at - WORKER_SEEN_WITHIN, at + WORKER_SEEN_WITHIN),
    )
