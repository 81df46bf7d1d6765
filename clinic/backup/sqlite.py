"""SQLite: its backup API copies one moment of a database that goes on being written to, and puts one in its place."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.core.management import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic import appendonly

from .archive import Manifest
from .proof import SESSIONS, faults, migrations, rows, unsound

WAITS_SECONDS = 20


def copy(database: BaseDatabaseWrapper, to: Path) -> dict[str, object]:
    """In one step: the source is read as it was at its beginning, while others write on."""
    with closing(_open(database.settings_dict["NAME"], "rw")) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
        # Of one file, instead of one with a journal beside it.
        target.execute("PRAGMA journal_mode=DELETE")
        target.execute("PRAGMA secure_delete=ON")
        target.execute(f"DELETE FROM {SESSIONS}")  # noqa: S608 - our own constant
        target.commit()
    with at(to, like=database) as made:
        if found := unsound(made):
            raise CommandError(f"No backup was made: {found[0]}. Restore an earlier one, and keep this database aside.")
        return {"engine_version": sqlite3.sqlite_version, "rows": rows(made), "migrations": migrations(made)}


def load(file: Path, database: BaseDatabaseWrapper, manifest: Manifest) -> None:
    """One transaction, after the copy was proved: whoever has the database open finds the old content or the new one.

    Another file under its name would leave them writing to one that nobody finds again.
    """
    with at(file, like=database) as made:
        appendonly.install(made)
        if found := faults(made, manifest):
            raise CommandError(f"The backup does not hold what its manifest says: {found[0]}. Nothing was changed.")
    place = Path(database.settings_dict["NAME"])
    try:
        with closing(sqlite3.connect(file)) as source, closing(_open(place, "rwc")) as target:
            target.execute("PRAGMA synchronous=FULL")
            source.backup(target)
            target.execute("PRAGMA journal_mode=WAL")
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        raise CommandError(f"{place} cannot be written to: {error}.") from error


@contextmanager
def trial(database: BaseDatabaseWrapper, folder: Path) -> Iterator[BaseDatabaseWrapper]:
    with at(folder / "trial.sqlite3", like=database) as one:
        yield one


@contextmanager
def at(file: Path, *, like: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """A database in a file of its own, as it is: none of our settings, one of which would make a journal beside it."""
    other = like.copy()
    other.settings_dict |= {"NAME": str(file), "OPTIONS": {}}
    try:
        yield other
    finally:
        other.close()


def _open(file: str | Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{Path(file).resolve().as_uri()}?mode={mode}", uri=True, timeout=WAITS_SECONDS)
