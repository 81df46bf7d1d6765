"""Visits for calendar programs: a therapist's, by their secret address, and a patient's own, by their link."""

from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from appointments import calendar
from appointments.models import OfferedTime, RequestStatus
from appointments.people import TRIAGE
from clinic import audit, mail
from clinic.models import AuditAction, ClinicSettings, User

from .links import explains_dead_links, for_patient
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
    return as_file(calendar.feed(visits, clinic=ClinicSettings.current(), at=now))


@never_cache
@require_safe
@explains_dead_links
def visit(request, token):
    """What is booked, also for whoever gave us no address to mail it to; where nothing is, the page says what is."""
    now = timezone.now()
    consultation = for_patient(token, at=now)
    time = consultation.times.booked().first() if consultation.status == RequestStatus.BOOKED else None
    if time is None:
        return private(redirect("status", token))
    who = {"clinic": ClinicSettings.current(), "sender": mail.sender_address()}
    response = as_file(calendar.entry(time.for_calendar(), calendar.PUBLISH, **who, at=now)["text"])
    response["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return response


def as_file(text):
    return private(HttpResponse(text, content_type="text/calendar; charset=utf-8"))
