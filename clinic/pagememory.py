"""Finished pages: packed for whoever asks, and each kept until what readers see changes, by a write or by the clock."""

import gzip
import hashlib
import re
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import brotli
from django.conf import settings

from . import generation

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[[str, Headers], Any]

PACKED = re.compile(r"text/|application/(atom\+)?xml|image/svg")
# The smallest; it takes tens of milliseconds, once for each page and change.
BROTLI_QUALITY = 11
ABOUT_THE_BODY = {"Content-Length", "Content-Type", "Content-Encoding"}
# A page and its packings together, in units of the page.
WEIGHS = 2


@dataclass(slots=True)
class Page:
    """What Django answered once, and to whom else it may be said."""

    status: str
    headers: Headers
    body: bytes
    # What readers saw when it was made; from when until when (seconds of the epoch) the clock changes nothing of it.
    generation: bytes
    made: float
    until: float
    look: tuple[str, str] | None
    is_for_all: bool
    packed: dict[str, tuple[bytes, str, Headers]] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        return self.status.startswith("200")

    def as_(self, encoding: str) -> tuple[bytes, str, Headers]:
        """The body, its tag and its headers, packed at the first wish."""
        if encoding not in self.packed:
            self.packed[encoding] = self._pack(encoding)
        return self.packed[encoding]

    def _pack(self, encoding: str) -> tuple[bytes, str, Headers]:
        kind = dict(self.headers).get("Content-Type", "")
        headers, body = list(self.headers), self.body
        if PACKED.match(kind):
            headers.append(("Vary", "Accept-Encoding"))
            if encoding == "br":
                body = brotli.compress(body, quality=BROTLI_QUALITY)
            elif encoding == "gzip":
                body = gzip.compress(body, mtime=0)
            if encoding:
                headers.append(("Content-Encoding", encoding))
        tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        if self.is_there:
            headers.append(("ETag", tag))
        headers.append(("Content-Length", str(len(body))))
        return body, tag, headers

    def answer(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body, tag, headers = self.as_(encoding_for(environ.get("HTTP_ACCEPT_ENCODING", "")))
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known and tag in known and self.is_there:
            start_response("304 Not Modified", [each for each in headers if each[0] not in ABOUT_THE_BODY])
            return []
        start_response(self.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


@lru_cache(maxsize=1_000)
def encoding_for(accepted: str) -> str:
    """The best of what the visitor takes; empty for neither."""
    offers = {name.strip(): weight for name, _, weight in (part.partition(";") for part in accepted.split(","))}
    takes = [name for name in ("br", "gzip") if name in offers and not re.fullmatch(r"\s*q=0(\.0*)?\s*", offers[name])]
    return takes[0] if takes else ""


class PageMemory:
    """Bounded in bytes. What is made in a transaction is not for here: it may be of rows that are taken back."""

    def __init__(self) -> None:
        self.pages: dict[Hashable, Page] = {}
        self.generation = b""
        self.bytes = 0
        self.lock = threading.Lock()

    def get(self, key: Hashable) -> Page | None:
        page = self.pages.get(key)
        return (
            page if page and page.generation == generation.value() and page.made <= time.time() < page.until else None
        )

    def keep(self, key: Hashable, page: Page) -> None:
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
