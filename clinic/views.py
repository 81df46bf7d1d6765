import sys
import threading

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from appointments.reasons import REASONS
from appointments.views.pages import NO_DATABASE, Unlosable
from tips import structured
from tips.models import Tip, Topic
from tips.page import at_former_address

from . import appendonly, health, visits
from .models import ClinicSettings, Subject
from .opening import version_of
from .pagecache import same_for_all
from .patience import NO_ANSWER

NEWEST = 3

is_migrated = threading.Event()


@require_safe
@same_for_all(Tip.objects.next_change)
def home(request):
    return render(request, "clinic/home.html", on_home_page(ClinicSettings.current(), at=timezone.now()))


def on_home_page(clinic, *, at):
    published = Tip.objects.listed(at=at).for_list()
    return {
        "tips": published.tips()[:NEWEST],
        "guides": published.guides().prefetch_related(None),
        "topics": Topic.objects.filter(tips__in=published.tips()).distinct(),
        "structured": structured.of_clinic(clinic),
    }


@require_safe
def privacy(request):
    context = {"reasons": REASONS, "is_approved": notice_is_approved(ClinicSettings.current())}
    return render(request, "clinic/privacy.html", context)


def notice_is_approved(clinic):
    """A demonstration says on every page that it is one."""
    return clinic.is_demo or (Subject.PRIVACY, version_of(Subject.PRIVACY)) in clinic.approved


@require_safe
def accessibility(request):
    return render(request, "clinic/accessibility.html")


@require_safe
def robots(request):
    text = f"User-agent: *\nDisallow: /admin/\nDisallow: /r/\nDisallow: /calendar/\nDisallow: /consultation/\nAllow: /consultation/$\n\nSitemap: {settings.BASE_URL}/sitemap.xml\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def live(request):
    return HttpResponse("live\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request):
    """Whether the site can do its work: the database answers, is migrated and guards its records, and mail leaves."""
    try:
        if not database_is_migrated():
            problems = ["migrations are missing"]
        else:
            problems = [f"no trigger {name}" for name in appendonly.missing()]
            problems += health.look(at=timezone.now()).problems
    except Error:
        problems = ["the database gives no answer"]
    return HttpResponse(
        "\n".join(problems or ["ready"]) + "\n", content_type="text/plain", status=503 if problems else 200
    )


def database_is_migrated():
    """Asked until it is: a process that runs gets no new migrations, and to lay out all of them takes long."""
    if not is_migrated.is_set():
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        is_migrated.set()
    return True


ERRORS = {
    400: (_("That request made no sense to us"), _("Please go back and try again. If it happens again, call us.")),
    403: (
        _("You cannot see this page"),
        _("It is not open to you. If it should be, ask the person who looks after the site."),
    ),
    404: (_("There is no such page"), _("The address may be mistyped, or the page may have moved.")),
    413: (
        _("That was more than we can take"),
        _("Please go back, make it shorter, and send it again. If it cannot wait, call us."),
    ),
    415: (_("That did not come from one of our forms"), _("Please open the page again and send it from there.")),
    429: (_("That was a lot at once"), _("Please wait a few minutes and try again. If it cannot wait, call us.")),
    500: (_("Something went wrong on our side"), _("It is not your fault. Please try again in a minute, or call us.")),
    503: (_("We cannot answer right now"), _("Please try again in a minute. If it cannot wait, call us.")),
}


def error_page(status):
    """An error in the clinic's own look. It touches no database, session or user, since any of them may be what failed."""
    heading, advice = ERRORS[status]
    context = {"clinic": ClinicSettings.remembered(), "status": status, "heading": heading, "advice": advice}
    response = HttpResponse(render_to_string("error.html", context), status=status)
    response["Cache-Control"] = "no-store"
    response.is_ours = True
    return response


def bad_request(request, exception=None):
    return error_page(400)


def forbidden(request, exception=None):
    return error_page(403)


def page_not_found(request, exception=None):
    """Perhaps a tip was here before; without a database nobody can tell."""
    try:
        return at_former_address(request, at=timezone.now()) or error_page(404)
    except Error:
        return error_page(404)


def too_many_requests(request, exception=None):
    return error_page(429)


def server_error(request):
    """A database that gives no answer is no fault of the code, and passes."""
    error = sys.exc_info()[1]
    return error_page(503 if isinstance(error, NO_ANSWER) else 500)


def view_class_of(request):
    match = request.resolver_match
    return getattr(match and match.func, "view_class", None)


def not_kept(request):
    """The database went away when all was done but the keeping: whoever pressed a button sees the page again, filled."""
    view = view_class_of(request)
    if request.method == "POST" and view and issubclass(view, Unlosable):
        response = view().shown_again(request, **request.resolver_match.kwargs, status=503, note=NO_DATABASE)
        add_never_cache_headers(response)
        return response
    return error_page(503)


def csrf_failure(request, reason=""):
    """A page that lay open too long is shown again, filled: a patient's, or one of the desk; anything else is refused."""
    view = view_class_of(request)
    if hasattr(view, "shown_again"):
        response = view().shown_again(request, **request.resolver_match.kwargs)
        add_never_cache_headers(response)
        return response
    if response := request.resolver_match and visits.from_an_older_page(request):
        add_never_cache_headers(response)
        return response
    return forbidden(request)
