"""How long whoever answers a visitor waits for the database, all its statements together.

No time-out of the server or of TCP fires while PostgreSQL is frozen: the kernel still says that it is there. So the
waiting itself is limited, and once it was in vain nobody in this process waits again for a moment, but one who tries.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError

# What is raised where the database is away, or is gone meanwhile; any other error of it is about the statement.
NO_ANSWER = (OperationalError, InterfaceError)
# How long after waiting in vain everybody is told so at once.
AWAY_SECONDS = 1.0

_mine = threading.local()
_trying = threading.Lock()
_away = {"until": 0.0}


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """In this thread, until the end of the block, the database may take so long in all; elsewhere as long as it likes."""
    before = getattr(_mine, "left", None)
    _mine.left = seconds
    try:
        yield
    finally:
        _mine.left = before
        if getattr(_mine, "is_trying", False):
            _mine.is_trying = False
            _trying.release()


def left() -> float | None:
    """Seconds; None where there is no limit."""
    return getattr(_mine, "left", None)


def spend(seconds: float) -> None:
    if left() is not None:
        _mine.left -= seconds


def was_in_vain(seconds: float) -> None:
    """A wait of this length came to nothing. A short one, of somebody who had little patience left, says nothing."""
    if seconds >= AWAY_SECONDS:
        _away["until"] = time.monotonic() + AWAY_SECONDS


def refuse_in_vain() -> None:
    """Before a connection is asked for: an error at once, where waiting for it would be in vain."""
    if left() is None:
        return
    if left() <= 0:
        raise OperationalError("the database has taken too long")
    if _away["until"] and not getattr(_mine, "is_trying", False):
        if time.monotonic() < _away["until"] or not _trying.acquire(blocking=False):
            raise OperationalError("the database gave no answer a moment ago")
        _mine.is_trying = True


def has_answered() -> None:
    """Whoever tried has found it there."""
    _away["until"] = 0.0
