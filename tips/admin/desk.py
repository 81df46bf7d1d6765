"""The first page of those who write and review: what is theirs, what waits for them, what goes live, what is due."""

from datetime import timedelta

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tips.models import EDIT, REVIEW, TOLD_BEFORE, Tip, TipStatus

from .article import WRITE, standing
from .standing import READ

MOST_SHOWN = 30
# How far ahead the review dates are told on this page: twice as far as the mail, so that a week can be planned.
AHEAD = timedelta(days=30) + TOLD_BEFORE


@require_safe
@permission_required(READ, raise_exception=True)
def desk(request):
    now = timezone.now()
    context = {
        **admin.site.each_context(request),
        "title": _("Tips and guides"),
        "parts": [
            {"heading": heading, "rows": rows[:MOST_SHOWN], "has_more": len(rows) > MOST_SHOWN, "empty": empty}
            for heading, tips, empty in parts(request.user, at=now)
            for rows in [[(tip, standing(tip, at=now)) for tip in tips[: MOST_SHOWN + 1]]]
        ],
        "may_write": request.user.has_perm(WRITE),
        "now": now,
        "today": timezone.localdate(now),
    }
    return TemplateResponse(request, "admin/tips/desk.html", context)


def parts(user, *, at):
    articles = Tip.objects.select_related("author").with_newest_title().order_by("-pk")
    theirs, in_work = articles.of(user).values("pk"), articles.in_work()
    agrees_to = [
        status
        for status, permission in ((TipStatus.IN_EDITORIAL, EDIT), (TipStatus.IN_CLINICAL, REVIEW))
        if user.has_perm(permission)
    ]
    waits = in_work.filter(status__in=agrees_to).free_for(user)
    due = articles.review_due(by=timezone.localdate(at) + AHEAD, at=at)
    return [
        (
            _("Waits for you"),
            waits.order_by("pk"),
            _("Nothing waits for you."),
        ),
        (_("Yours, in work"), in_work.filter(pk__in=theirs), _("Nothing of yours is in work.")),
        (_("Goes live"), articles.scheduled(at=at).order_by("publish_at", "pk"), _("Nothing is scheduled.")),
        (_("Due for review"), due.order_by("next_review", "pk"), _("Nothing is due in the next two months.")),
        (
            _("In work by others"),
            in_work.exclude(pk__in=theirs).exclude(pk__in=waits.values("pk")),
            _("Nobody else is writing."),
        ),
    ]
