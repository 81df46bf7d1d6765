"""Tables whose rows are written once: the database itself refuses to change or remove one.

A model joins by `append_only = True`. The triggers are made after every
migration, because SQLite drops a table's triggers when the table is altered.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, OperationalError, ProgrammingError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION clinic_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
SQLITE_TRIGGER = (
    'CREATE TRIGGER IF NOT EXISTS "{table}_no_{verb}" BEFORE {verb} ON "{table}" '
    "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
)
POSTGRES_TRIGGER = (
    'CREATE OR REPLACE TRIGGER "{table}_no_{verb}" BEFORE {verb} ON "{table}" EXECUTE FUNCTION clinic_refuse_change()'
)


def _verbs(vendor: str) -> list[str]:
    return ["update", "delete", "truncate"] if vendor == "postgresql" else ["update", "delete"]


def tables() -> list[str]:
    return [model._meta.db_table for model in apps.get_models() if getattr(model, "append_only", False)]


def install(database: BaseDatabaseWrapper = connection) -> None:
    present = set(database.introspection.table_names())
    template = POSTGRES_TRIGGER if database.vendor == "postgresql" else SQLITE_TRIGGER
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
        for table in tables():
            if table in present:
                for verb in _verbs(database.vendor):
                    cursor.execute(template.format(table=table, verb=verb))


def lift() -> None:
    """Remove the triggers; to empty a demonstration is a reason, and the test suite's flush."""
    on_table = ' ON "{table}"' if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for table in tables():
            for verb in _verbs(connection.vendor):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{table}_no_{verb}"' + on_table.format(table=table))


def missing(database: BaseDatabaseWrapper = connection) -> list[str]:
    """The names of triggers that should guard a table and do not; a table that is not made yet needs none."""
    made = set(database.introspection.table_names())
    catalogue = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if database.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with database.cursor() as cursor:
        cursor.execute(catalogue)
        present = {name for (name,) in cursor.fetchall()}
    wanted = [f"{table}_no_{verb}" for table in tables() if table in made for verb in _verbs(database.vendor)]
    return [name for name in wanted if name not in present]


def install_after_migrate(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    install(connections[using])


def check_triggers(databases: Iterable[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Refuse to serve records that could be changed without a trace."""
    if not databases or DEFAULT_DB_ALIAS not in databases:
        return []
    try:
        unguarded = missing()
    except (OperationalError, ProgrammingError):
        if connection.connection is None:
            return [checks.Warning("The database gives no answer, and was not looked at.", id="clinic.W001")]
        return []  # no tables yet; migrate makes them, and the triggers
    return [
        checks.Error(f"The append-only trigger {name} is missing.", hint="Run manage.py migrate.", id="clinic.E001")
        for name in unguarded
    ]
