"""How often public pages are looked at: counted in memory, written from time to time, knowing nobody.

A page that is answered costs no query for it. A thread of the process writes what has come together, every
`COUNT_FLUSH_SECONDS` or sooner where there are `MOST_UNWRITTEN`; a process that is killed loses what it had not written.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Mapping
from datetime import date

from django.conf import settings
from django.db import Error, close_old_connections

from .models import DayCount

logger = logging.getLogger(__name__)

MOST_UNWRITTEN = 500
# But a crowd of readers is no reason to write without a pause.
LEAST_SECONDS = 1.0
# How many different things are kept while the database gives no answer; after that the oldest count on, new ones are lost.
MOST_KINDS = 10_000

# Where nothing is written for long, the oldest looks are lost.
MOST_WAITING = 100_000

# Added to without a lock, for which the threads that answer readers would wait on one another.
_looks: deque[tuple[date, str, str]] = deque(maxlen=MOST_WAITING)
_lock = threading.Lock()
_unwritten: Counter[tuple[date, str, str]] = Counter()
_many = threading.Event()
_writer: list[threading.Thread] = []


def count(kind: str, key: str = "", *, on: date) -> None:
    """Once more of this on that day of the clinic's. Takes no time and never fails."""
    _looks.append((on, kind, key))
    if len(_looks) % MOST_UNWRITTEN == 0:
        _many.set()
    if not _writer and settings.COUNT_FLUSH_SECONDS:
        _begin_to_write()


def _begin_to_write() -> None:
    with _lock:
        if not _writer:
            _writer.append(threading.Thread(target=_write_from_time_to_time, name="counting", daemon=True))
            _writer[0].start()


def flush() -> None:
    """Write what has come together; where the database gives no answer, it is kept for the next time."""
    with _lock:
        taken = Counter(_unwritten)
        _unwritten.clear()
        for _ in range(len(_looks)):
            look = _looks.popleft()
            if look in taken or len(taken) < MOST_KINDS:
                taken[look] += 1
    try:
        if taken:
            DayCount.objects.add(taken)
    except Error as error:
        with _lock:
            _unwritten.update(taken)
        logger.warning("views could not be written and are kept", exc_info=error)


def _write_from_time_to_time() -> None:
    while True:
        _many.wait(settings.COUNT_FLUSH_SECONDS)
        _many.clear()
        flush()
        close_old_connections()
        # Where the database gave no answer, not at once again.
        threading.Event().wait(settings.COUNT_FLUSH_SECONDS if _unwritten.total() >= MOST_UNWRITTEN else LEAST_SECONDS)


def is_a_look(method: str, status: int, headers: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
    """Whether an answer is somebody looking at a page.

    Whoever has a session is left out: staff, and a patient who is filling in the form. That there is one is told by
    the cookie's name; it is not opened.
    """
    has_session = settings.SESSION_COOKIE_NAME in cookies
    is_early = is_ahead(headers.get("Sec-Purpose"), headers.get("Purpose"))
    return method == "GET" and status in {200, 304} and not is_early and not has_session


def is_ahead(*purposes: str | None) -> bool:
    """Whether a browser says, in `Sec-Purpose` or `Purpose`, that nobody has asked for the page yet."""
    return any(purposes) and "prefetch" in str(purposes)
