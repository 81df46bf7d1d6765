"""One request, for the person who triages it: what was said, what happened, and what may be done next."""

from datetime import timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from appointments.forms import SCREEN
from appointments.models import Actor, ConsultationRequest, RequestStatus, TimeTaken, TransitionNotAllowed
from appointments.models.statement import Prefer
from appointments.people import TRIAGE
from clinic import audit
from clinic.letter import subject_of
from clinic.models import AuditAction, OutgoingMail
from clinic.wording import dialed, what_is_wrong

from .acts import ACTS, is_theirs, may_hand_over

# How far back another request from the same phone or address may be the same matter.
SAME_MATTER = timedelta(days=30)
MOST_OF_SAME_MATTER = 5
NOT_OFFERED = _("That is not open to you with this request as it stands. Nothing was changed.")


def get_for_triage(request, reference):
    """The request, for somebody who may triage."""
    if not request.user.has_perm(TRIAGE):
        raise PermissionDenied
    related = ["statement", "assigned_to", "decided_by", "second_look_by", "tip__live"]
    return get_object_or_404(ConsultationRequest.objects.select_related(*related), reference=reference)


@require_safe
def show(request, reference):
    return show_request(request, get_for_triage(request, reference))


def show_request(request, consultation, *, status=200, **bound):
    """The page with its legal acts; `bound` is the form that has to be looked at again. What cannot be recorded is not shown."""
    now = timezone.now()
    audit.record(AuditAction.OPENED, by=request.user, at=now, reference=consultation.reference)
    facts = consultation.for_staff_mail()
    statement = consultation.statement
    is_mailed = consultation.can_be_mailed
    same_contact = ConsultationRequest.objects.by_contact(email=statement.email, phone=statement.phone)
    context = {
        **admin.site.each_context(request),
        "title": consultation.reference,
        "is_refused": bool(bound),
        "consultation": consultation,
        "statement": statement,
        "acts": acts_on(consultation, bound, facts, user=request.user, at=now),
        "is_mailed": is_mailed,
        "besides_mail": besides_mail(consultation, is_mailed=is_mailed),
        "is_of_another": may_hand_over(consultation, request.user, now) and not is_theirs(consultation, request.user),
        "is_late": consultation.is_waiting_too_long(at=now),
        "times": consultation.times.standing().select_related("therapist"),
        "former_times": consultation.times.released(),
        "same_contact": same_contact.sent_since(consultation.submitted_at - SAME_MATTER)
        .exclude(pk=consultation.pk)
        .order_by("-submitted_at", "-pk")[:MOST_OF_SAME_MATTER],
        "signs": SCREEN.named(statement.ticked),
        "unknown_signs": SCREEN.unknown(statement.ticked),
        "corrections": consultation.corrections.all(),
        "questions": consultation.questions.select_related("asked_by"),
        "timeline": timeline(consultation),
        "mails": mails_about(consultation, facts),
    }
    return TemplateResponse(request, "admin/appointments/request.html", context, status=status)


def acts_on(consultation, bound, facts, *, user, at):
    """What may be done, each with its form and the mail that it sends."""
    return [
        {
            "name": name,
            "act": act,
            "form": bound.get(name) or act.form(consultation=consultation, user=user, at=at),
            "subject": subject_of(mail, facts) if (mail := act.mail_about(consultation)) else "",
        }
        for name, act in ACTS.items()
        # What was typed is shown again also where it can no longer be sent.
        if (act.is_legal(consultation, user, at) and not consultation.statement.erased_at)
        or (name in bound and bound[name].fields)
    ]


def mails_about(consultation, facts):
    """Each by its subject, as whoever got it read it, oldest first."""
    mails = OutgoingMail.objects.filter(reference=consultation.reference).order_by("queued_at", "pk")
    return [
        {"mail": mail, "subject": subject_of(mail.event, facts), "is_to_us": mail.event.startswith("staff_")}
        for mail in mails
    ]


def timeline(consultation):
    """Moves and notes in one order, oldest first."""
    moves = [
        {"at": move.at, "who": move.by or move.get_actor_display(), "what": what_moved(move)}
        for move in consultation.history.select_related("by")
    ]
    notes = [
        {"at": note.written_at, "who": note.written_by, "what": _("Note"), "text": note.text}
        for note in consultation.notes.select_related("written_by")
    ]
    return sorted(moves + notes, key=lambda event: event["at"])


