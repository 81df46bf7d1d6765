"""PostgreSQL: its own programs write and read the dump, of the very snapshot in which the rows are counted."""

import hashlib
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError
from django.db import DatabaseError, ProgrammingError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import pq

from clinic import appendonly

from .archive import Manifest
from .proof import SESSIONS, migrations, rows

PROGRAMS = ("pg_dump", "pg_restore", "psql")
INSTALLED_IN = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
)
# A dump says nothing of tables that came after it, and these would stand in the way of the next upgrade.
EMPTY = """
SET client_min_messages = warning;
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
  LOOP EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', one.relname); END LOOP;
  FOR one IN SELECT format('%I(%s)', proname, pg_get_function_identity_arguments(oid)) AS called FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
  LOOP EXECUTE 'DROP ROUTINE IF EXISTS ' || one.called; END LOOP;
END $$;
"""
# Held by whoever tries a backup, for as long as they are connected. Any number will do that nothing else of ours asks for.
TRIAL = 7_245_310_078
LEFT = "SELECT datname FROM pg_database WHERE datname ~ %s AND pg_get_userbyid(datdba) = current_user"
COUNTED = """
DO $$ BEGIN IF (SELECT count(*) FROM "{schema}"."{table}") <> {rows} THEN
  RAISE EXCEPTION '{table} does not hold the {rows} rows of the manifest'; END IF; END $$;
"""


def copy(database: BaseDatabaseWrapper, to: Path) -> dict[str, object]:
    with alone(database) as own, own.cursor() as cursor:
        drop_what_was_left(own)
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # The others have deadlines; a long dump must not end by one.
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot(), current_schema()")
        snapshot, schema = cursor.fetchone()
        facts = {"engine_version": _version(own), "rows": rows(own) | {SESSIONS: 0}, "migrations": migrations(own)}
        whole = ["--format=custom", f"--snapshot={snapshot}", f'--schema="{schema}"', f"--file={to}"]
        _run(own, "pg_dump", *whole, f'--exclude-table-data="{schema}".{SESSIONS}')
    return facts


def load(dump: Path, database: BaseDatabaseWrapper, manifest: Manifest) -> None:
    """One transaction, counted before it ends: what does not fit the manifest leaves the database as it was."""
    with alone(database) as own:
        with own.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            [schema] = cursor.fetchone()
        before, content, after = (dump.with_name(name) for name in ("before.sql", "content.sql", "after.sql"))
        before.write_text(EMPTY)
        after.write_text(
            "".join(COUNTED.format(schema=schema, table=each, rows=int(n)) for each, n in manifest.rows.items())
        )
        # In full, before any of it is carried out: a pipe would hide that its other end broke.
        # Who owns what, and who else may read it, is a matter of the server that it comes to.
        _run(own, "pg_restore", f"--schema={schema}", "--no-owner", "--no-privileges", f"--file={content}", str(dump))
        files = [f"--file={each}" for each in (before, content, after)]
        quietly = ["--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"]
        _run(own, "psql", "--no-password", "--single-transaction", *quietly, *files)
        appendonly.install(own)


@contextmanager
def trial(database: BaseDatabaseWrapper, folder: Path) -> Iterator[BaseDatabaseWrapper | None]:
    """None where our account may not make a database; the folder is for an engine whose databases are files."""
    name = f"{trials_of(database)}{secrets.token_hex(6)}"
    with alone(database) as own:
        drop_what_was_left(own)
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock_shared(%s)", [TRIAL])
        try:
            with own.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        except ProgrammingError:
            yield None
            return
        try:
            with alone(database) as one:
                one.settings_dict["NAME"] = name
                yield one
        finally:
            with own.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}"')


def trials_of(database: BaseDatabaseWrapper) -> str:
    """How the names of its trials begin: a lock is of one database, and another one of ours may stand on the same server."""
    name = str(database.settings_dict["NAME"])
    return f"clinic_trial_{hashlib.sha256(name.encode()).hexdigest()[:8]}_"


def drop_what_was_left(own: BaseDatabaseWrapper) -> None:
    """By trials that were killed; while one goes on it is not known whose is whose, and the next time will do."""
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [TRIAL])
        if not cursor.fetchone()[0]:
            return
        cursor.execute(LEFT, [f"^{trials_of(own)}[0-9a-f]{{12}}$"])
        for [name] in cursor.fetchall():
            # The server may still be busy in it.
            with suppress(DatabaseError):
                cursor.execute(f'DROP DATABASE "{name}"')
        cursor.execute("SELECT pg_advisory_unlock(%s)", [TRIAL])


@contextmanager
def alone(database: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own, beside the pool."""
    own = database.copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    try:
        yield own
    finally:
        own.close()


def _run(database: BaseDatabaseWrapper, program: str, *arguments: str) -> None:
    """The password and all else that leads to the database goes by environment: others can read a command line."""
    path = folder_of_programs(database.pg_version // 10000) / program
    given = database.get_connection_params()
    known = {each.keyword.decode(): each.envvar for each in pq.Conninfo.get_defaults() if each.envvar}
    access = {known[word].decode(): str(value) for word, value in given.items() if word in known and value is not None}
    command = [path, *arguments]
    ended = subprocess.run(command, env=os.environ | access, stdin=subprocess.DEVNULL, capture_output=True, text=True)  # noqa: S603
    if ended.returncode:
        said = next(
            iter(re.findall(r"(?:ERROR|error|FATAL): +(.+)", ended.stderr)), f"it ended with {ended.returncode}"
        )
        raise CommandError(f"{program} failed: {said}")


def _version(database: BaseDatabaseWrapper) -> str:
    return f"{database.pg_version // 10000}.{database.pg_version % 10000}"


def folder_of_programs(server: int) -> Path:
    """Those of the server's own version, or else the next newer ones; older ones do not know all that it holds."""
    on_path = shutil.which("pg_dump")
    places = [Path(on_path).parent] if on_path else []
    places += [folder for pattern in INSTALLED_IN for folder in sorted(Path("/").glob(pattern))]
    versions = {
        place: _major(place) for place in ([Path(settings.POSTGRESQL_BIN)] if settings.POSTGRESQL_BIN else places)
    }
    fitting = [place for place, version in versions.items() if version >= server]
    if not fitting:
        raise CommandError(
            f"The server is PostgreSQL {server}, and its programs {', '.join(PROGRAMS)} were not found in that version or a "
            f"newer one. Install the package postgresql-client-{server}, or set POSTGRESQL_BIN to the folder with them."
        )
    return min(fitting, key=versions.get)


def _major(folder: Path) -> int:
    """0 for a folder that does not have them all, or where they do not run."""
    if not all((folder / name).is_file() for name in PROGRAMS):
        return 0
    try:
        said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True).stdout  # noqa: S603
    except OSError:
        return 0
    number = re.search(r"\d+", said)
    return int(number[0]) if number else 0
