from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from appointments import keeping
from clinic.turns import turn_at_database


class WholeMigrations(MigrationExecutor):
    """Notes a migration in the transaction that carries it out.

    Django notes it after that one where constraints or indexes are made at its end; who is killed in between has
    tables that the next run makes once more, and fails.
    """

    def apply_migration(self, state, migration, fake=False, fake_initial=False):
        if fake or fake_initial:
            return super().apply_migration(state, migration, fake, fake_initial)
        self.progress_callback("apply_start", migration, fake)
        with self.connection.schema_editor(atomic=migration.atomic) as schema_editor:
            state = migration.apply(state, schema_editor)
            self.record_migration(migration)
        self.progress_callback("apply_success", migration, fake)
        return state


# Django's command takes its executor from its module, and offers no other place to name one.
migrate.MigrationExecutor = WholeMigrations


class Command(migrate.Command):
    help = "Brings the database up to date. Two at once queue; one that was killed half-way can be run again."
    # What the checks say of a database is not true while another upgrade is at it.
    requires_system_checks = []

    def handle(self, *args, **options):
        with turn_at_database(connections[options["database"]], waiting=self.say_that_it_waits):
            super().handle(*args, **options)
        if not any(options[name] for name in ("app_label", "plan", "check_unapplied", "fake")):
            # Up to date it can be asked: before anybody is served what an older backup brought back.
            try:
                keeping.erase_again(at=timezone.now())
            except OSError as error:
                raise CommandError(
                    "The tables are up to date, but what was erased could not be erased again: the list cannot be read "
                    f"({error.strerror}: {error.filename})."
                ) from error

    def say_that_it_waits(self):
        self.stdout.write("Another process is changing this database. Waiting for it to end.")
        self.stdout.flush()
