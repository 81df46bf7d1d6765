"""Who did what. A view that cannot be recorded is not shown, so `record` runs in the transaction of the act.

Where an act came from (network and page) is known by the request that is being answered; the middleware in
clinic/comings.py says which that is.
"""

import contextlib
import hashlib
import hmac
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.http import HttpRequest

from .limits import wide_network_of
from .models import AuditAction, AuditEntry, User

_answered: ContextVar[HttpRequest | None] = ContextVar("answered", default=None)

# The number of PostgreSQL's lock, which is ours alone: the first eight letters of "clinic audit".
LOCK = int.from_bytes(b"clinic a")
# The account that the row will name is held before the lock. Whoever changes that account, and then records it, has the
# two in this order; in the other, both would wait for each other.
HOLD = """
    SELECT pg_advisory_xact_lock(%s)
    FROM (SELECT count(*) FROM (SELECT 1 FROM clinic_user WHERE id = %s FOR KEY SHARE) AS who) AS held
"""


@contextlib.contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    """What is recorded meanwhile came from this request."""
    token = _answered.set(request)
    try:
        yield
    finally:
        _answered.reset(token)


@transaction.atomic(savepoint=False)
def record(action: AuditAction, *, by: User | None, at: datetime, reference: str = "", **detail: Any) -> AuditEntry:
    """Write one row. `detail` may hold references and counts, never a word that somebody wrote.

    Best called last in a transaction: on PostgreSQL the rows are numbered in the order in which they are
    committed, so from here to the commit nobody else records anything. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(HOLD, [LOCK, by.pk if by else None])
    return AuditEntry.objects.create(action=action, by=by, at=at, reference=reference, detail=detail, **_whence())


def _whence() -> dict[str, str]:
    request = _answered.get()
    if request is None:
        return {}
    match = request.resolver_match
    return {
        "network": wide_network_of(request),
        "route": match.view_name if match else "",
        "number": getattr(request, "number", ""),
    }


def named(thing: models.Model) -> str:
    """How a row that is no request is referred to: by its kind and number, like “user 7”."""
    return f"{thing._meta.concrete_model._meta.model_name} {thing.pk}"


def fingerprint(term: str) -> str:
    """Stands for a search term in the record: equal terms match, and the term cannot be read back."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, term.strip().casefold().encode(), hashlib.sha256).hexdigest()[:16]
