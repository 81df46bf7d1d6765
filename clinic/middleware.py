"""What every answer has in common."""

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from . import views
from .models import ClinicSettings


def own_error_pages(get_response):
    """Show the clinic's own page for an address that is not there, and for a database that gives no answer.

    Django shows its own page for the first while developing; a demonstration should
    look like the real thing.
    """

    def middleware(request):
        response = get_response(request)
        if settings.DEBUG and response.status_code == 404 and not getattr(response, "is_ours", False):
            return views.page_not_found(request, None)
        return response

    def process_exception(request, exception):
        if isinstance(exception, OperationalError | InterfaceError):
            return views.unavailable(request)
        return None

    middleware.process_exception = process_exception
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
