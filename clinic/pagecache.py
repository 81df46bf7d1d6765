"""Public pages, finished and packed, answered before Django is asked.

Kept is what a visitor whom nobody knows sees: no cookie, no credentials, no query but those of our own links, and the
clinic's own address. A page is kept only if nothing that readers see changed while it was made, and shown only until
something does: by a write (`clinic.generation`), or by the clock (`changes_at`).
"""

import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone

from . import counting, generation
from .models import ClinicSettings
from .pagememory import Environ, Headers, Page, PageMemory, StartResponse, encoding_for

Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Key = tuple[str | None, ...]
View = Callable[..., HttpResponse]

# The routes that may be kept, and with which query of our own links; of others there are as many as somebody thinks of.
# Anything else goes to Django, whatever it answers.
WITHOUT, PAGE, TIP = "", r"(page=[1-9]\d{0,3})?", r"(tip=[a-z0-9-]{1,80})?"
PAGES = {
    "home": WITHOUT, "privacy": WITHOUT, "accessibility": WITHOUT, "robots": WITHOUT, "sitemap": WITHOUT,
    "consultation:start": TIP, "tips:list": PAGE, "tips:topic": PAGE, "tips:region": PAGE,
    "tips:feed": WITHOUT, "tips:detail": WITHOUT, "tips:guide": WITHOUT, "tips:picture": WITHOUT,
}  # fmt: skip
# What only one visitor's answer says, or what is said anew of each packing.
OWN = {"x-request-id", "content-length", "vary", "etag"}
OF_ONE_VISITOR = {
    "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "wsgi.file_wrapper",
}  # fmt: skip
# In the WSGI environment of a request whose page may be kept: that it may, until when, and as what it is counted.
MAY_BE_KEPT, UNTIL, LOOK = "clinic.may_be_kept", "clinic.until", "clinic.look"
MOST_TURNS = 3
MOST_SECONDS_OF_OTHERS = 10


class Clock(NamedTuple):
    """Of a generation: since when and until when the clock changes nothing of what readers see, and which day it is until midnight."""

    generation: bytes = b""
    since: float = 0.0
    next: float = 0.0
    midnight: float = 0.0
    day: date = date.min


_clocks = {"last": Clock()}


def changes_at(request: HttpRequest, instant: datetime) -> None:
    """Not kept beyond this instant, at which the page says something else."""
    request.META[UNTIL] = min(instant.timestamp(), request.META.get(UNTIL, math.inf))


def note_clock(request: HttpRequest, next_change: Callable[..., datetime | None]) -> None:
    """For a page that may be kept."""
    if MAY_BE_KEPT in request.META:
        request.META[UNTIL] = clock(next_change).next


def clock(next_change: Callable[..., datetime | None]) -> Clock:
    """That of this generation; `next_change(at=…)` is asked once in it. What depends on the day ends with it."""
    now, shown = timezone.localtime(), generation.value()
    last = _clocks["last"]
    # Asked later than now, it was asked by a clock that was ahead.
    if last.generation != shown or not last.since <= now.timestamp() < last.next:
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
        instant = min(midnight, next_change(at=now) or midnight)
        # Whole, since other threads read it.
        last = _clocks["last"] = Clock(shown, now.timestamp(), instant.timestamp(), midnight.timestamp(), now.date())
    return last


_rendered = PageMemory()


def same_for_all(next_change: Callable[..., datetime | None]) -> Callable[[View], View]:
    """Around a view that asks for nothing but its address: it makes the page once, also for whoever comes with a cookie
    or with a query of somebody else's, which the memory before Django turns away."""

    def decorate(view: View) -> View:
        @wraps(view)
        def show(request: HttpRequest, **address: Any) -> HttpResponse:
            shown = generation.value()
            page = _rendered.get(request.path_info)
            if page:
                body, _, headers = page.as_(encoding_for(request.headers.get("Accept-Encoding", "")))
                return HttpResponse(body, headers=dict(headers))
            made = time.time()
            response = view(request, **address)
            is_lasting = not connection.in_atomic_block and ClinicSettings.are_of(shown)
            if response.status_code == HTTPStatus.OK and is_lasting:
                kind = [("Content-Type", response["Content-Type"])]
                until = clock(next_change).next
                page = Page("200 OK", kind, response.content, shown, made, until, None, is_for_all=True)
                _rendered.keep(request.path_info, page)
            return response

        return show

    return decorate


