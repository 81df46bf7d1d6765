"""How long staff stay signed in: a while without a hand on the desk, and a day at the most; nothing typed is lost by it.

What was sent too late is kept sealed in the sign-in page itself, and after it offered once more, to be sent by hand.
"""

from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from allauth.account import views as account
from allauth.account.views import LoginView, PasswordResetView, RequestLoginCodeView
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.forms.utils import pretty_name
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from .limits import Limit, network_of
from .sealing import BrokenSeal, seal, unseal
from .sessions import KEPT
from .signin import BEGAN, PROVEN, sees_requests, steps_of

IDLE_WITH_REQUESTS, IDLE, LONGEST = timedelta(minutes=15), timedelta(hours=2), timedelta(hours=12)
# The session is written no oftener than this, and so a visit ends up to this much earlier.
NOTED_EVERY = timedelta(minutes=1)
SEEN = "visit_seen"
SEAL = "sent too late"
KEPT_FOR_SECONDS = 60 * 60
# The largest form of the desk, an article's, holds some 75,000 characters; the end of a line is sent as two.
MOST_CHARACTERS_KEPT = 100_000
# Whoever has not shown yet who they are has it kept in the database, which strangers may not fill.
KEPT_FOR_STRANGERS = Limit("kept for after", most=20, per=timedelta(hours=1))
DESK = "/admin/"
# Where somebody comes in, and so may send something without being in.
ENTRANCES = {
    "account_login",
    "account_logout",
    "account_request_login_code",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_from_key",
    "mfa_authenticate",
    "mfa_login_webauthn",
}
# What is open to somebody who sees requests and has no second step yet.
WITHOUT_SECOND_STEP = ENTRANCES | {
    "account_reauthenticate",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_change_password",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
}


def sign_out(request):
    """What the browser has kept of the desk goes along: the next at this computer finds nothing by going back."""
    response = account.logout(request)
    if not request.user.is_authenticated:
        response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def visits_end(get_response):
    """End a visit that is over, and keep what is sent after its end."""

    def middleware(request):
        if request.path_info.startswith(DESK) and request.user.is_authenticated:
            note_or_end(request, at=timezone.now().timestamp())
        return get_response(request)

    def process_view(request, view, args, kwargs):
        if not request.path_info.startswith(DESK):
            return None
        route = request.resolver_match.view_name
        if not request.user.is_authenticated:
            # Only here it is known that the page it came from was ours.
            return sign_in_first(request) if request.method == "POST" and route not in ENTRANCES else None
        lacks_step = request.session.get(PROVEN) != request.user.pk and sees_requests(request.user)
        return redirect("mfa_index") if lacks_step and route not in WITHOUT_SECOND_STEP else None

    middleware.process_view = process_view
    return middleware


def note_or_end(request, *, at):
    idle = IDLE_WITH_REQUESTS if sees_requests(request.user) else IDLE
    session = request.session
    began, seen = session.setdefault(BEGAN, at), session.setdefault(SEEN, at)
    is_over = at - seen > idle.total_seconds() or at - began > LONGEST.total_seconds()
    # A second step that was added elsewhere, or taken away, ends the visits that began without it, or with it.
    was_proven = session.get(PROVEN) == request.user.pk
    if is_over or was_proven != steps_of(request.user).exists():
        request.who_left = request.user.pk
        logout(request)
        return
    # A list that refreshes itself is nobody's hand.
    if at - seen > NOTED_EVERY.total_seconds() and "X-Shown" not in request.headers:
        session[SEEN] = at
    if request.method == "POST":
        session.pop(KEPT, None)


def sign_in_first(request):
    """The sign-in page instead of what was sent too late, which it keeps."""
    if is_about_the_account(request):
        return redirect_to_login(request.get_full_path())
    sent = sent_with(request)
    if sum(len(name) + len(value) for name, value in sent) > MOST_CHARACTERS_KEPT:
        raise BadRequest("more than a form of the desk holds")
    view = SignIn()
    view.setup(request)
    form = view.get_form_class()(request=request)
    kept = seal([getattr(request, "who_left", None), request.get_full_path(), sent], purpose=SEAL)
    return view.render_to_response(view.get_context_data(form=form, kept=kept), status=403)


