import logging
import signal
import threading
import time

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from appointments import keeping
from appointments import tick as requests
from clinic import audit_chain, digest, generation, limits, mail
from clinic.checks import refuse_unsafe_database
from clinic.health import WORKER
from clinic.models import Heartbeat
from clinic.wallclock import WallClock
from tips import tick as articles

logger = logging.getLogger("clinic.worker")

PAUSE_SECONDS = 2.0
TICK_SECONDS = 20.0


class Command(BaseCommand):
    help = (
        "Sends the mail that is due and keeps the clinic's promises in view, until it is stopped. Any number may run."
    )

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="do what is due now, then stop")

    def handle(self, *args, once, **options):
        refuse_unsafe_database()
        stop = threading.Event()
        self.next_tick = 0.0
        self.clock = WallClock()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            try:
                busy = self.round(at=timezone.now())
            except DatabaseError as error:
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
        if time.monotonic() >= self.next_tick:
            if not self.next_tick:
                keeping.erase_again(at=at)
            if self.clock.is_believed(at, monotonic=time.monotonic()):
                Session.objects.filter(expire_date__lte=at).delete()
                limits.forget_old(at=at)
                generation.forget_old(at=at)
                requests.tick(at=at)
                articles.tick(at=at)
                digest.tell_owners(at=at)
            else:
                logger.warning("the clock has jumped; nobody is told and nothing forgotten by it until it has settled")
            keeping.sweep(at=at)
            audit_chain.seal()
            audit_chain.note_head(settings.AUDIT_HEADS, at=at)
            Heartbeat.objects.beat(WORKER, at=at)
            self.next_tick = time.monotonic() + TICK_SECONDS
        return mail.deliver(at=at) > 0
