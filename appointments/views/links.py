"""What a patient's link opens, and what is shown where it opens nothing."""

from functools import wraps

from django.core.cache import cache
from django.shortcuts import redirect, render

from appointments.models import ConsultationRequest

from .pages import private

# How long the browser that had a link replaced is led from it to the new one.
LEADS_ON_SECONDS = 10 * 60
# What a browser is known by before its press: the secret behind the token of the form.
BROWSER = "CSRF_COOKIE"


class LinkIsDead(Exception):
    """The link opens nothing: it is wrong, or its request was closed long ago."""

    def __init__(self, *, has_expired):
        self.has_expired = has_expired


def for_patient(token, *, at):
    """The request behind a patient's own link; whoever holds the link may see its status and nothing else."""
    consultation = ConsultationRequest.objects.for_link(token)
    if consultation is None or consultation.link_has_expired(at=at):
        raise LinkIsDead(has_expired=consultation is not None)
    return consultation


def remember_replaced(request, token, consultation):
    """Whoever presses twice comes the second time with a link that opens nothing any more: let this browser go on."""
    if consultation.link_token != token and BROWSER in request.META:
        cache.set(replaced_in(request, token), consultation.pk, LEADS_ON_SECONDS)


def replaced_in(request, token):
    """For this browser alone: at the old address a stranger may have the same link."""
    return f"replaced link {request.META.get(BROWSER)} {token}"


def show_dead_link(request, link):
    status = 410 if link.has_expired else 404
    response = render(request, "appointments/dead_link.html", {"has_expired": link.has_expired}, status=status)
    response.is_ours = True
    return private(response)


def explains_dead_links(view):
    """Somebody whose link opens nothing reads why, and whom to call; whoever has just had it replaced goes on to the new one."""

    @wraps(view)
    def wrapper(request, token):
        try:
            return view(request, token)
        except LinkIsDead as link:
            pk = cache.get(replaced_in(request, token))
            if consultation := pk and ConsultationRequest.objects.unerased().filter(pk=pk).first():
                if request.method == "POST":
                    return view(request, consultation.link_token)
                return private(redirect("status", consultation.link_token))
            return show_dead_link(request, link)

    return wrapper
