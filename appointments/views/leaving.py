"""What a visitor leaves with: the confirmation of what was sent, or a browser that keeps nothing of it."""

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from appointments.draft import SESSION_KEY
from appointments.models import ConsultationRequest
from clinic.models import OutgoingMail

from .pages import CHANGE, PAGES, SENT_KEY, TOO_OLD, address_of, private


@never_cache
@require_safe
def sent(request):
    # What was erased meanwhile, such as a first try of the owner's, has no page any more.
    sent_last = ConsultationRequest.objects.unerased().filter(reference=request.session.get(SENT_KEY, ""))
    consultation = sent_last.first()
    if consultation is None:
        return redirect("consultation:start")
    mails = OutgoingMail.objects.filter(reference=consultation.reference, event="received")
    # What looks like spam reads what everybody reads.
    context = {"consultation": consultation, "is_mailed": consultation.suspicion or mails.exists()}
    return private(render(request, "appointments/sent.html", context))


@method_decorator(never_cache, name="dispatch")
class EmptyPage(View):
    """For a device that others use: what was typed, and the way to what was sent, leave the browser at once."""

    def get(self, request):
        return self.shown(request)

    def post(self, request):
        for key in (SESSION_KEY, SENT_KEY):
            request.session.pop(key, None)
        response = redirect("consultation:start")
        # So that going back shows nothing either.
        response["Clear-Site-Data"] = '"cache"'
        return response

    def shown_again(self, request):
        return self.shown(request, status=403, note=TOO_OLD)

    @staticmethod
    def shown(request, *, status=200, note=""):
        context = {"kept_at": kept_at(request), "note": note}
        return private(render(request, "appointments/empty.html", context, status=status))


def kept_at(request):
    """The page from which somebody came to empty the form, for whoever thinks better of it."""
    if SESSION_KEY not in request.session:
        return reverse("consultation:sent")
    page = request.GET.get("page")
    if page not in {*PAGES, "advice"}:
        return reverse("consultation:check")
    return address_of(page) + (f"?{CHANGE}" if CHANGE in request.GET else "")
