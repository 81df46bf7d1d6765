"""What every answer has in common."""

import logging
import re
import secrets
import time
from urllib.parse import unquote

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import DataError
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property

from tips.models import Tip

from . import counting, pagecache, views
from .limits import wide_network_of
from .logs import request_id
from .models import ClinicSettings
from .patience import NO_ANSWER, patience

logger = logging.getLogger(__name__)
request_log = logging.getLogger("clinic.request")

# Many times what the longest honest form of a patient weighs; an editor's article may weigh more.
MOST_BYTES_FROM_A_STRANGER = 256 * 1024
# Twice what a picture may weigh, so that whoever sends too large a one reads why on the page it was sent from.
MOST_BYTES_WITH_A_PICTURE = 32 * 1024 * 1024
TAKES_PICTURES = "/admin/tips/picture/add/"
SENT_BY_OUR_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
# The public pages whose readers are counted, by the name of their route, and under which kind.
COUNTED = {
    "home": "home",
    "tips:list": "list",
    "tips:detail": "tip",
    "tips:guide": "guide",
    "consultation:start": "start",
}
CHARSETS = {"utf-8", "utf8", "us-ascii"}
NEVER_TEXT = re.compile("[\0\ud800-\udfff]")


def one_line_a_request(get_response):
    """Log each request under a number of our own, which the answer repeats for whoever asks about it."""

    def middleware(request):
        request.number = secrets.token_hex(8)
        token = request_id.set(request.number)
        began = time.monotonic()
        try:
            response = get_response(request)
            response["X-Request-ID"] = request.number
            took = round(1000 * (time.monotonic() - began))
            request_log.info("request", extra={"public": what_is_told(request, response) | {"ms": took}})
        finally:
            request_id.reset(token)
        return response

    return middleware


def what_is_told(request, response):
    """The route's name for the path; who asked, where the answer needed to know: nothing is read for the log's sake."""
    match, who = request.resolver_match, getattr(request, "_cached_user", None)
    return {
        "route": match.view_name if match else None,
        "method": request.method,
        "status": response.status_code,
        "staff": who.pk if who else None,
        "network": wide_network_of(request) or None,
    }


class ContentPolicy(CSPMiddleware):
    """The policy is put together once, and not for every answer, where nothing of one changes it."""

    usual = cached_property(lambda self: build_policy())

    def process_response(self, request, response):
        if settings.DEBUG or self.get_policy_parts(request, response) != PolicyParts():
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.usual)
        return response


def own_error_pages(get_response):
    """Show the clinic's own page for what is not there or makes no sense, also while developing."""
    ours = {400: views.bad_request, 404: views.page_not_found}

    def middleware(request):
        response = get_response(request)
        if settings.DEBUG and response.status_code in ours and not getattr(response, "is_ours", False):
            return ours[response.status_code](request)
        return response

    return middleware


def what_is_never_valid(get_response):
    """One gate for what no page has a use for and a database chokes on, before anything reads it.

    Only the database knows how large a number it can hold; what it refuses for that is no failure of ours either.
    """

    def middleware(request):
        status = refused_with(request)
        return views.error_page(status) if status else get_response(request)

    def process_exception(request, exception):
        if isinstance(exception, DataError | OverflowError):
            logger.warning("a value did not fit", exc_info=exception)
            return views.bad_request(request)
        return None

    middleware.process_exception = process_exception
    return middleware


def refused_with(request):
    """The status for a request that cannot have come from a page of ours; None for any other."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > most_bytes(request.path_info):
        return 413
    if request.content_params.get("charset", "utf-8").lower() not in CHARSETS:
        return 400
    if request.method == "POST" and request.content_type not in SENT_BY_OUR_FORMS:
        return 415
    try:
        given = [unquote(request.get_full_path()), *request.COOKIES.values()]
        for fields in (request.GET, request.POST):
            given += [text for name, values in fields.lists() for text in (name, *values)]
    except (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError):
        return 400
    return 400 if any(map(NEVER_TEXT.search, given)) else None


def most_bytes(path):
    if path == TAKES_PICTURES:
        return MOST_BYTES_WITH_A_PICTURE
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE if path.startswith("/admin/") else MOST_BYTES_FROM_A_STRANGER


def clinic_time(get_response):
    """Show every time in the clinic's zone."""

    def middleware(request):
        with timezone.override(ClinicSettings.current().tzinfo):
            return get_response(request)

    return middleware


def looks_are_counted(get_response):
    """Count who looks at a public page, and tell the memory of pages as what it has to count those it shows again."""

    def middleware(request):
        pagecache.note_clock(request, Tip.objects.next_change)
        response = get_response(request)
        match = request.resolver_match
        kind = COUNTED.get(match.view_name) if match else None
        if kind:
            look = request.META[pagecache.LOOK] = (kind, match.kwargs.get("slug", ""))
            if counting.is_a_look(request.method, response.status_code, request.headers, request.COOKIES):
                counting.count(*look, on=timezone.localdate())
        return response

    return middleware


def answers_in_time(get_response):
    """Whoever waits is told in time that the database gives no answer, also while developing."""

    def middleware(request):
        with patience(settings.DATABASE_PATIENCE_SECONDS):
            return get_response(request)

    def process_exception(request, exception):
        if isinstance(exception, NO_ANSWER):
            logger.error("the database gave no answer", exc_info=exception)
            return views.error_page(503)
        return None

    middleware.process_exception = process_exception
    return middleware


class Sessions(SessionMiddleware):
    """What the session holds is saved at the end of a request; where it cannot be, the page is shown again, filled."""

    def process_response(self, request, response):
        try:
            return super().process_response(request, response)
        except NO_ANSWER as error:
            logger.error("the session could not be kept", exc_info=error)
            return views.not_kept(request)


def private_pages_are_not_kept(get_response):
    """No page behind the desk, or behind a patient's secret link, is kept by a browser or a proxy."""

    def middleware(request):
        response = get_response(request)
        if request.path_info.startswith(("/admin/", "/r/")):
            add_never_cache_headers(response)
        return response

    return middleware