# What somebody did, or left undone, by which a request is in review again: the state that it led to is the same for all.
BACK_IN_REVIEW = {
    (RequestStatus.NEEDS_INFO, Actor.PATIENT): _("Answered"),
    (RequestStatus.NEEDS_INFO, Actor.STAFF): _("Logged the answer"),
    (RequestStatus.NEEDS_INFO, Actor.SYSTEM): _("No answer came"),
    (RequestStatus.PROPOSED, Actor.PATIENT): _("None of the times suits"),
    (RequestStatus.PROPOSED, Actor.STAFF): _("The offer was taken back"),
    (RequestStatus.PROPOSED, Actor.SYSTEM): _("The offer ran out"),
    (RequestStatus.BOOKED, Actor.PATIENT): _("Gave the time up"),
    (RequestStatus.BOOKED, Actor.STAFF): _("Gave the time up"),
}


def what_moved(move):
    if move.from_status != move.to_status:
        done = BACK_IN_REVIEW.get((move.from_status, move.actor)) if move.to_status == RequestStatus.IN_REVIEW else ""
        return done or RequestStatus(move.to_status).label
    if move.actor == Actor.PATIENT:
        return _("Says what times suit from now on")
    return _("Looked like spam, is none") if move.to_status == RequestStatus.NEW else _("Handed over")


def act(request, reference, name):
    """Do one thing of the table. Whoever arrives by a link, such as after signing in again, sees the request."""
    if request.method != "POST":
        return redirect("admin:consultation", reference)
    consultation = get_for_triage(request, reference)
    chosen = ACTS[name]
    now = timezone.now()
    form = chosen.form(request.POST, consultation=consultation, user=request.user, at=now)
    if not form.is_valid():
        messages.error(request, what_is_wrong(form, under=chosen.heading, anchor=f"act-{name}"))
        return show_request(request, consultation, **{name: form})
    mail = chosen.mail_about(consultation)
    try:
        with transaction.atomic():
            if chosen.binds:
                consultation.refuse_unless_seen(request.POST.get("version"))
            # Asked of it as it stood; a transition that refuses it as well says why in better words.
            is_offered = chosen.is_legal(consultation, request.user, now)
            getattr(consultation, chosen.transition)(by=request.user, at=now, **form.answers)
            if not is_offered:
                raise TransitionNotAllowed(NOT_OFFERED)
            audit.record(chosen.recorded_as, by=request.user, at=now, reference=reference, act=name)
    except (TransitionNotAllowed, TimeTaken) as refusal:
        messages.error(request, str(refusal))
        consultation.refresh_from_db()
        again = chosen.form(request.POST, consultation=consultation, user=request.user, at=now)
        return show_request(request, consultation, status=409, **{name: again})
    done = chosen.done % consultation.for_staff_mail() if chosen.done else _("Done.")
    told = [done, *heard(consultation)] if mail else [done]
    messages.success(request, format_html_join(" ", "{}", ([words] for words in told if words)))
    return redirect("admin:consultation", consultation.reference)


def heard(consultation):
    is_mailed = consultation.can_be_mailed
    return [_("The patient gets a mail.") if is_mailed else "", besides_mail(consultation, is_mailed=is_mailed)]


def besides_mail(consultation, *, is_mailed):
    """Whom to call, with one tap: where no mail reaches the patient, or where they asked for it."""
    statement = consultation.statement
    number = called(statement.phone) if statement.phone else ""
    if is_mailed:
        is_asked = number and statement.prefer == Prefer.PHONE
        return format_html(_("They asked to be called: {}."), number) if is_asked else ""
    if not statement.email:
        return format_html(_("The patient gave no e-mail address: please call {}."), number)
    if number:
        return format_html(_("Mail to the patient’s address comes back: please call {}."), number)
    return _("Mail to the patient’s address comes back, and they gave no number.")


def called(phone):
    return format_html('<a href="{}">{}</a>', phone.as_rfc3966, dialed(phone))
