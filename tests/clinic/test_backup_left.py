"""What a restore that is killed leaves, and that it goes."""

import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from clinic.backup import postgresql
from clinic.backup.workplace import workplace
from tests.conftest import execute
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db(transaction=True)

DIES = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from clinic.management.commands import restore
restore.faults = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
call_command("restore", sys.argv[1], check=True)
"""
AGAIN = {
    "backup": lambda file: call_command("backup", file.parent, stdout=StringIO()),
    "trial": lambda file: call_command("restore", file, check=True, stdout=StringIO()),
}


@pytest.fixture
def file(settings, tmp_path):
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path / "data", tmp_path / "media"
    make_clinic()
    AGAIN["backup"](tmp_path / "backups" / "any")
    return next((tmp_path / "backups").glob("clinic-2*.tar"))


def databases(environment):
    if connection.vendor == "sqlite":
        return set()
    found = execute(environment, f"SELECT datname FROM pg_database WHERE datname LIKE '{trials_of(environment)}%'")  # noqa: S608
    return {name for (name,) in found}


def trials_of(environment):
    own = connection.copy()
    own.settings_dict["NAME"] = environment["DATABASE_URL"].rpartition("/")[2]
    return postgresql.trials_of(own)


def test_a_trial_that_is_killed_leaves_nothing_in_a_shared_folder_and_the_next_one_clears_the_rest(
    file, another_site, tmp_path
):
    shared = tmp_path / "shared"
    shared.mkdir()
    site = another_site() | {"TMPDIR": str(shared), "DJANGO_SETTINGS_MODULE": "clinic.settings"}
    data = Path(site["DATA_DIR"])

    died = subprocess.run([sys.executable, "-c", DIES, str(file)], env=site)
    left = {path.name for path in data.glob("clinic-restore-*/*")}, len(databases(site))
    subprocess.run([sys.executable, "manage.py", "restore", str(file), "--check"], env=site, check=True)

    is_file = connection.vendor == "sqlite"
    assert died.returncode == -signal.SIGKILL
    assert ("database" in left[0], "trial.sqlite3" in left[0], left[1]) == (True, is_file, 0 if is_file else 1)
    assert (list(shared.iterdir()), list(data.glob("clinic-restore-*")), databases(site)) == ([], [], set())


@pytest.mark.parametrize("again", AGAIN)
def test_what_is_in_use_stays(file, settings, again):
    with workplace() as in_use:
        left = settings.DATA_DIR / "clinic-restore-abc"
        left.mkdir()

        AGAIN[again](file)

        assert list(settings.DATA_DIR.glob("clinic-*")) == [in_use]


@pytest.mark.parametrize("again", AGAIN)
def test_no_database_goes_while_a_trial_goes_on_and_what_was_left_goes_after_it(file, environment, tmp_path, again):
    if connection.vendor == "sqlite":
        pytest.skip("there it is a file in the folder of the restore")

    with postgresql.trial(connection, tmp_path) as tried:
        left = f"{trials_of(environment)}0123456789ab"
        execute(environment, f"CREATE DATABASE {left} TEMPLATE template0")
        both = {left, tried.settings_dict["NAME"]}
        AGAIN[again](file)
        meanwhile = databases(environment)
    AGAIN[again](file)

    assert (meanwhile, databases(environment)) == (both, set())


def test_what_another_database_of_the_server_tries_is_left_alone(file, another_site, tmp_path):
    if connection.vendor == "sqlite":
        pytest.skip("there it is a file in the folder of the restore")

    site = another_site()
    theirs = f"{trials_of(site)}0123456789ab"
    execute(site, f"CREATE DATABASE {theirs} TEMPLATE template0")
    AGAIN["backup"](file)
    meanwhile = databases(site)
    execute(site, f"DROP DATABASE {theirs}")

    assert meanwhile == {theirs}
