"""The page of an article: one for readers, for the preview beside the editor, and for whoever was given a link."""

from django.shortcuts import render
from django.utils import timezone

from .markdown import contents
from .models import Tip

RELATED_SHOWN = 3


def article(request, tip, text, *, topics, at):
    """This text as readers see it, or as they would."""
    near = Tip.objects.listed(at=at).tips().for_list().filter(topics__in=topics).exclude(pk=tip.pk).distinct()
    context = {
        "tip": tip,
        "text": text,
        "topics": topics,
        "contents": contents(text.body),
        "related": near[:RELATED_SHOWN],
        "today": timezone.localdate(at),
    }
    return render(request, "tips/detail.html", context)
