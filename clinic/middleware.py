"""What every answer has in common."""

from urllib.parse import unquote

from django.conf import settings
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from . import views
from .models import ClinicSettings


def own_error_pages(get_response):
    """Show the clinic's own page for an address that is not there, also while developing."""

    def middleware(request):
        response = get_response(request)
        if settings.DEBUG and response.status_code == 404 and not getattr(response, "is_ours", False):
            return views.page_not_found(request)
        return response

    return middleware


def what_is_never_valid(get_response):
    """One gate for what no page has a use for and a database chokes on, before anything reads it."""

    def middleware(request):
        charset = request.content_params.get("charset", "utf-8").lower()
        if "\0" in unquote(request.get_full_path()) or charset not in {"utf-8", "utf8", "us-ascii"}:
            return views.bad_request(request)
        return get_response(request)

    return middleware


def clinic_time(get_response):
    """Show every time in the clinic's zone."""

    def middleware(request):
        with timezone.override(ClinicSettings.current().tzinfo):
            return get_response(request)

    return middleware


def staff_pages_are_private(get_response):
    """No page behind the desk is kept by a browser or a proxy."""

    def middleware(request):
        response = get_response(request)
        if request.path_info.startswith("/admin/"):
            add_never_cache_headers(response)
        return response

    return middleware
