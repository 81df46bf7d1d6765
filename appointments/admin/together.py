"""What may be done with several requests at once: each by its own transition, so one that refuses stops no other."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from appointments.models import ConsultationRequest, TransitionNotAllowed
from clinic import audit
from clinic.models import AuditAction


@dataclass(frozen=True)
class Together:
    """One act: its button, the method of the request, and what is said of those that took it."""

    label: str
    do: str
    done: Any


TOGETHER = {
    "claim": Together(_("Claim"), "claim", ngettext_lazy("%d request is yours.", "%d requests are yours.")),
    "spam": Together(
        _("Mark as spam"),
        "mark_spam",
        ngettext_lazy(
            "%d request is marked as spam. Nobody was told.", "%d requests are marked as spam. Nobody was told."
        ),
    ),
    "clear": Together(
        _("It is no spam"),
        "clear_suspicion",
        ngettext_lazy(
            "%d request is among the new ones now. Its sender hears that we have it.",
            "%d requests are among the new ones now. Their senders hear that we have them.",
        ),
    ),
}


def act_together(request, act, references, *, at):
    """Do it with each of them, and tell how many took it and why the others did not."""
    done = 0
    for consultation in ConsultationRequest.objects.filter(reference__in=references).longest_waiting_first():
        try:
            with transaction.atomic():
                getattr(consultation, act.do)(by=request.user, at=at)
                audit.record(AuditAction.CHANGED, by=request.user, at=at, reference=consultation.reference, act=act.do)
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            done += 1
    if done:
        messages.success(request, act.done % done)
