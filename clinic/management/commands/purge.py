from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appointments import keeping

SAID = {
    "met": "requests that ended with a visit",
    "unmet": "requests that ended without one",
    "spam": "requests that were spam",
    "mail": "notes of mails that were sent or given up",
}


class Command(BaseCommand):
    help = "Says what has been kept long enough by the clinic's settings; with --apply, erases it. The worker does so once a day."

    def add_arguments(self, parser):
        parser.add_argument("--apply", action="store_true", help="erase it; without this nothing is changed")

        parser.add_argument(
            "--clock-is-right",
            action="store_true",
            help="after one that was ahead: take back what it has marked as done",
        )

    def handle(self, *args, apply, clock_is_right, **options):
        at = timezone.now()
        if clock_is_right:
            keeping.take_clock_for_right(at=at)
        try:
            done = (keeping.purge if apply else keeping.counted)(at=at)
        except keeping.ClockMovedBack:
            raise CommandError(
                "The last purge ran later than now: the clock was moved back. Nothing was erased. "
                "Set it right first; if it is right now, say so with --clock-is-right."
            ) from None
        for name, count in done.items():
            self.stdout.write(f"{count} {SAID[name]}")
        if not apply:
            self.stdout.write("Nothing was erased; --apply does it.")
        elif not keeping.sweep(at=at):
            self.stdout.write("The database is in use; the worker removes the last traces from its file.")
