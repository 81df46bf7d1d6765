import logging

from csp.constants import NONE
from csp.decorators import csp
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from clinic import counting
from clinic.pagecache import same_for_all
from clinic.regions import Region

from . import pdf, pictures, search, shown
from .models import PreviewLink, Tip, TipRegion, Topic
from .page import article, gone

logger = logging.getLogger(__name__)

TIPS_A_PAGE = 20
WHAT_TIPS_ARE = _("Strength training for everyday bodies, explained by physical therapists, with sources.")
# A browser that has the guide, or a part of it, and asks for news or for the rest.
ASKED_FOR_BEFORE = {"If-Modified-Since", "If-None-Match", "Range"}


def listed():
    return Tip.objects.listed(at=timezone.now()).for_list()


@require_safe
def tip_list(request, topic=None, region=None):
    query = " ".join(request.GET.get("q", "").split())[:100]
    # Guides have a place of their own, and are found by whatever they are about.
    tips = listed() if query or topic or region else listed().tips()
    if topic:
        topic = get_object_or_404(Topic, slug=topic)
        tips = tips.filter(topics=topic)
    if region:
        region = region_of(region)
        tips = tips.filter(regions__region=region)
    found = search.Found(tips, query) if query else tips
    page = Paginator(found, TIPS_A_PAGE).get_page(request.GET.get("page"))
    topics = Topic.objects.filter(tips__in=listed()).distinct()
    named = set(TipRegion.objects.filter(tip__in=listed()).values_list("region", flat=True))
    context = {
        "heading": topic.name if topic else region.label if region else _("Tips"),
        "lead": topic.description if topic and topic.description else WHAT_TIPS_ARE,
        "page": page,
        "found": found,
        "query": query,
        "topic": topic,
        "topics": topics,
        "region": region,
        "regions": [each for each in Region if each in named],
    }
    return render(request, "tips/list.html", context)


def region_of(name):
    try:
        return Region(name)
    except ValueError:
        raise Http404 from None


@require_safe
@same_for_all(Tip.objects.next_change)
def tip_detail(request, slug):
    return read(request, Tip.objects.tips(), slug, as_page)


@require_safe
@same_for_all(Tip.objects.next_change)
def guide_detail(request, slug):
    return read(request, Tip.objects.guides(), slug, as_page)


@require_safe
def guide_pdf(request, slug):
    return read(request, Tip.objects.guides(), slug, as_pdf)


def read(request, articles, slug, show):
    """What readers may open, and of what they could open once, that it is gone."""
    now = timezone.now()
    whole = articles.select_related("live", "author", "clinical_reviewer").with_changed_at().filter(slug=slug)
    tip = whole.published(at=now).first()
    return show(request, tip, at=now) if tip else gone(request, get_object_or_404(whole.gone(at=now)), at=now)


def as_page(request, tip, *, at):
    return article(request, tip, tip.live, at=at, is_live=True)


def as_pdf(request, guide, *, at):
    try:
        signs = render_to_string("tips/help_signs.md", request=request)
        document = pdf.guide(guide, day=timezone.localdate(at), signs=signs)
    except pdf.CannotTypeset as error:
        # Such as a name around the text that has come since it was agreed to: what it says is on its page too.
        logger.error(
            "a guide cannot be made into a PDF", exc_info=error, extra={"public": {"reference": f"GUIDE-{guide.pk}"}}
        )
        return redirect(guide)
    if request.method == "GET" and not ASKED_FOR_BEFORE & request.headers.keys():
        # By its number, which stays when it gets another address.
        counting.count("guide_pdf", str(guide.pk), on=timezone.localdate(at))
    response = HttpResponse(document, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{guide.slug}.pdf"'
    return response


def picture_file(view):
    """A file that nobody needs to ask for twice, since another one has another address."""
    kept = cache_control(public=True, max_age=31_536_000, immutable=True)(view)
    return require_safe(csp({"default-src": [NONE], "sandbox": True})(kept))


@picture_file
def picture(request, name, width):
    """nginx may serve it instead; this works everywhere."""
    try:
        file = pictures.folder() / pictures.file_name(name, f"{width}.webp")
        return HttpResponse(file.read_bytes(), content_type="image/webp")
    except FileNotFoundError as error:
        raise Http404 from error


@picture_file
def shown_elsewhere(request, slug, digest):
    """The picture for those who show the page by its address, only as long as it says what the page does."""
    # A tip and a guide may share an address: the page that says this is meant.
    there = Tip.objects.published(at=timezone.now()).select_related("live").filter(slug=slug)
    tip = next((each for each in there if shown.digest(each) == digest), None)
    if tip is None:
        raise Http404
    return HttpResponse(shown.png(tip), content_type="image/png")


@require_safe
def shared_preview(request, token):
    """The newest text, for somebody who was given a link; nobody finds it otherwise, and nothing keeps it."""
    now = timezone.now()
    link = PreviewLink.for_token(token, at=now)
    if link is None:
        response = render(request, "tips/no_preview.html", status=404)
        response.is_ours = True
        return response
    newest = link.tip.latest
    response = article(request, link.tip, newest, at=now)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-store"
    return response
