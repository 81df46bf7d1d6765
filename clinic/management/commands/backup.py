import sqlite3
from datetime import timedelta
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import timezone

from clinic.backup.making import make, remove_older
from clinic.health import BACKUP
from clinic.models import Heartbeat


class Command(BaseCommand):
    help = "Writes one file into DIR with the database and the pictures, while the site goes on."

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument(
            "--keep", metavar="DAYS", type=int, help="then remove those in DIR that are older, but for the newest seven"
        )

    def handle(self, *args, folder, keep, **options):
        if keep is not None and keep < 1:
            raise CommandError("--keep takes a number of days, at least 1.")
        at = timezone.now()
        try:
            path = make(connection, folder, at=at, waiting=self.say_that_it_waits)
            removed = remove_older(folder, than=timedelta(days=keep), at=at) if keep else []
            Heartbeat.objects.beat(BACKUP, at=at)
        except OSError as error:
            raise CommandError(f"The backup failed: {error.strerror or error} ({error.filename or folder}).") from error
        except (DatabaseError, sqlite3.Error) as error:
            raise CommandError(f"The backup failed: the database says “{str(error).strip()}”.") from error
        self.stdout.write(f"{path} holds everything that was accepted before {at:%Y-%m-%d %H:%M:%S} UTC.")
        self.stdout.write(
            f"It has {path.stat().st_size:,} bytes, only you can read it, and each of them was read again."
        )
        if removed:
            self.stdout.write(f"Backups older than {keep} days that were removed: {len(removed)}.")

    def say_that_it_waits(self):
        self.stderr.write("Another backup is being written there. Waiting for it to end.")
