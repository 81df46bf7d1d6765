"""One article, for those who write and review: where its text stands, what it says, and what may be done next."""

from datetime import timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Sum
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from clinic import audit
from clinic.models import AuditAction, DayCount
from clinic.wording import what_is_wrong
from tips.checks import check
from tips.differences import differences
from tips.models import (
    BEING_WRITTEN,
    IN_REVIEW,
    NAME_ANOTHER,
    TOLD_BEFORE,
    Tip,
    TipKind,
    TipStatus,
    TransitionNotAllowed,
)

from .acts import ACTS
from .article import WRITE, may_write, standing

READ = "tips.view_tip"
THIRTY_DAYS = timedelta(days=30)


def get_article(request, pk, permission=READ):
    """The article, for somebody who may do this with it."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return get_object_or_404(Tip.objects.select_related("live", "author", "clinical_reviewer"), pk=pk)


def get_to_write(request, pk):
    tip = get_article(request, pk, WRITE)
    if not may_write(tip, request.user):
        raise PermissionDenied
    return tip


@require_safe
def show(request, pk):
    return show_article(request, get_article(request, pk))


def show_article(request, tip, *, status=200, **bound):
    """The page with its open acts; `bound` is the form that has to be looked at again."""
    now = timezone.now()
    latest = tip.latest
    if latest is None:
        raise Http404
    acts = [
        {"name": name, "act": act, "form": bound.get(name) or act.form(tip=tip, at=now)}
        for name, act in ACTS.items()
        if name in bound or (act.may(tip, request.user) and act.is_open(tip, request.user))
    ]
    asked = last_request(tip)
    compared = tip.live or (asked.revision if asked else None)
    is_writer = may_write(tip, request.user)
    context = {
        **admin.site.each_context(request),
        "title": latest.title,
        "tip": tip,
        "latest": latest,
        "is_pending": compared not in {None, latest},
        "differences": differences(compared, latest) if compared else [],
        "findings": check(tip, latest, at=now) if tip.status in BEING_WRITTEN else [],
        "notes": list(notes(tip, request.user, at=now)),
        "may_write": is_writer,
        "edit_url": reverse(f"admin:tips_{tip.kind}_change", args=[tip.pk]) if is_writer else "",
        "live_url": tip.get_absolute_url() if tip.is_live(at=now) else "",
        "now": now,
        "asked": asked if asked and not has_agreed_since(tip, asked) else None,
        "is_refused": bool(bound),
        "stands": standing(tip, at=now),
        "acts": acts,
        "fetched": fetched_lately(tip, today=timezone.localdate(now)) if tip.kind == TipKind.GUIDE else None,
        "links": [
            link
            for link in tip.preview_links.filter(revoked_at__isnull=True).select_related("made_by")
            if link.ends_at > now
        ],
    }
    return TemplateResponse(request, "admin/tips/standing.html", context, status=status)


def last_request(tip):
    """The step by which the last reader of a text asked for changes, until it is live; not what was arranged around it since."""
    live = tip.steps.filter(to_status=TipStatus.APPROVED).last()
    asked = tip.steps.filter(revision__isnull=False, to_status=TipStatus.CHANGES_REQUESTED)
    return asked.filter(pk__gt=live.pk if live else 0).last()


def has_agreed_since(tip, asked):
    """Whether whoever asked for changes has since agreed to a text, or to pass it on."""
    read = tip.steps.filter(pk__gt=asked.pk, by=asked.by_id, from_status__in=IN_REVIEW)
    return read.filter(to_status__in=[TipStatus.IN_CLINICAL, TipStatus.APPROVED]).exists()


def notes(tip, person, *, at):
    """Why something is not offered that somebody might look for, in words."""
    if tip.status in IN_REVIEW and tip.is_work_of(person):
        yield _("You wrote some of it, or it carries your name: somebody else has to agree.")
    if tip.status == TipStatus.IN_CLINICAL and tip.nobody_else_could_agree:
        yield _("No clinician here is left who could agree to it: an editor may publish it without review.")
    is_in_work = tip.status in BEING_WRITTEN | IN_REVIEW
    is_near = tip.next_review and tip.next_review <= timezone.localdate(at) + TOLD_BEFORE
    if (is_in_work or (is_near and tip.status == TipStatus.APPROVED)) and tip.needs_another_author():
        yield NAME_ANOTHER
    if is_near and tip.live_id and is_in_work:
        yield _("While a newer text is in work, the one that readers see cannot be confirmed.")


def fetched_lately(guide, *, today):
    """How often a guide's PDF was fetched in thirty days."""
    days = DayCount.objects.filter(kind="guide_pdf", key=str(guide.pk), day__gt=today - THIRTY_DAYS)
    return days.aggregate(sum=Sum("count"))["sum"] or 0


def act(request, pk, name):
    """Do one thing of the table. Whoever arrives by a link, such as after signing in again, sees the article."""
    if request.method != "POST":
        return redirect("admin:tips_standing", pk)
    chosen = ACTS[name]
    tip = get_article(request, pk)
    if not chosen.may(tip, request.user):
        raise PermissionDenied
    form = chosen.form(request.POST, tip=tip, at=timezone.now())
    if not form.is_valid():
        messages.error(request, what_is_wrong(form, under=chosen.heading, anchor=f"act-{name}"))
        return show_article(request, tip, **{name: form})
    seen = {"revision": tip.revisions.filter(number=number_of(request)).first()} if chosen.binds else {}
    try:
        with transaction.atomic():
            getattr(tip, name)(by=request.user, at=timezone.now(), **seen, **form.cleaned_data)
            changed(request, tip, name)
    except TransitionNotAllowed as refusal:
        messages.error(request, str(refusal))
        tip = get_article(request, pk)
        again = {name: form} if form.fields else {}
        return show_article(request, tip, status=409, **again)
    messages.success(request, chosen.done)
    return redirect("admin:tips_standing", pk)


def changed(request, tip, act):
    """Put into the audit what was done with an article; its own history has the texts."""
    audit.record(AuditAction.CHANGED, by=request.user, at=timezone.now(), reference=audit.named(tip), act=act)


def number_of(request):
    number = request.POST.get("text", "")
    return int(number) if number.isdecimal() and len(number) < 9 else None


@require_POST
@transaction.atomic
def make_link(request, pk):
    tip = get_to_write(request, pk)
    tip.preview_links.create(made_by=request.user, made_at=timezone.now())
    changed(request, tip, "link")
    messages.success(request, _("Whoever has the link reads the newest text, for seven days."))
    return redirect("admin:tips_standing", pk)


@require_POST
@transaction.atomic
def revoke_link(request, pk, link):
    tip = get_to_write(request, pk)
    get_object_or_404(tip.preview_links, pk=link).revoke(at=timezone.now())
    changed(request, tip, "link_revoke")
    messages.success(request, _("The link opens nothing any more."))
    return redirect("admin:tips_standing", pk)
