"""Who comes, who goes, and who is turned away: what is recorded beside the pages themselves.

The middleware is in every process that answers requests, and brings the receivers with it.
"""

from allauth.account import signals as accounts
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth import signals
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from . import audit
from .models import AuditAction, User
from .signin import WRONG_CODES, tell_of_guessing

DESK = "/admin/"


def acts_are_recorded(get_response):
    """What is recorded while a request is answered names where it came from; a refusal at the desk is recorded too."""

    def middleware(request):
        with audit.answering(request):
            return get_response(request)

    def process_exception(request, exception):
        if isinstance(exception, PermissionDenied) and request.path_info.startswith(DESK):
            refused(request)

    middleware.process_exception = process_exception
    return middleware


def refused(request):
    if not request.user.is_authenticated:
        return
    reference = (request.resolver_match.kwargs if request.resolver_match else {}).get("reference", "")
    audit.record(AuditAction.REFUSED, by=request.user, at=timezone.now(), reference=reference, method=request.method)


@receiver(accounts.user_logged_in)
def signed_in(request, user, **kwargs):
    """Nobody comes in unrecorded: what the sign-in left in the session is not kept if it cannot be recorded."""
    try:
        audit.record(AuditAction.SIGNED_IN, by=user, at=timezone.now(), reference=audit.named(user))
    except Exception:
        request.session.clear()
        request.session.modified = False
        raise


@receiver(signals.user_logged_out)
def signed_out(request, user, **kwargs):
    if user is not None and user.is_authenticated:
        audit.record(AuditAction.SIGNED_OUT, by=user, at=timezone.now(), reference=audit.named(user))


@receiver(signals.user_login_failed)
def sign_in_failed(credentials, **kwargs):
    """Whose name was tried, where somebody has it. What else was typed might be a password: its fingerprint is kept."""
    typed = str(credentials.get("username") or credentials.get("email") or "")
    owner = User.objects.filter(Q(username__iexact=typed) | Q(email__iexact=typed)).order_by("pk").first()
    audit.record(
        AuditAction.SIGN_IN_FAILED,
        by=None,
        at=timezone.now(),
        reference=audit.named(owner) if owner else "",
        name=audit.fingerprint(typed),
    )


@receiver([authentication_failed, accounts.login_code_rejected])
def code_refused(user, **kwargs):
    """A wrong code of an app or of a mail. What was typed is no name, and is not kept."""
    at = timezone.now()
    audit.record(AuditAction.SIGN_IN_FAILED, by=None, at=at, reference=audit.named(user), kind="code")
    if not WRONG_CODES.take(audit.named(user), at=at):
        tell_of_guessing(at=at)


@receiver([authenticator_added, authenticator_removed, authenticator_reset])
def second_step_changed(user, authenticator, **kwargs):
    facts = {"reference": audit.named(user), "kind": authenticator.type}
    audit.record(AuditAction.SECOND_FACTOR_CHANGED, by=user, at=timezone.now(), **facts)


@receiver([accounts.password_changed, accounts.password_set, accounts.password_reset])
def password_changed(user, **kwargs):
    audit.record(AuditAction.PASSWORD_CHANGED, by=user, at=timezone.now(), reference=audit.named(user))
