"""The triage queue: who waits, longest and most urgent first, without a name or a word of theirs."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core import signing
from django.db.models import Count
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from appointments import clock
from appointments.models import WAITING_ON_PATIENT, WAITING_ON_US, ConsultationRequest
from appointments.people import for_triage
from clinic import audit, health
from clinic.models import AuditAction, ClinicSettings, OutgoingMail

from .acts import ACTS
from .rows import rows_of
from .stretches import END, count_of, page_of, together
from .together import act_together

ROWS = 50
# Where counting stops, so that it stays quick.
MOST_COUNTED = 100


@dataclass(frozen=True)
class Part:
    """One part of the queue: whom it holds, in which order, and what may be done there with several at once."""

    label: str
    # Called with all requests, the person who looks, and the time; gives stretches that share no request.
    holds: Callable
    order: str = "answer_by"
    acts: tuple = ()


def today(at):
    return clock.day_around(at, ClinicSettings.current().tzinfo)


# What looks like spam waits apart, so that a flood of it hides nobody. Only there are several put away at once: two presses
# in a row are not to hide everybody who waits.
PARTS = {
    "waiting": Part(_("Waiting"), lambda all_, user, at: all_.waiting_for_us(at=at), acts=("claim",)),
    "overdue": Part(_("Overdue"), lambda all_, user, at: all_.filter(answer_by__lt=at).in_stretches(*WAITING_ON_US)),
    "urgent": Part(_("Urgent"), lambda all_, user, at: all_.open().urgent().in_stretches(*WAITING_ON_US)),
    "new": Part(_("New"), lambda all_, user, at: [all_.new().unsuspected()], acts=("claim",)),
    "owed": Part(_("Waiting for me"), lambda all_, user, at: all_.open().of(user).waiting_for_us(at=at)),
    "mine": Part(_("Mine"), lambda all_, user, at: [all_.open().of(user)]),
    "patient": Part(_("Waiting on patient"), lambda all_, user, at: all_.in_stretches(*WAITING_ON_PATIENT)),
    "today": Part(_("Booked today"), lambda all_, user, at: [all_.booked_between(*today(at))], order="visit_at"),
    "sooner": Part(_("Would come sooner"), lambda all_, user, at: [all_.who_want_sooner(at=at)], order="visit_at"),
    "second": Part(
        _("Second look"), lambda all_, user, at: [all_.for_second_look(since=today(at)[0]).exclude(decided_by=user)]
    ),
    "suspect": Part(_("Looks like spam"), lambda all_, user, at: [all_.suspected()], acts=("clear", "claim", "spam")),
    "open": Part(_("All open"), lambda all_, user, at: [all_.open()]),
    "closed": Part(_("Closed"), lambda all_, user, at: [all_.closed()], order="-closed_at"),
}


@require_safe
@for_triage
def queue(request):
    """The list; or, for a page that shows it already, what it shows now: that is no activity of the person."""
    key = request.GET.get("show") if request.GET.get("show") in PARTS else "waiting"
    now, part = timezone.now(), PARTS[key]
    where = {name: request.GET[name] for name in ("after", "before") if request.GET.get(name)}
    stretches = part.holds(ConsultationRequest.objects.all(), request.user, now)
    page = page_of(stretches, part.order, size=ROWS, **where)
    rows = rows_of(page.ids, at=now, can_be_ticked=bool(part.acts))
    references = [row.reference for row in rows]
    if "X-Shown" not in request.headers or not set(references) <= seen_before(request):
        audit.record(AuditAction.LISTED, by=request.user, at=now, references=references)
    context = {
        "rows": rows,
        "tabs": tabs(request.user, key, at=now),
        "acts": {name: ACTS[name].heading for name in part.acts},
        "show": key,
        "here": urlencode({"show": key} | where),
        "previous": urlencode({"show": key, "before": page.previous}) if page.previous else "",
        "next": urlencode({"show": key, "after": page.following}) if page.following else "",
        "last": urlencode({"show": key, "before": END}),
        "shown": signing.dumps(references, salt=seal_for(request.user)),
        "overview": overview(at=now),
        "as_of": now,
    }
    if "X-Shown" in request.headers:
        return TemplateResponse(request, "admin/appointments/queue_list.html", context)
    context = {**admin.site.each_context(request), "title": _("Queue")} | undelivered() | context
    return TemplateResponse(request, "admin/appointments/queue.html", context)


def undelivered():
    """The mails that were given up, newest first; as many as the owner's mail counts."""
    parked = OutgoingMail.objects.parked()
    return {
        "parked": parked.order_by("-parked_at", "-pk")[:MOST_COUNTED],
        "more_parked": max(0, parked.count() - MOST_COUNTED),
    }


@for_triage
def act(request):
    """Something done with the requests that were ticked. Whoever arrives by a link finds the queue."""
    key = request.POST.get("show") if request.POST.get("show") in PARTS else "waiting"
    name, chosen = request.POST.get("act"), request.POST.getlist("reference")[:ROWS]
    if name in PARTS[key].acts and chosen:
        act_together(request, name, chosen, at=timezone.now())
    elif request.method == "POST":
        messages.error(request, _("Tick one or more requests first."))
    return redirect(f"{reverse('admin:queue')}?{urlencode({'show': key})}")


def seal_for(user):
    return f"appointments.queue.{user.pk}"


def seen_before(request):
    """The references that a page which refreshes itself has had before, and which were recorded then."""
    try:
        return set(signing.loads(request.headers.get("X-Shown", ""), salt=seal_for(request.user)))
    except signing.BadSignature:
        return set()


def tabs(user, chosen, *, at):
    """Each part with its count; the closed ones are too many to count."""
    counted = []
    for key, part in PARTS.items():
        held = part.holds(ConsultationRequest.objects.all(), user, at)
        count = count_of(held, most=MOST_COUNTED + 1) if key != "closed" else None
        counted.append({"key": key, "label": part.label, "count": count, "chosen": key == chosen})
    return counted


def overview(*, at):
    """What waits, since when, and whether the work behind the pages is done."""
    waiting = ConsultationRequest.objects.waiting_for_us(at=at)
    facts = together(each.values_list("answer_by", "id", "status", "submitted_at") for each in waiting)
    facts = list(facts.order_by("answer_by", "id")[: MOST_COUNTED + 1])
    sent = [submitted_at for _answer_by, _pk, status, submitted_at in facts if status in WAITING_ON_US]
    return {
        "count": len(facts),
        "oldest": timesince(min(sent), at, depth=1) if sent else "",
        "left": left_behind(),
        "health": health.look(at=at),
    }


def left_behind():
    """Who can do nothing any more about open requests of theirs, with how many."""
    counts = dict(ConsultationRequest.objects.left_behind().order_by().values_list("assigned_to").annotate(Count("pk")))
    people = get_user_model().objects.in_bulk(counts) if counts else {}
    return sorted(((person, counts[pk]) for pk, person in people.items()), key=lambda each: str(each[0]))
