"""What may be done with several requests at once: each by its own transition, so one that refuses stops no other."""

from django.contrib import messages
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from appointments.models import ConsultationRequest, TransitionNotAllowed
from clinic import audit
from clinic.models import AuditAction

from .acts import ACTS

# What is said of those that took an act.
DONE = {
    "claim": ngettext_lazy("%d request is yours.", "%d requests are yours."),
    "spam": ngettext_lazy(
        "%d request is marked as spam. Nobody was told.", "%d requests are marked as spam. Nobody was told."
    ),
    "clear": ngettext_lazy("%d request is among the new ones now.", "%d requests are among the new ones now."),
}


def act_together(request, name, references, *, at):
    """Do it with each of them, and tell how many took it and why the others did not."""
    act, done, to_call = ACTS[name], 0, []
    chosen = ConsultationRequest.objects.filter(reference__in=references).select_related("statement")
    for consultation in chosen.longest_waiting_first():
        is_unheard = act.lets_in and consultation.suspicion and not consultation.statement.email
        try:
            with transaction.atomic():
                getattr(consultation, act.transition)(by=request.user, at=at)
                audit.record(AuditAction.CHANGED, by=request.user, at=at, reference=consultation.reference, act=name)
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            done += 1
            to_call += [consultation.reference] if is_unheard else []
    if done:
        messages.success(request, DONE[name] % done)
    if to_call:
        words = _("Their senders gave no e-mail address and have not heard that we have them. Please call: %s.")
        messages.warning(request, words % ", ".join(to_call))
