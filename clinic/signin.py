"""Staff sign-in: allauth's, but for what a clinic's desk needs otherwise."""

import logging
from datetime import timedelta

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_used
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import receiver
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from qrcode import QRCode
from qrcode.image.svg import SvgPathImage

from appointments.people import OVERSEE, TRIAGE, who_may

from . import audit, emails
from .limits import Limit
from .models import AuditAction, ClinicSettings
from .sealing import BrokenSeal, seal, unseal

logger = logging.getLogger(__name__)

SECOND_STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
SEAL = "second step"
# In the session: when the visit began, and whose second step was seen in it.
BEGAN, PROVEN = "visit_began", "second_step"
FRESH = timedelta(minutes=5)
# The owners hear of guessing once an hour; the record has every try.
TOLD_OF_GUESSING = Limit("told of guessing", most=1, per=timedelta(hours=1))
# More than somebody mistypes; whoever comes as far as a second step may have the password.
WRONG_CODES = Limit("wrong codes", most=4, per=timedelta(hours=1))
# What somebody is told of their own account, in case it was not they.
CHANGES = {
    "account/email/password_changed": _("Its password was changed."),
    "account/email/password_reset": _("Its password was changed through a link in a mail."),
    "mfa/email/totp_activated": _("An authenticator app was added to it."),
    "mfa/email/totp_deactivated": _("Its authenticator app was taken away."),
    "mfa/email/webauthn_added": _("A passkey was added to it."),
    "mfa/email/webauthn_removed": _("A passkey was taken away from it."),
    "mfa/email/recovery_codes_generated": _("New recovery codes were made; the ones before are void."),
}
TAKEN_AWAY = _("An owner took away its second step. You set up a new one when you next sign in.")


class StaffAccounts(DefaultAccountAdapter):
    """Accounts are made by the owner, and one that was disabled is refused like one that never was."""

    def is_open_for_signup(self, request):
        return False

    def authenticate(self, request, **credentials):
        # An address comes under both names and would be tried twice: who is known by it would be told by the time it takes.
        if credentials.get("email") == credentials.get("username"):
            credentials.pop("email", None)
        person = super().authenticate(request, **credentials)
        return person if person and person.is_active else None

    def pre_authenticate(self, request, **credentials):
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            tell_of_guessing(at=timezone.now())
            raise

    def is_reauthentication_required(self, *, app, **kwargs):
        """Whoever has signed in a moment ago is not asked the same once more."""
        began = context.request.session.get(BEGAN, 0)
        is_fresh = timezone.now().timestamp() - began < FRESH.total_seconds()
        return not is_fresh and super().is_reauthentication_required(app=app, **kwargs)

    def send_mail(self, template_prefix, email, context):
        """By the outbox, as every mail of ours; anything that allauth may yet think of is not sent."""
        if template_prefix == "account/email/login_code":
            emails.sign_in_code(context["code"], to=email, at=timezone.now())
        elif template_prefix == "account/email/password_reset_key":
            emails.new_password(context["user"], at=timezone.now())

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        if words := CHANGES.get(template_prefix):
            emails.account_changed(user, words, at=timezone.now())


class SecondStep(DefaultMFAAdapter):
    """The second factor: its secrets are sealed, and whoever sees requests always has one."""

    def encrypt(self, text):
        return seal(text, purpose=SEAL)

    def decrypt(self, encrypted_text):
        """What was sealed under a key that is lost fits no code: whoever had it is refused, and asks an owner."""
        try:
            return unseal(encrypted_text, purpose=SEAL)
        except BrokenSeal:
            logger.error("a second step was sealed under a key that is lost; is it missing from SECRET_KEY_FALLBACKS?")
            return generate_totp_secret()

    def get_totp_issuer(self):
        return str(ClinicSettings.current().name)

    def build_totp_svg(self, url):
        """A drawing to stand in the page: the content policy allows no `data:` address."""
        code = QRCode(image_factory=SvgPathImage)
        code.add_data(url)
        return code.make_image().to_string(encoding="unicode")

    def generate_authenticator_name(self, user, kind):
        count = Authenticator.objects.filter(user_id=user.pk, type=kind).count() + 1
        return _("Passkey %(count)d") % {"count": count}

    def can_delete_authenticator(self, authenticator):
        others = steps_of(authenticator.user).exclude(pk=authenticator.pk)
        is_needed = authenticator.type in SECOND_STEPS and sees_requests(authenticator.user)
        return not is_needed or others.exists()


class SignInForm(LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name or e-mail")
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        # The way to a new password stands below the button.
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            # What stands above a field is not said once more inside it.
            field.widget.attrs.pop("placeholder", None)


class NewPasswordForm(ResetPasswordForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        del self.fields["email"].widget.attrs["placeholder"]


class AddKey(AddWebAuthnForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        alone = self.fields["passwordless"]
        alone.label = _("Let me sign in with it alone")
        alone.help_text = _(
            "Then no password is asked for. It has to know you: by your fingerprint, your face or a PIN."
        )


class TakeKeyAway(RemoveWebAuthnView):
    """allauth asks the adapter of an app, but not of a passkey."""

    def form_valid(self, form):
        if SecondStep().can_delete_authenticator(self.object):
            return super().form_valid(form)
        messages.error(self.request, SecondStep.error_messages["cannot_delete_authenticator"])
        return redirect("mfa_list_webauthn")


def sees_requests(person):
    return person.has_perm(TRIAGE) or person.has_perm(OVERSEE)


def steps_of(person):
    return Authenticator.objects.filter(user_id=person.pk, type__in=SECOND_STEPS)


@receiver([authenticator_added, authenticator_used, authenticator_removed])
def note_second_step(request, user, **kwargs):
    if steps_of(user).exists():
        request.session[PROVEN] = user.pk
    else:
        request.session.pop(PROVEN, None)


def tell_of_guessing(*, at):
    if TOLD_OF_GUESSING.take("owners", at=at):
        emails.guessing(who_may(OVERSEE), at=at)


def end_visits(person):
    """For somebody who may not come in any more: no old cookie opens anything, even if they may again one day."""
    theirs = [row.pk for row in Session.objects.iterator() if row.get_decoded().get(SESSION_KEY) == str(person.pk)]
    Session.objects.filter(pk__in=theirs).delete()


@transaction.atomic
def invite(person, *, by, at):
    emails.invitation(person, at=at)
    audit.record(AuditAction.CHANGED, by=by, at=at, reference=audit.named(person), act="invited")


@transaction.atomic
def take_second_step_away(person, *, by, at):
    """For somebody who has lost it, and who has proved otherwise who they are; `by` is nobody at the command line."""
    Authenticator.objects.filter(user_id=person.pk).delete()
    emails.account_changed(person, TAKEN_AWAY, at=at)
    audit.record(AuditAction.SECOND_FACTOR_CHANGED, by=by, at=at, reference=audit.named(person), act="removed")
