"""The page of an article, for readers and in a preview, and what stands where one has moved or is no more."""

from django.db.models import Count, Q, prefetch_related_objects
from django.http import HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from clinic.models import ClinicSettings
from clinic.templatetags.frame import frame

from . import shown, structured
from .blocks import SIGNS, WHOM_TO_CALL
from .markdown import contents
from .models import FormerAddress, Tip, TipKind, TipRegion

RELATED_SHOWN = 3
LONGEST_PATH = FormerAddress._meta.get_field("path").max_length
# Browsers keep a redirect for ever if not told otherwise, and an address may come back.
REDIRECT_IS_KEPT = "max-age=3600"


def article(request, tip, text, *, at, topics=None, is_live=False):
    """This text as readers see it, or as they would; `topics` if not those that are saved."""
    near = related(tip, topics=tip.topics.all() if topics is None else topics, at=at)
    # By now they are read, with those of the related ones.
    topics = tip.topics.all() if topics is None else topics
    whom_to_call = frame({"clinic": ClinicSettings.current()}, "clinic/whom_to_call.html")
    before, _signs, after = text.html.replace(WHOM_TO_CALL, whom_to_call).partition(SIGNS)
    context = {
        "tip": tip,
        "text": text,
        "before_signs": before,
        "after_signs": after,
        "topics": topics,
        "may_be_passed_on": is_live or tip.is_live(at=at),
        # What nobody has seen yet cannot say who reviewed it.
        "is_in_work": text != tip.live,
        "contents": contents(text.body),
        "related": near,
        "today": timezone.localdate(at),
        "shown": text.hero_address if text.hero else shown.address(tip) if is_live else "",
        "structured": structured.of_article(tip, topics, ClinicSettings.current()) if is_live else "",
    }
    return render(request, "tips/detail.html", context)


def related(tip, *, topics, at):
    """Those that share most of its topics and regions, the newest first of those that share as much."""
    regions = TipRegion.objects.filter(tip=tip.pk).values("region")
    shared = Count("topics", filter=Q(topics__in=topics), distinct=True) + Count(
        "regions", filter=Q(regions__region__in=regions), distinct=True
    )
    others = Tip.objects.listed(at=at).tips().exclude(pk=tip.pk).select_related("live")
    near = others.alias(shared=shared).filter(shared__gt=0).order_by("-shared", "-publish_at", "-pk")[:RELATED_SHOWN]
    # The topics of all of them at once, and with them those of the tip itself.
    prefetch_related_objects([each for each in (tip, *near) if each.pk], "topics")
    return near


def gone(request, tip, *, at):
    """What readers could open once and no longer can: nothing of it but its title, and what else there is."""
    context = {"tip": tip, "related": related(tip, topics=tip.topics.all(), at=at)}
    return render(request, "tips/gone.html", context, status=410)


def at_former_address(request, *, at):
    """Where somebody belongs who comes by an address at which a tip once was; None where none is known of."""
    path = request.path_info
    if request.method not in {"GET", "HEAD"} or len(path) > LONGEST_PATH:
        return None
    wants_pdf = path.startswith("/guides/") and path.endswith(".pdf")
    bare = path.removesuffix(".pdf") if wants_pdf else path.rstrip("/")
    rows = FormerAddress.objects.filter(path__in=[path, bare, f"{bare}/"]).select_related("tip")
    former = max(rows, key=lambda row: row.path == path, default=None)
    if former is None:
        return None
    tip = former.tip
    if tip.is_live(at=at):
        to_pdf = wants_pdf and tip.kind == TipKind.GUIDE
        return HttpResponsePermanentRedirect(
            reverse("tips:guide_pdf", args=[tip.slug]) if to_pdf else tip.get_absolute_url(),
            headers={"Cache-Control": REDIRECT_IS_KEPT},
        )
    return gone(request, tip, at=at) if Tip.objects.gone(at=at).filter(pk=tip.pk).exists() else None
