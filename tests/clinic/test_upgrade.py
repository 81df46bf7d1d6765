"""`manage.py migrate`: one at a time, and nothing that a kill could leave half done."""

import subprocess
import sys
import threading

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from clinic.turns import turn_at_database
from tests.conftest import execute

pytestmark = pytest.mark.django_db


def test_every_migration_is_one_transaction():
    migrations = MigrationLoader(None).disk_migrations.values()

    loose = [str(migration) for migration in migrations if not migration.atomic]

    assert (loose, connection.features.can_rollback_ddl) == ([], True)


def test_of_two_upgrades_at_once_the_second_waits_for_the_first(another_site):
    site = another_site()
    command = [sys.executable, "manage.py", "migrate"]

    both = [
        subprocess.Popen(command, env=site, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in "12"
    ]
    said = [process.communicate(timeout=120) for process in both]

    assert [(process.returncode, errors) for process, (_, errors) in zip(both, said, strict=True)] == [(0, "")] * 2
    assert sorted("Waiting for it to end" in words for words, _ in said) == [False, True]
    assert sorted("No migrations to apply" in words for words, _ in said) == [False, True]
    noted = execute(site, "SELECT app, name FROM django_migrations")
    assert len(noted) == len(set(noted)) == len(MigrationLoader(None).disk_migrations)


@pytest.mark.django_db(transaction=True)
def test_a_turn_that_ended_badly_is_given_back():
    with pytest.raises(ZeroDivisionError), turn_at_database(connection, waiting=pytest.fail):
        raise ZeroDivisionError
    taken = []

    def take():
        with turn_at_database(connection, waiting=pytest.fail):
            taken.append(True)
        connection.close()

    other = threading.Thread(target=take)
    other.start()
    other.join()

    assert taken == [True]
