"""How PostgreSQL goes about a query, where what it reckons is known to be wrong. SQLite has no such choice."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.db import connection, transaction


@contextmanager
def without(way: Literal["sort", "seqscan"]) -> Iterator[None]:
    """In the meantime no plan of that kind, where there is any other."""
    if connection.vendor != "postgresql":
        # A transaction would only wait for whoever writes.
        yield
        return
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL enable_{way} = off")
        yield
        cursor.execute(f"SET LOCAL enable_{way} = on")
