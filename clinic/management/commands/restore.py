import os
import shutil
import sqlite3
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from appointments import keeping
from clinic import generation
from clinic.backup import ENGINES
from clinic.backup.archive import Archive
from clinic.backup.proof import content, faults
from clinic.backup.workplace import workplace
from clinic.turns import turn_at_database


class Command(BaseCommand):
    help = "Puts a backup in the place of the database and the pictures, and proves that all of it is there."
    # The database may be empty yet.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--force", action="store_true", help="also where the database holds something, which is lost"
        )
        parser.add_argument(
            "--check", action="store_true", help="restore into a place of its own, prove it, throw it away"
        )

    def handle(self, *args, file, force, check, **options):
        self.engine = ENGINES[connection.vendor]
        try:
            with Archive(file) as archive, workplace() as work:
                self.refuse_what_does_not_fit(archive)
                dump = work / "database"
                archive.extract_database(dump)
                if check:
                    self.try_out(dump, archive.manifest)
                else:
                    self.restore(archive, dump, force=force)
        except OSError as error:
            raise CommandError(f"The restore failed: {error.strerror or error} ({error.filename}).") from error
        except (DatabaseError, sqlite3.Error) as error:
            said = str(error).strip().splitlines()[0]
            raise CommandError(f"The restore failed: the database says “{said}”.") from error

    def refuse_what_does_not_fit(self, archive):
        manifest = archive.manifest
        if manifest.engine != connection.vendor:
            raise CommandError(f"This is a backup of {manifest.engine}, and DATABASE_URL names {connection.vendor}.")
        known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
        if newer := sorted(set(manifest.migrations) - known):
            raise CommandError(
                f"This backup is of a newer version than this one, which does not know {newer[-1]}. Install that version first."
            )
        self.is_older = bool(known - set(manifest.migrations))

    def try_out(self, dump, manifest):
        with self.engine.trial(connection, dump.parent) as other:
            if other is None:
                self.stderr.write("It is whole, but was not tried: our account may not make a database to try it in.")
                return
            self.engine.load(dump, other, manifest)
            self.prove(other, manifest)
        self.stdout.write("It was restored into a place of its own, which is gone again. The site was not touched.")

    def restore(self, archive, dump, *, force):
        with turn_at_database(connection, waiting=self.say_that_it_waits):
            if connection.vendor == "sqlite":
                # Else it is made when it is opened, for everybody to read.
                Path(connection.settings_dict["NAME"]).touch(0o600)
            if (held := self.what_is_held()) and not force:
                most = max(held, key=held.get)
                raise CommandError(
                    f"This database is not empty ({held[most]} rows in {most} alone), and would be lost. "
                    "Make a backup of it, stop the site, then restore with --force."
                )
            restore_media(archive)
            self.engine.load(dump, connection, archive.manifest)
            self.prove(connection, archive.manifest)
            # Who was signed in then may have signed out, or be gone, since.
            Session.objects.all().delete()
            generation.raise_()
        if self.is_older:
            self.stdout.write(
                "The backup is of an older version: run manage.py migrate, which erases again what was erased since."
            )
        else:
            at = timezone.now()
            again = keeping.erase_again(at=at)
            keeping.sweep(at=at)
            generation.changed()
            self.stdout.write(f"{len(again)} requests that were erased since have been erased again.")
        self.stdout.write("Nobody is signed in. Start the site again.")

    def what_is_held(self):
        try:
            return content(connection)
        except DatabaseError as error:
            raise CommandError(
                f"The database that is there cannot be read ({error}). Move it aside, with every file beside it that "
                "begins with its name, or have an empty one made, and run this again."
            ) from error

    def prove(self, database, manifest):
        if found := faults(database, manifest):
            raise CommandError("What was restored is not what was kept: " + "; ".join(found) + ".")
        self.stdout.write(
            f"Restored and counted: {sum(manifest.rows.values()):,} rows in {len(manifest.rows)} tables, as of "
            f"{manifest.at:%Y-%m-%d %H:%M:%S} UTC. Every hash is right, the database is sound, and its records are guarded."
        )

    def say_that_it_waits(self):
        self.stderr.write("Another process is changing this database. Waiting for it to end.")


def restore_media(archive):
    """Each under another name first, so that nobody is served half a picture. None is removed."""
    root = Path(settings.MEDIA_ROOT)
    for name, source in archive.media():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.unfinished")
        with unfinished.open("wb") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
