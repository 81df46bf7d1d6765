"""The page as readers would see it, with a text that they do not see yet."""

from csp.constants import SELF
from csp.decorators import csp_replace
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from tips.forms import TEXT_LIMITS
from tips.models import Tip, TipKind, TipRevision, Topic
from tips.page import article

from .article import WRITE
from .standing import READ, get_article


def framed(view):
    """Only by a page of ours, which puts it in a sandbox."""
    return xframe_options_sameorigin(csp_replace({"frame-ancestors": [SELF]})(view))


@framed
@require_POST
def typed(request):
    """What stands in the editor now; nothing is saved."""
    if not (request.user.has_perm("tips.add_tip") or request.user.has_perm(WRITE)):
        raise PermissionDenied
    typed = {name: request.POST.get(name, "")[:limit] for name, limit in TEXT_LIMITS.items()}
    text = TipRevision(**typed | {"hero_is_decorative": "hero_is_decorative" in request.POST})
    chosen = [each for each in request.POST.getlist("topics") if each.isdecimal() and len(each) < 9]
    kind = TipKind.GUIDE if request.GET.get("kind") == TipKind.GUIDE else TipKind.TIP
    tip = article_of(request.GET) or Tip(kind=kind, slug="preview", author=request.user)
    return article(request, tip, text, topics=Topic.objects.filter(pk__in=chosen), at=timezone.now())


def article_of(asked):
    pk = asked.get("tip", "")
    return Tip.objects.filter(pk=pk).first() if pk.isdecimal() and len(pk) < 9 else None


@framed
@require_safe
def newest(request, pk):
    tip = get_article(request, pk, READ)
    return article(request, tip, tip.latest, at=timezone.now())
