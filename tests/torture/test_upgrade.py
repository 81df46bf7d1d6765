"""An upgrade is killed again and again, between any two of its statements: run once more, it ends where it would have."""

import random
import signal
import subprocess
import sys

import pytest
from django.db import connection

from clinic import appendonly
from tests.conftest import execute
from tests.dying import NOTED, NOTED_WITH_MORE_TO_COME

from .sizes import size

pytestmark = [pytest.mark.torture, pytest.mark.django_db]

SEED = 11
# Before which statement, and how many of its kind later at most: a migration's note, what comes after the last one, or any.
MOMENTS = [(NOTED_WITH_MORE_TO_COME, 1), ("", 90), ("TRIGGER", 8), (NOTED, 5), ("CREATE INDEX", 4), ("", 900)]
COLUMNS = (
    "SELECT table_name, column_name, data_type, is_nullable, column_default, identity_generation "
    "FROM information_schema.columns WHERE table_schema = 'public'"
)
# By name: what was rolled back has used up numbers on PostgreSQL.
RIGHTS = (
    "SELECT auth_group.name, codename FROM auth_group_permissions JOIN auth_group ON auth_group.id = group_id "
    "JOIN auth_permission ON auth_permission.id = permission_id"
)
MADE = {
    "sqlite": ["SELECT type, name, sql FROM sqlite_master WHERE name <> 'sqlite_sequence'"],
    "postgresql": [
        COLUMNS,
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal",
    ],
}
FILLED = [
    "SELECT app, name FROM django_migrations",
    "SELECT codename FROM auth_permission",
    RIGHTS,
]


def upgrade(environment, number=0, words=""):
    """The code with which it ended."""
    return subprocess.run([sys.executable, "-m", "tests.dying", str(number), words], env=environment).returncode


def outcome(environment):
    """All that the migrations made and filled in, row by row."""
    return {row for question in [*MADE[connection.vendor], *FILLED] for row in execute(environment, question)}


def test_an_upgrade_that_is_killed_ends_where_it_would_have_ended(another_site, record_property):
    whole = another_site()
    upgrade(whole)
    wanted = outcome(whole)
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    killed, ends, outcomes = another_site(), [], []

    while ends.count(-signal.SIGKILL) < size("upgrade kills"):
        words, most = MOMENTS[len(ends) % len(MOMENTS)]
        ends.append(upgrade(killed, chance.randint(1, most), words))
        assert ends[-1] in {-signal.SIGKILL, 0}, "an upgrade that was killed could not be run again"
        if ends[-1] == 0:
            outcomes.append(outcome(killed))
            killed = another_site()
    ends.append(upgrade(killed))
    outcomes.append(outcome(killed))

    record_property("done", f"{ends.count(-signal.SIGKILL)} kills of {len(outcomes)} upgrades")
    assert ends[-1] == 0
    assert [each ^ wanted for each in outcomes] == [set()] * len(outcomes)
    assert all(f"{table}_no_update" in str(wanted) for table in appendonly.tables())
