"""One process at a time, where two at once would spoil the work. A turn ends with its process, however that ends."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from .patience import NO_ANSWER

# Any number will do, as long as nothing else of ours asks PostgreSQL for it.
UPGRADE = 7_245_310_077
PAUSE_SECONDS = 0.2


@contextmanager
def turn_at_file(path: Path, *, waiting: Callable[[], object]) -> Iterator[None]:
    """The file is only there to be locked, and stays: who removed it would lock another one than who waits for it."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600)) as file:
        _wait_for(lambda: _has_locked(file.fileno()), waiting)
        yield


@contextmanager
def turn_at_database(database: BaseDatabaseWrapper, *, waiting: Callable[[], object]) -> Iterator[None]:
    """The right to change the tables themselves.

    PostgreSQL gives it to the very session that does the work: when its process is killed, the server may still be
    busy with the last statement, and the turn ends after that.
    """
    if database.vendor == "sqlite":
        file = Path(f"{database.settings_dict['NAME']}.upgrade")
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with turn_at_file(file, waiting=waiting):
            yield
        return
    _wait_for(lambda: _ask(database, "pg_try_advisory_lock"), waiting)
    try:
        yield
    finally:
        # A connection that broke has given it back already.
        with suppress(*NO_ANSWER):
            _ask(database, "pg_advisory_unlock")


def _wait_for(is_ours: Callable[[], bool], waiting: Callable[[], object]) -> None:
    if is_ours():
        return
    waiting()
    while not is_ours():
        time.sleep(PAUSE_SECONDS)


def _has_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _ask(database: BaseDatabaseWrapper, function: str) -> bool:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [UPGRADE])
        return cursor.fetchone()[0]
