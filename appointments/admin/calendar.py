"""The calendar of a week, for those who triage, and the address of one's own feed. No name of a patient in either."""

from functools import wraps

from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from appointments.people import for_triage
from clinic import audit
from clinic.models import AuditAction, ClinicSettings

from .week import A_DAY, Week


@require_safe
@for_triage
def week(request):
    now, clinic = timezone.now(), ClinicSettings.current()
    today = now.astimezone(clinic.tzinfo).date()
    sought = Week.named(request.GET.get("week", ""), clinic=clinic, today=today)
    times = sought.times(at=now)
    everybody = sought.people(times)
    chosen = next((person for person in everybody if person.username == request.GET.get("with")), None)
    people = [chosen] if chosen else everybody
    shown = [time.consultation.reference for time in times if time.therapist in people]
    audit.record(AuditAction.LISTED, by=request.user, at=now, references=shown, week=name_of(sought.monday))
    context = {
        **admin.site.each_context(request),
        "title": _("Calendar"),
        "days": sought.shown(people, times, today=today),
        "monday": sought.days[0],
        "sunday": sought.days[-1],
        "before": address(sought.days[0] - A_DAY, chosen),
        "now": address(today, chosen),
        "after": address(sought.days[-1] + A_DAY, chosen),
        "tabs": tabs(sought.monday, everybody, chosen),
        "zone": clinic.zone,
        "has_feed": bool(request.user.calendar_hash),
    }
    return TemplateResponse(request, "admin/appointments/calendar.html", context)


def name_of(day):
    return f"{day:%G-W%V}"


def address(day, person):
    """The calendar of the week in which a day lies: of one therapist, or of all."""
    query = {"week": name_of(day)} | ({"with": person.username} if person else {})
    return f"{reverse('admin:calendar')}?{urlencode(query)}"


def tabs(day, everybody, chosen):
    choices = [(_("All"), None), *((str(person), person) for person in everybody)]
    return [
        {"label": label, "address": address(day, person), "chosen": person == chosen}
        for label, person in (choices if len(everybody) > 1 else [])
    ]


def acts_on_own_feed(view):
    """Whoever arrives by a link, such as after signing in again, sees the calendar."""

    @for_triage
    @wraps(view)
    def wrapper(request):
        if request.method != "POST":
            return redirect("admin:calendar")
        with transaction.atomic():
            person, now = request.user, timezone.now()
            response = view(request)
            audit.record(AuditAction.CHANGED, by=person, at=now, reference=audit.named(person), act=view.__name__)
        return response

    return wrapper


@acts_on_own_feed
def open_feed(request):
    """A new address, shown this once."""
    token = request.user.open_calendar()
    context = {
        **admin.site.each_context(request),
        "title": _("Your calendar feed"),
        "address": settings.BASE_URL + reverse("calendar_feed", args=[token]),
    }
    return TemplateResponse(request, "admin/appointments/calendar_feed.html", context)


@acts_on_own_feed
def close_feed(request):
    request.user.close_calendar()
    messages.success(request, _("The address opens nothing any more."))
    return redirect("admin:calendar")
