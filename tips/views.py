from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from . import pdf
from .models import PreviewLink, Tip, Topic
from .page import article

TIPS_A_PAGE = 20


def published():
    return Tip.objects.published(at=timezone.now()).for_list()


def listed():
    return Tip.objects.listed(at=timezone.now()).for_list()


@require_safe
def tip_list(request, topic=None):
    tips = listed().tips()
    if topic:
        topic = get_object_or_404(Topic, slug=topic)
        tips = tips.filter(topics=topic)
    query = " ".join(request.GET.get("q", "").split())[:100]
    if query:
        tips = tips.filter(live__title__icontains=query)
    page = Paginator(tips, TIPS_A_PAGE).get_page(request.GET.get("page"))
    topics = Topic.objects.filter(tips__in=listed().tips()).distinct()
    context = {"page": page, "topic": topic, "topics": topics, "query": query}
    return render(request, "tips/list.html", context)


@require_safe
def tip_detail(request, slug):
    return show_article(request, get_object_or_404(published().tips(), slug=slug))


@require_safe
def guide_detail(request, slug):
    return show_article(request, get_object_or_404(published().guides(), slug=slug))


def show_article(request, tip):
    return article(request, tip, tip.live, topics=tip.topics.all(), at=timezone.now())


@require_safe
def shared_preview(request, token):
    """The newest text, for somebody who was given a link; nobody finds it otherwise, and nothing keeps it."""
    now = timezone.now()
    link = PreviewLink.for_token(token, at=now)
    if link is None:
        return render(request, "tips/no_preview.html", status=404)
    response = article(request, link.tip, link.tip.latest, topics=link.tip.topics.all(), at=now)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def guide_pdf(request, slug):
    guide = get_object_or_404(published().guides(), slug=slug)
    response = HttpResponse(pdf.guide(guide), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{guide.slug}.pdf"'
    return response