def is_about_the_account(request):
    """Passwords and codes are typed anew: they are for the page that asked for them, and kept and shown nowhere."""
    of_allauth = request.resolver_match.view_name.startswith(("account_", "mfa_"))
    return of_allauth or any("password" in name for name in request.POST)


def sent_with(request):
    return [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]


def from_an_older_page(request):
    """What to answer where the token of a page of ours is of before the last sign-in, as in another tab; None elsewhere.

    Browsers name the origin of whatever is sent, and nobody else's page can name ours.
    """
    is_ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    if not (is_ours and request.path_info.startswith(DESK)):
        return None
    if is_about_the_account(request):
        return redirect(request.get_full_path())
    if not request.user.is_authenticated:
        return sign_in_first(request)
    # Somebody else may have signed in at this computer since.
    return offered(request, request.get_full_path(), sent_with(request), older=True, status=403)


class KeepsWhatWasSent:
    """What was sent too late goes through the sign-in, sealed, to the page that offers it again."""

    def get_context_data(self, **kwargs):
        return super().get_context_data(**{"kept": self.request.POST.get("kept", "")} | kwargs)

    def keep(self, *, for_stranger=False):
        with suppress(BrokenSeal):
            kept = unseal(self.request.POST.get("kept", ""), purpose=SEAL, max_age=KEPT_FOR_SECONDS)
            if for_stranger and not KEPT_FOR_STRANGERS.take(network_of(self.request), at=timezone.now()):
                # Nothing is lost: the page that it came from still has it.
                raise ImmediateHttpResponse(respond_429(self.request))
            self.request.session[KEPT] = kept
        return reverse("admin:go_on") if KEPT in self.request.session else None


class SignIn(KeepsWhatWasSent, LoginView):
    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if context["kept"]:
            # A link would leave it behind; there is a button instead.
            context["form"].fields["password"].help_text = ""
        return context

    def form_valid(self, form):
        self.success_url = self.keep() or self.success_url
        return super().form_valid(form)


class SignInWithKey(KeepsWhatWasSent, LoginWebAuthnView):
    def form_invalid(self, form):
        self.keep(for_stranger=True)
        return super().form_invalid(form)

    def form_valid(self, form):
        went_on = self.keep()
        answer = super().form_valid(form)
        return redirect(went_on) if went_on and self.request.user.is_authenticated else answer


class BringsItAlong(KeepsWhatWasSent):
    """Another way in, chosen on the sign-in page, where no address was written yet."""

    def post(self, request, *args, **kwargs):
        went_on = self.keep(for_stranger=True)
        if "email" in request.POST:
            return super().post(request, *args, **kwargs)
        return redirect(f"{request.path}?{urlencode({'next': went_on})}" if went_on else request.path)


class AskForCode(BringsItAlong, RequestLoginCodeView):
    pass


class AskForPassword(BringsItAlong, PasswordResetView):
    """Whoever chooses a new one signs in with it afterwards, and is then offered what was sent too late."""


@require_safe
def go_on(request):
    """What was sent too late, to be sent once more by hand."""
    who, path, sent = request.session.get(KEPT, [None, None, None])
    answer = offered(request, path, sent, who=who) if path else None
    if answer is None:
        request.session.pop(KEPT, None)
        return redirect("admin:index")
    return answer


def offered(request, path, sent, *, who=None, older=False, status=200):
    """The page with what was sent and a button that sends it; None for those whose words they may not be."""
    if not is_theirs(request.user, who, path):
        return None
    # What no hand has typed tells nobody anything.
    typed = [
        (pretty_name(name), value)
        for name, value in sent
        if value and name != "version" and not name.startswith(("_", "initial-"))
    ]
    context = {"title": _("Nothing is lost"), "path": path, "sent": sent, "typed": typed, "older": older}
    context |= admin.site.each_context(request)
    return TemplateResponse(request, "admin/go_on.html", context, status=status)


def is_theirs(person, who, path):
    """Whose words they are is not known where the visit itself is forgotten; of patients they are then for who sees them."""
    is_about_articles = resolve(urlsplit(path).path).view_name.startswith("admin:tips_")
    return who == person.pk if who else is_about_articles or sees_requests(person)
