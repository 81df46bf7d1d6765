"""One request, for the person who triages it: what was said, what happened, and what may be done next."""

from functools import wraps

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from appointments.emails import OVERSEE, TRIAGE
from appointments.forms import SCREEN
from appointments.models import TRANSITIONS, ConsultationRequest, RequestStatus, TransitionNotAllowed
from clinic import audit
from clinic.models import AuditAction, ClinicSettings, OutgoingMail
from clinic.wording import spoken

from .forms import AskForm, DeclineForm, LogAnswerForm, NoteForm, RestoreForm


@transaction.atomic
def get_for_triage(request, reference):
    """The request, for somebody who may triage; that they opened it is recorded, or it is not shown."""
    if not request.user.has_perm(TRIAGE):
        raise PermissionDenied
    consultation = (
        ConsultationRequest.objects.select_related("statement", "assigned_to", "tip__live")
        .filter(reference=reference)
        .first()
    )
    if consultation is None:
        raise Http404
    audit.record(AuditAction.OPENED, by=request.user, at=timezone.now(), reference=reference)
    return consultation


@require_safe
def show(request, reference):
    return show_request(request, get_for_triage(request, reference))


def show_request(request, consultation, **bound):
    """The page with its legal actions; `bound` is the form that has to be looked at again."""
    forms = {
        "ask": AskForm,
        "answer": LogAnswerForm,
        "note": NoteForm,
        "decline": DeclineForm,
        "restore": RestoreForm,
    }
    context = {
        **admin.site.each_context(request),
        "title": consultation.reference,
        "consultation": consultation,
        "statement": consultation.statement,
        "acts": legal_acts(consultation, request.user),
        "forms": {name: bound.get(name) or form() for name, form in forms.items()},
        "is_late": consultation.is_waiting_too_long(at=timezone.now()),
        "signs": SCREEN.named(
            [*consultation.statement.safety.get("emergency", ()), *consultation.statement.safety.get("urgent", ())]
        ),
        "corrections": consultation.corrections.all(),
        "questions": consultation.questions.select_related("asked_by"),
        "timeline": timeline(consultation),
        "mails": OutgoingMail.objects.filter(reference=consultation.reference).order_by("queued_at", "pk"),
    }
    return TemplateResponse(request, "admin/appointments/request.html", context)


def timeline(consultation):
    """Moves and notes in one order, oldest first."""
    moves = [
        {"at": move.at, "who": move.by or move.get_actor_display(), "what": in_words(move)}
        for move in consultation.history.select_related("by")
    ]
    notes = [
        {"at": note.written_at, "who": note.written_by, "what": _("Note"), "text": note.text}
        for note in consultation.notes.select_related("written_by")
    ]
    return sorted(moves + notes, key=lambda event: event["at"])


def in_words(move):
    if move.from_status != move.to_status:
        return RequestStatus(move.to_status).label
    return _("Looked like spam, is none") if move.to_status == RequestStatus.NEW else _("Handed over")


def legal_acts(consultation, user):
    """The names of what this person may do with the request as it stands now."""
    may_become = TRANSITIONS[consultation.status]
    theirs = consultation.assigned_to_id in {None, user.pk} or user.has_perm(OVERSEE)
    is_new = consultation.status == RequestStatus.NEW
    return {
        "claim": is_new,
        "ask": RequestStatus.NEEDS_INFO in may_become and theirs,
        "answer": consultation.status == RequestStatus.NEEDS_INFO and theirs,
        "note": True,
        "decline": RequestStatus.DECLINED in may_become and (is_new or theirs),
        "spam": RequestStatus.SPAM in may_become,
        "clear": is_new and bool(consultation.suspicion),
        "restore": consultation.status == RequestStatus.SPAM,
    }


def acts_by_post(view):
    """A view that changes something. Whoever arrives by a link, such as after signing in again, sees the request."""

    @wraps(view)
    def wrapper(request, reference):
        if request.method != "POST":
            return redirect("admin:consultation", reference)
        return view(request, reference)

    return wrapper


@acts_by_post
def claim(request, reference):
    consultation = get_for_triage(request, reference)
    due = spoken(consultation.answer_by, ClinicSettings.current().tzinfo)
    done = _("It is yours. The patient was promised an answer by %s.") % due
    return act(request, consultation, consultation.claim, done)


@acts_by_post
def ask(request, reference):
    consultation = get_for_triage(request, reference)
    form = AskForm(request.POST)
    if not form.is_valid():
        return show_request(request, consultation, ask=form)
    return act(request, consultation, consultation.ask, heard(consultation), ask=form)


@acts_by_post
def log_answer(request, reference):
    consultation = get_for_triage(request, reference)
    form = LogAnswerForm(request.POST)
    if not form.is_valid():
        return show_request(request, consultation, answer=form)
    return act(request, consultation, consultation.answer, _("Logged. The request is in review again."), answer=form)


@acts_by_post
def note(request, reference):
    consultation = get_for_triage(request, reference)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return show_request(request, consultation, note=form)
    return act(request, consultation, consultation.add_note, _("The note is kept."), note=form)


@acts_by_post
def decline(request, reference):
    consultation = get_for_triage(request, reference)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return show_request(request, consultation, decline=form)
    return act(request, consultation, consultation.decline, heard(consultation), decline=form)


@acts_by_post
def spam(request, reference):
    consultation = get_for_triage(request, reference)
    return act(request, consultation, consultation.mark_spam, _("Marked as spam. Nobody was told."))


@acts_by_post
def clear(request, reference):
    consultation = get_for_triage(request, reference)
    done = _("It is among the new ones now. Its sender hears that we have it.")
    return act(request, consultation, consultation.clear_suspicion, done)


@acts_by_post
def restore(request, reference):
    consultation = get_for_triage(request, reference)
    form = RestoreForm(request.POST)
    if not form.is_valid():
        return show_request(request, consultation, restore=form)
    done = _("It is back, and yours.")
    return act(request, consultation, consultation.restore_from_spam, done, restore=form)


def act(request, consultation, transition, done, **bound):
    """Call the transition with the form's answers; a refusal is shown with the text still there."""
    answers = {name: value for form in bound.values() for name, value in form.cleaned_data.items()}
    try:
        transition(by=request.user, at=timezone.now(), **answers)
    except TransitionNotAllowed as refusal:
        messages.error(request, str(refusal))
        consultation.refresh_from_db()
        return show_request(request, consultation, **bound)
    messages.success(request, done)
    return redirect("admin:consultation", consultation.reference)


def heard(consultation):
    if consultation.statement.email:
        return _("Done. The patient gets a mail.")
    return _("Done. The patient gave no e-mail address: please call %s.") % consultation.statement.phone.as_national
