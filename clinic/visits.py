"""How long staff stay signed in: a while without a hand on the desk, and a day at the most; nothing typed is lost by it.

What was sent too late is kept sealed in the sign-in page itself, and after it offered once more, to be sent by hand.
"""

from contextlib import suppress
from datetime import timedelta

from allauth.account.views import LoginView
from django.contrib import admin
from django.contrib.auth import logout
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from appointments.emails import OVERSEE, TRIAGE
from clinic.sealing import BrokenSeal, seal, unseal

IDLE_WITH_REQUESTS, IDLE, LONGEST = timedelta(minutes=15), timedelta(hours=2), timedelta(hours=12)
# The session is written no oftener than this, and so a visit ends up to this much earlier.
NOTED_EVERY = timedelta(minutes=1)
BEGAN, SEEN, KEPT = "visit_began", "visit_seen", "kept_for_after"
SEAL = "sent too late"
KEPT_FOR_SECONDS = 60 * 60
DESK = "/admin/"


def visits_end(get_response):
    """End a visit that is over, and keep what is sent after its end."""

    def middleware(request):
        if request.path_info.startswith(DESK) and request.user.is_authenticated:
            note_or_end(request, at=timezone.now().timestamp())
        return get_response(request)

    def process_view(request, view, args, kwargs):
        # Only here it is known that the page it came from was ours.
        is_late = request.method == "POST" and request.path_info.startswith(DESK) and not request.user.is_authenticated
        return sign_in_first(request) if is_late and request.path_info not in entrances() else None

    middleware.process_view = process_view
    return middleware


def entrances():
    return {reverse("account_login"), reverse("account_logout")}


def note_or_end(request, *, at):
    sees_requests = request.user.has_perm(TRIAGE) or request.user.has_perm(OVERSEE)
    idle = IDLE_WITH_REQUESTS if sees_requests else IDLE
    session = request.session
    began, seen = session.setdefault(BEGAN, at), session.setdefault(SEEN, at)
    if at - seen > idle.total_seconds() or at - began > LONGEST.total_seconds():
        logout(request)
        return
    # A list that refreshes itself is nobody's hand.
    if at - seen > NOTED_EVERY.total_seconds() and "X-Shown" not in request.headers:
        session[SEEN] = at
    if request.method == "POST":
        session.pop(KEPT, None)


def sign_in_first(request):
    """The sign-in page instead of what was sent too late, which it keeps."""
    sent = [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]
    view = SignIn()
    view.setup(request)
    form = view.get_form_class()(request=request)
    kept = seal([request.get_full_path(), sent], purpose=SEAL)
    return view.render_to_response(view.get_context_data(form=form, kept=kept), status=403)


class SignIn(LoginView):
    """allauth's sign-in; what was sent too late goes through it, sealed, to the page that offers it again."""

    def get_context_data(self, **kwargs):
        return super().get_context_data(**{"kept": self.request.POST.get("kept", "")} | kwargs)

    def form_valid(self, form):
        with suppress(BrokenSeal):
            kept = unseal(self.request.POST.get("kept", ""), purpose=SEAL, max_age=KEPT_FOR_SECONDS)
            self.request.session[KEPT] = kept
            self.success_url = reverse("admin:go_on")
        return super().form_valid(form)


@require_safe
def go_on(request):
    """What was sent too late, to be sent once more by hand."""
    if KEPT not in request.session:
        return redirect("admin:index")
    path, sent = request.session[KEPT]
    context = {**admin.site.each_context(request), "title": _("Nothing is lost"), "path": path, "sent": sent}
    return TemplateResponse(request, "admin/go_on.html", context)
