"""A therapist's visits, for the calendar program that was given the secret address."""

from datetime import timedelta

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from appointments import calendar
from appointments.models import OfferedTime
from appointments.people import TRIAGE
from clinic import audit
from clinic.models import AuditAction, ClinicSettings, User

from .pages import private

BACK, AHEAD = timedelta(days=30), timedelta(days=365)


@never_cache
@require_safe
def feed(request, token):
    """An address that opens nothing does not say why: it was never one, or was taken back, or its owner has left."""
    person = User.for_calendar(token)
    if person is None or not person.has_perm(TRIAGE):
        raise Http404
    now = timezone.now()
    times = OfferedTime.objects.in_calendar(at=now).filter(therapist=person, starts_at__range=(now - BACK, now + AHEAD))
    times = list(times.select_related("consultation"))
    references = [time.consultation.reference for time in times]
    audit.record(AuditAction.LISTED, by=person, at=now, references=references)
    visits = [time.for_calendar() for time in times]
    text = calendar.feed(visits, clinic=ClinicSettings.current(), at=now)
    return private(HttpResponse(text, content_type="text/calendar; charset=utf-8"))
