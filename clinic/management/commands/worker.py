import signal
import threading

from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from clinic import mail

PAUSE_SECONDS = 2.0


class Command(BaseCommand):
    help = "Sends the mail that is due, until it is stopped. Any number may run."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="do what is due now, then stop")

    def handle(self, *args, once, **options):
        stop = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            try:
                busy = self.tick(at=timezone.now())
            except DatabaseError as error:
                # The database comes back; the worker must still be there when it does.
                if once:
                    raise CommandError("the database gives no answer") from error
                busy = False
                self.stderr.write(f"the database gives no answer ({type(error).__name__})")
                close_old_connections()
            if once and not busy:
                return
            if not busy:
                stop.wait(PAUSE_SECONDS)

    def tick(self, *, at):
        """One round; true where there may be more to do at once."""
        Session.objects.filter(expire_date__lte=at).delete()
        return mail.deliver(at=at) > 0