class PageCache:
    """Stands before the site in a process, and knows the finished pages by what was asked for."""

    def __init__(self, application: Application) -> None:
        self.application = application
        own = urlsplit(settings.BASE_URL)
        self.hosts = {own.netloc, own.hostname}
        self.memory = PageMemory()
        self.underway: dict[Key, Future[Page]] = {}
        self.lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if (
            environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
            or "HTTP_COOKIE" in environ
            or "HTTP_AUTHORIZATION" in environ
        ):
            return self.application(environ, start_response)
        key = (
            environ.get("HTTP_HOST"),
            environ["PATH_INFO"],
            environ["QUERY_STRING"],
            environ["wsgi.url_scheme"],
            environ.get("HTTP_X_FORWARDED_PROTO"),
        )
        page = self.memory.get(key)
        if page:
            self.count(page, environ)
            return page.answer(environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD" or not self.may_be_kept(environ):
            return self.application(environ, start_response)
        return self.made(key, environ).answer(environ, start_response)

    def may_be_kept(self, environ: Environ) -> bool:
        if environ.get("HTTP_HOST") not in self.hosts or environ.get("SCRIPT_NAME"):
            return False
        try:
            path = environ["PATH_INFO"].encode("latin-1").decode()
            query = PAGES.get(resolve(path).view_name)
        except (Resolver404, UnicodeError):
            return False
        return query is not None and bool(re.fullmatch(query, environ["QUERY_STRING"]))

    def made(self, key: Key, environ: Environ) -> Page:
        """One of those who ask at the same time makes it, and the others wait for that one."""
        for _ in range(MOST_TURNS):
            with self.lock:
                other = self.underway.get(key)
                # Kept before it was no longer under way, for whoever has looked a moment too early.
                kept = None if other else self.memory.get(key)
                mine = None if other or kept else self.underway.setdefault(key, Future())
            if kept:
                self.count(kept, environ)
                return kept
            if mine:
                return self.make_for_all(key, environ, mine)
            with suppress(Exception):
                page = other.result(timeout=MOST_SECONDS_OF_OTHERS)
                # What was begun before a change is no answer to who came after it.
                if page.is_for_all and page.generation == generation.value():
                    self.count(page, environ)
                    return page
        return self.make(key, environ)

    def make_for_all(self, key: Key, environ: Environ, waited_for: "Future[Page]") -> Page:
        try:
            page = self.make(key, environ)
        except BaseException as error:
            waited_for.set_exception(error)
            raise
        else:
            waited_for.set_result(page)
            return page
        finally:
            with self.lock:
                del self.underway[key]

    def make(self, key: Key, environ: Environ) -> Page:
        # Read first: what changes from here on makes the page a thing of the past.
        shown, made = generation.value(), time.time()
        asked = {name: environ[name] for name in environ.keys() - OF_ONE_VISITOR} | {MAY_BE_KEPT: True}
        status, headers, body = whole(self.application, asked)
        said = {name.lower(): value for name, value in headers}
        controls = said.get("cache-control", "")
        is_for_all = (
            said.get("vary", "Accept-Encoding") == "Accept-Encoding"
            and not re.search("no-store|private", controls)
            and "set-cookie" not in said
        )
        kept = [header for header in headers if header[0].lower() not in OWN]
        if not controls:
            kept.append(("Cache-Control", "no-cache"))
        page = Page(status, kept, body, shown, made, asked.get(UNTIL, 0.0), asked.get(LOOK), is_for_all)
        if is_for_all and page.is_there and ClinicSettings.are_of(shown):
            self.memory.keep(key, page)
        return page

    @staticmethod
    def count(page: Page, environ: Environ) -> None:
        if page.look and environ["REQUEST_METHOD"] == "GET":
            if counting.is_ahead(environ.get("HTTP_SEC_PURPOSE"), environ.get("HTTP_PURPOSE")):
                return
            last = _clocks["last"]
            counting.count(
                *page.look, on=last.day if last.since <= time.time() < last.midnight else timezone.localdate()
            )


def whole(application: Application, environ: Environ) -> tuple[str, Headers, bytes]:
    """All that the site answers; what it did for it is over then."""
    said: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
        said.append((status, headers))

    answer = application(environ, start_response)
    try:
        body = b"".join(answer)
    finally:
        closing: Iterator[None] | Any = getattr(answer, "close", None)
        if closing:
            closing()
    status, headers = said[-1]
    return status, headers, body
