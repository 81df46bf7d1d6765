"""Requests of now, and how times are offered for them through the pages."""

from django.urls import reverse
from django.utils import timezone

from appointments.models import StatusChange
from clinic.models import OutgoingMail
from tests.factories import DAY, make_consultation

from .desk import address
from .pages import Page
from .stages import S, queued


def make_new(**fields):
    said = {"windows": [], "any_time": True} | fields.pop("said", {})
    consultation = make_consultation(at=timezone.now(), said=said, **fields)
    StatusChange.objects.create(consultation=consultation, to_status=S.NEW, actor="patient", at=timezone.now())
    return consultation


def free(page):
    """The times that the request page offers to be proposed, in its order."""
    return [tag.attrs["value"] for tag in page.all("input", name="times")]


def propose(client, consultation, count=2, **changed):
    times = free(Page(client.get(address(consultation))))[:count]
    return client.post(address(consultation, "propose"), {"times": times, "mode": "clinic"} | changed)


def agreed(days=3, **changed):
    """What is sent where a time on a weekday was agreed on the phone."""
    start = timezone.localtime(timezone.now() + days * DAY).replace(hour=10, minute=30)
    while start.weekday() > 4:
        start += DAY
    return {"start": f"{start:%Y-%m-%dT%H:%M}", "mode": "phone"} | changed


def own(consultation, page="status"):
    return reverse(page, args=[consultation.link_token])


def choices(page):
    return [tag.attrs["value"] for tag in page.all("input", name="time")]


def make_proposed(signed_in, therapist, **fields):
    consultation = make_new(**fields)
    propose(signed_in(therapist), consultation, count=3)
    OutgoingMail.objects.all().delete()
    consultation.refresh_from_db()
    return consultation


def events():
    return [event for event, to in queued()]
