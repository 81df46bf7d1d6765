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

LEFT = "clinic_trial_0123456789ab"
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
    found = execute(environment, "SELECT datname FROM pg_database WHERE datname LIKE 'clinic_trial_%'")
    return {name for (name,) in found}


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
        execute(environment, f"CREATE DATABASE {LEFT} TEMPLATE template0")
        both = {LEFT, tried.settings_dict["NAME"]}
        AGAIN[again](file)
        meanwhile = databases(environment)
    AGAIN[again](file)

    assert (meanwhile, databases(environment)) == (both, set())
