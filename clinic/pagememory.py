"""Finished pages, bounded in bytes, each true until what readers see changes: by a write, or by the clock."""

import threading
import time
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

from django.conf import settings

from . import generation


class Finished(Protocol):
    body: bytes
    # What readers saw when it was made; from when until when (seconds of the epoch) the clock changes nothing of it.
    generation: bytes
    made: float
    until: float


Kept = TypeVar("Kept", bound=Finished)
# A page and its packings together, in units of the page.
WEIGHS = 2


class PageMemory(Generic[Kept]):
    """What is made in a transaction is not for here: it may be of rows that are taken back."""

    def __init__(self) -> None:
        self.pages: dict[Hashable, Kept] = {}
        self.generation = b""
        self.bytes = 0
        self.lock = threading.Lock()

    def get(self, key: Hashable) -> Kept | None:
        page = self.pages.get(key)
        return (
            page if page and page.generation == generation.value() and page.made <= time.time() < page.until else None
        )

    def keep(self, key: Hashable, page: Kept) -> None:
        weight = WEIGHS * len(page.body)
        with self.lock:
            if page.generation != generation.value() or weight > settings.PAGE_MEMORY_BYTES:
                return
            if self.generation != page.generation:
                self.generation, self.bytes = page.generation, 0
                self.pages.clear()
            self._forget(key)
            while self.bytes + weight > settings.PAGE_MEMORY_BYTES:
                self._forget(next(iter(self.pages)))
            self.pages[key] = page
            self.bytes += weight

    def _forget(self, key: Hashable) -> None:
        if page := self.pages.pop(key, None):
            self.bytes -= WEIGHS * len(page.body)
