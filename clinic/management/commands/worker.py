import logging
import signal
import threading
import time

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from django.utils import timezone

from appointments import keeping
from appointments import tick as requests
from clinic import audit_chain, digest, generation, limits, mail
from clinic.checks import refuse_unsafe_database
from clinic.health import CLOCK, WORKER
from clinic.jobs import by_itself
from clinic.models import Heartbeat
from clinic.patience import NO_ANSWER
from clinic.wallclock import WallClock
from tips import tick as articles

logger = logging.getLogger("clinic.worker")

PAUSE_SECONDS = 2.0
TICK_SECONDS = 20.0


class Command(BaseCommand):
    help = (
        "Sends the mail that is due and keeps the clinic's promises in view, until it is stopped. Any number may run."
    )

    next_tick = 0.0
    clock = None
    is_erased_again = False

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="do what is due now, then stop")

    def handle(self, *args, once, **options):
        refuse_unsafe_database()
        # By accounts that it remembers it knows who is to be told.
        generation.watch_others()
        stop = threading.Event()
        # Run once, it cannot wait and see: whoever runs it stands for the clock.
        self.clock = WallClock() if once else None
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            try:
                busy = self.round(at=timezone.now())
            except NO_ANSWER as error:
                # The database comes back; the worker must still be there when it does.
                if once:
                    raise CommandError("the database gives no answer") from error
                busy = False
                logger.warning("the database gives no answer", exc_info=error)
                close_old_connections()
            except Exception as error:
                # Here and not at Python's own hands, which would print what the exception says.
                logger.critical("the worker ended by an error of ours", exc_info=error)
                raise SystemExit(1) from None
            if once and not busy:
                return
            if not busy:
                stop.wait(PAUSE_SECONDS)

    def round(self, *, at):
        """Once around; true where there may be more to do at once."""
        if not self.is_erased_again and time.monotonic() >= self.next_tick:
            # An older backup may hold mail to somebody whose words are erased since.
            with by_itself(at=at):
                keeping.erase_again(at=at)
                self.is_erased_again = True
        if not self.clock:
            self.clock = WallClock(Heartbeat.objects.seen_at(CLOCK))
        # Before the clock's jobs: whatever becomes of them, mail leaves.
        sent = 0
        with by_itself(at=at):
            sent = mail.deliver(at=at)
        if time.monotonic() < self.next_tick:
            return sent > 0
        self.tick(at=at)
        self.next_tick = time.monotonic() + TICK_SECONDS
        # What it has promised leaves at once.
        return True

    def tick(self, *, at):
        jobs = [keeping.sweep, seal_the_record]
        if self.clock.is_believed(at, monotonic=time.monotonic()):
            forgets = [forget_ended_sessions, limits.forget_old, generation.forget_old]
            jobs = [*forgets, requests.tick, articles.tick, digest.tell_owners, note_that_the_clock_is_believed, *jobs]
        else:
            logger.warning(
                "the clock has jumped or was not seen for a day; nobody is told and nothing forgotten by it until it has settled"
            )
        for job in jobs:
            with by_itself(at=at):
                job(at=at)
        Heartbeat.objects.beat(WORKER, at=at)


def note_that_the_clock_is_believed(*, at):
    """After the digest, which tells the owners since when it was not."""
    Heartbeat.objects.beat(CLOCK, at=at)


def forget_ended_sessions(*, at):
    Session.objects.filter(expire_date__lte=at).delete()


def seal_the_record(*, at):
    audit_chain.seal()
    audit_chain.note_head(settings.AUDIT_HEADS, at=at)
