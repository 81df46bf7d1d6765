"""The generation of what readers see: a few bytes that all processes of this machine share, and that change with it.

A transaction that writes something shown raises it before it commits and again afterwards: what was rendered from the old
rows in between is never taken for new, not even where the writer is killed before the second time, which the row that it
left in `ShownChange` makes good. That row, asked for every `GENERATION_POLL_SECONDS`, is also how other machines hear of it.
"""

import logging
import mmap
import os
import re
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .patience import patience

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
BYTES = 8
KEPT = timedelta(hours=1)
# The tables that public pages are made of, which a test holds against what the pages read; and by whose hours an owner
# sees patients.
SHOWN = re.compile(
    r'"(tips_\w+|clinic_(user(_groups|_user_permissions)?|clinicsettings|openinghours|holiday|approval)|appointments_workinghours)"'
)
# What only counts or waits, and that somebody has come in.
NOT_SHOWN = re.compile(r'"tips_previewlink"|UPDATE "clinic_user" SET "last_login" = %s WHERE')
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|TRUNCATE|WITH)\b", re.IGNORECASE)
TABLE = "clinic_shownchange"
CHANGED = f'INSERT INTO "{TABLE}" DEFAULT VALUES'
SEEN = f'SELECT COUNT(*), SUM("id") FROM "{TABLE}"'  # noqa: S608 - a name of ours

Result = TypeVar("Result")

_open: dict[str, mmap.mmap] = {}
_opening = threading.Lock()
_has_no_table = threading.Event()
_watching: list[threading.Thread] = []


def value() -> bytes:
    """Two that are equal were read with nothing shown changed between them."""
    shared = _open.get("file") or _shared()
    return shared[:BYTES]


def raise_() -> None:
    (_open.get("file") or _shared())[:BYTES] = secrets.token_bytes(BYTES)


def _shared() -> mmap.mmap:
    with _opening:
        if "file" not in _open:
            _open["file"] = _mapped()
        return _open["file"]


def _mapped() -> mmap.mmap:
    path = settings.GENERATION_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            if os.fstat(file.fileno()).st_size < BYTES:
                file.truncate(BYTES)
            return mmap.mmap(file.fileno(), BYTES)
    except OSError as error:
        logger.warning("the generation cannot be shared, so changes show after some seconds", exc_info=error)
        return mmap.mmap(-1, BYTES)


def is_changing() -> bool:
    """Whether this transaction has changed something shown: what is read in it now may yet be taken back."""
    return any(waiting[1] is raise_ for waiting in connections["default"].run_on_commit)


def remembered(read: Callable[[], Result]) -> Callable[[], Result]:
    """Around a function of nothing: what it gave once, for as long as nothing in `SHOWN`, as an account, changes."""
    kept: dict[str, tuple[bytes, Result]] = {}

    @wraps(read)
    def give() -> Result:
        shown, last = value(), kept.get("last")
        if last and last[0] == shown:
            return last[1]
        found = read()
        if not is_changing():
            # Whole, since other threads read it.
            kept["last"] = shown, found
        return found

    return give


# What raises it


def notice(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Around every statement of ours, so that no way of writing is forgotten."""
    if not writes_something_shown(str(sql)):
        return execute(sql, params, many, context)
    raise_()
    result = execute(sql, params, many, context)
    _note(context["connection"])
    return result


def writes_something_shown(sql: str) -> bool:
    return bool(WRITES.match(sql) and SHOWN.search(sql) and not NOT_SHOWN.search(sql))


def _note(database: BaseDatabaseWrapper) -> None:
    """Once in a transaction: leave a row for other machines, and raise it after the commit."""
    if is_changing():
        return
    if not _has_no_table.is_set():
        with database.cursor() as cursor:
            cursor.execute(CHANGED)
    transaction.on_commit(raise_, using=database.alias)


def changed() -> None:
    """Something shown was changed past us, such as by a restored backup."""
    with transaction.atomic():
        raise_()
        _note(connections["default"])


def forget_old(*, at: datetime) -> None:
    """Rows that every machine has long seen."""
    apps.get_model("clinic", "ShownChange").objects.filter(at__lt=at - KEPT).delete()


def watch_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    if notice not in connection.execute_wrappers:
        connection.execute_wrappers.append(notice)


def migrating(**_: Any) -> None:
    """The table for the row may not be there yet, or soon no more."""
    _has_no_table.set()


def migrated(*, using: str, **_: Any) -> None:
    if TABLE in connections[using].introspection.table_names():
        _has_no_table.clear()
    raise_()


# What other machines have changed


def watch_others(**_: Any) -> None:
    """From now on, in a thread of this process, which a fork does not inherit; a second call does nothing."""
    if _watching or not settings.GENERATION_POLL_SECONDS:
        return
    with _opening:
        if not _watching:
            _watching.append(threading.Thread(target=_poll, name="generation", daemon=True))
            _watching[0].start()


def _poll() -> None:
    seen: object = object()
    while True:
        now = _changes()
        # Without an answer nothing is known; what was rendered before is old when there is one again.
        if now is None:
            seen = object()
        elif now != seen:
            raise_()
            seen = now
        threading.Event().wait(settings.GENERATION_POLL_SECONDS)


def _changes() -> object:
    database = connections["default"]
    try:
        with patience(PATIENCE_SECONDS), database.cursor() as cursor:
            cursor.execute(SEEN)
            return cursor.fetchone()
    except Error:
        return None
    finally:
        database.close()
