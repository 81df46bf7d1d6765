"""The triage queue: who waits, longest and most urgent first, without a name or a word of theirs."""

import re
from datetime import UTC, datetime

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from appointments.emails import TRIAGE
from appointments.models import ConsultationRequest
from clinic import audit
from clinic.models import AuditAction, OutgoingMail

ROWS = 50
# The parts of the queue; the first holds whoever is new and whoever waits too long, with whomever. What looks like spam
# waits apart, so that a flood of it hides nobody.
VIEWS = {
    "waiting": (_("Waiting"), lambda all_, user, at: all_.waiting_for_us(at=at)),
    "mine": (_("Mine"), lambda all_, user, at: all_.open().filter(assigned_to=user)),
    "patient": (_("Waiting on patient"), lambda all_, user, at: all_.waiting_on_patient()),
    "open": (_("All open"), lambda all_, user, at: all_.open()),
    "suspect": (_("Looks like spam"), lambda all_, user, at: all_.suspected()),
    "closed": (_("Closed"), lambda all_, user, at: all_.closed()),
}


@require_safe
def queue(request):
    if not request.user.has_perm(TRIAGE):
        raise PermissionDenied
    sought = re.sub(r"[^A-Z0-9-]", "", request.GET.get("reference", "").upper())[:20]
    if sought:
        return look_up(request, sought)
    chosen = request.GET.get("show") if request.GET.get("show") in VIEWS else "waiting"
    now = timezone.now()
    found = VIEWS[chosen][1](ConsultationRequest.objects.all(), request.user, now).longest_waiting_first()
    rows = list(after(found, request.GET.get("after", "")).select_related("assigned_to", "tip__live")[: ROWS + 1])
    more = rows[ROWS - 1] if len(rows) > ROWS else None
    shown = rows[:ROWS]
    for row in shown:
        row.is_late = row.is_waiting_too_long(at=now)
    audit.record(AuditAction.LISTED, by=request.user, at=now, references=[row.reference for row in shown])
    context = {
        **admin.site.each_context(request),
        "title": _("Queue"),
        "rows": shown,
        "tabs": tabs(request.user, chosen, at=now),
        "next": urlencode({"show": chosen, "after": f"{more.answer_by.isoformat()}_{more.pk}"}) if more else "",
        "parked": OutgoingMail.objects.parked().order_by("-parked_at", "-pk")[:10],
        "reference": sought,
    }
    return TemplateResponse(request, "admin/appointments/queue.html", context)


def tabs(user, chosen, *, at):
    """Each view of the queue with its count, which stops at 100 so that it stays quick."""
    counted = []
    for key, (label, part) in VIEWS.items():
        found = part(ConsultationRequest.objects.all(), user, at)
        count = found[:101].count() if key != "closed" else None
        counted.append({"key": key, "label": label, "count": count, "chosen": key == chosen})
    return counted


def after(found, cursor):
    """The rows behind the last one seen; an unreadable cursor begins at the start."""
    try:
        when, pk = cursor.split("_")
        when, pk = datetime.fromisoformat(when).astimezone(UTC), int(pk)
        return found.filter(Q(answer_by__gt=when) | Q(answer_by=when, pk__gt=pk))
    except (ValueError, OverflowError):
        return found


@transaction.atomic
def look_up(request, reference):
    """Straight to the request with this reference. The search is recorded whatever it finds."""
    audit.record(AuditAction.SEARCHED, by=request.user, at=timezone.now(), term=audit.fingerprint(reference))
    wanted = reference if reference.startswith("CR-") else f"CR-{reference}"
    if ConsultationRequest.objects.filter(reference=wanted).exists():
        return redirect("admin:consultation", wanted)
    context = {
        **admin.site.each_context(request),
        "title": _("Queue"),
        "tabs": tabs(request.user, "", at=timezone.now()),
        "reference": reference,
        "not_found": True,
        "queue_url": reverse("admin:queue"),
    }
    return TemplateResponse(request, "admin/appointments/queue.html", context)
