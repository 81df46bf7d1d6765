"""Every text an article had, what changed in each, and who agreed to what."""

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from tips.differences import differences
from tips.models import TipStatus

from .article import WRITE, may_write
from .standing import changed, get_article

TEXTS_A_PAGE = 10
# What brought a text to where it went.
WHAT = {
    TipStatus.DRAFT: _("A draft again"),
    TipStatus.IN_EDITORIAL: _("Sent to review"),
    TipStatus.IN_CLINICAL: _("On to a clinician"),
    TipStatus.CHANGES_REQUESTED: _("Changes asked for"),
    TipStatus.APPROVED: _("Agreed to: this is what readers see"),
    TipStatus.ARCHIVED: _("Taken down"),
}


@require_safe
def history(request, pk):
    tip = get_article(request, pk)
    page = Paginator(tip.revisions.select_related("written_by").order_by("-number"), TEXTS_A_PAGE).get_page(
        request.GET.get("page")
    )
    texts = list(page)
    before = {text.number: text for text in tip.revisions.filter(number__in=[text.number - 1 for text in texts])}
    newest = tip.latest
    context = {
        **admin.site.each_context(request),
        "title": _("History: %s") % tip,
        "tip": tip,
        "page": page,
        "texts": [
            {
                "text": text,
                "differences": differences(before.get(text.number - 1), text) if text.number > 1 else [],
                "is_live": text.pk == tip.live_id,
                "may_be_restored": text != newest and may_write(tip, request.user),
            }
            for text in texts
        ],
        "steps": [
            {"step": step, "what": what_it_was(step)}
            for step in tip.steps.select_related("by", "revision").order_by("-at", "-id")[:200]
        ],
    }
    return TemplateResponse(request, "admin/tips/history.html", context)


def what_it_was(step):
    if step.revision is None:
        is_back = step.from_status != step.to_status
        return _("Back to the text that readers see") if is_back else _("Changed beside the text")
    if step.is_without_review:
        return _("Published without review")
    if step.from_status == step.to_status:
        return _("Confirmed")
    return WHAT[step.to_status]


@require_POST
def restore(request, pk, number):
    tip = get_article(request, pk, WRITE)
    if not may_write(tip, request.user):
        messages.error(request, _("It cannot be changed as it stands."))
        return redirect("admin:tips_history", pk)
    with transaction.atomic():
        tip.restore(get_object_or_404(tip.revisions, number=number), by=request.user, at=timezone.now())
        changed(request, tip, "restore")
    seen = {True: _("It has been agreed to already."), False: _("Readers see it once it has been agreed to.")}
    said = seen[tip.status == TipStatus.APPROVED]
    messages.success(request, _("That text is the newest one again. %s") % said)
    return redirect("admin:tips_standing", pk)
