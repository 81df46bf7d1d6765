from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from . import pdf
from .markdown import contents
from .models import Tip, Topic

TIPS_A_PAGE = 20


def published():
    return Tip.objects.published(at=timezone.now()).for_list()


@require_safe
def tip_list(request, topic=None):
    tips = published().tips()
    if topic:
        topic = get_object_or_404(Topic, slug=topic)
        tips = tips.filter(topics=topic)
    query = " ".join(request.GET.get("q", "").split())[:100]
    if query:
        tips = tips.matching(query)
    page = Paginator(tips, TIPS_A_PAGE).get_page(request.GET.get("page"))
    topics = Topic.objects.filter(tips__in=published().tips()).distinct()
    context = {"page": page, "topic": topic, "topics": topics, "query": query}
    return render(request, "tips/list.html", context)


@require_safe
def tip_detail(request, slug):
    return show_article(request, get_object_or_404(published().tips(), slug=slug))


@require_safe
def guide_detail(request, slug):
    return show_article(request, get_object_or_404(published().guides(), slug=slug))


def show_article(request, tip):
    related = published().tips().filter(topics__in=tip.topics.all()).exclude(pk=tip.pk).distinct()[:3]
    context = {
        "tip": tip,
        "text": tip.live,
        "contents": contents(tip.live.body),
        "related": related,
        "today": timezone.localdate(),
    }
    return render(request, "tips/detail.html", context)


@require_safe
def guide_pdf(request, slug):
    guide = get_object_or_404(published().guides(), slug=slug)
    response = HttpResponse(pdf.guide(guide), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{guide.slug}.pdf"'
    return response
