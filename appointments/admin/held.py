"""Everything that is held about one request but for mails among staff, in words, for the person it is about."""

from django.utils.translation import gettext_lazy as _

from appointments.forms import SCREEN
from appointments.models.statement import EMPTY
from clinic.letter import subject_of
from clinic.models import AuditAction, AuditEntry, OutgoingMail
from clinic.wording import dialed

from .request import what_moved

# What is held beside the answers, in the order of the page.
SECTIONS = {
    "said_before": _("What you corrected"),
    "asked": _("What we asked you"),
    "notes": _("What we wrote down"),
    "times": _("Times"),
    "history": _("What happened"),
    "mails": _("Mails to you"),
    "seen_by": _("Who saw it or did something with it"),
}


def in_sections(facts):
    return [(label, facts[name]) for name, label in SECTIONS.items() if facts[name]]


def about(consultation):
    """Plain texts, moments, lists and dictionaries: the same for a page and for a program."""
    return {
        "reference": consultation.reference,
        "status": str(consultation.get_status_display()),
        "sent": consultation.submitted_at,
        "closed": consultation.closed_at,
        "declined_with": declined_with(consultation),
        "said": said(consultation),
        "said_before": [
            {"until": each.corrected_at, "phone": dialed(each.old_phone), "email": each.old_email}
            for each in consultation.corrections.all()
        ],
        "asked": [
            {"at": each.asked_at, "question": each.text, "answer": each.answer} for each in consultation.questions.all()
        ],
        "notes": [
            {"at": each.written_at, "by": str(each.written_by), "note": each.text}
            for each in consultation.notes.select_related("written_by")
        ],
    } | happened(consultation)


def declined_with(consultation):
    """The reason and the next step that the patient was given."""
    if not consultation.decline_reason:
        return ""
    return f"{consultation.get_decline_reason_display()}. {consultation.get_next_step_display()}"


def happened(consultation):
    """Times, moves and mails, and who looked: when, by whom and what, never what a mail says below its subject."""
    facts = consultation.for_staff_mail()
    mails = OutgoingMail.objects.filter(reference=consultation.reference).exclude(event__startswith="staff_")
    return {
        "times": [
            {"starts": each.starts_at, "how": str(each.get_mode_display()), "booked": each.booked_at}
            for each in consultation.times.all()
        ],
        "history": [step(each) for each in consultation.history.select_related("by")],
        "mails": [
            {"what": subject_of(mail.event, facts), "queued": mail.queued_at, "sent": mail.sent_at}
            for mail in mails.order_by("queued_at", "pk")
        ],
        "seen_by": [
            {"at": entry.at, "by": str(entry.by or ""), "what": str(entry.label)}
            for entry in AuditEntry.objects.filter(reference=consultation.reference)
            .exclude(action=AuditAction.REFUSED)
            .select_related("by")
            .order_by("pk")
        ],
    }


def step(moved):
    return {
        "at": moved.at,
        "by": str(moved.by or moved.get_actor_display()),
        "what": str(what_moved(moved)),
    }


def said(consultation):
    """Each answer under the name of its question."""
    statement = consultation.statement
    answers = {str(_("area of the body")): str(consultation.get_region_display())}
    if consultation.tip:
        answers[str(_("came from"))] = str(consultation.tip)
    for name in EMPTY:
        answers[str(statement._meta.get_field(name).verbose_name)] = in_words(statement, name)
    return answers


def in_words(statement, name):
    value = getattr(statement, name)
    if name == "safety":
        unknown = [
            str(_("%(sign)s (version %(version)s of the screen)") % {"sign": sign, "version": statement.safety_version})
            for sign in SCREEN.unknown(statement.ticked)
        ]
        signs = [each.text for each in SCREEN.named(statement.ticked)] + unknown + statement.doubts
        return "; ".join(signs or [str(_("none of the signs"))]) if value else ""
    if name in {"windows", "modes"}:
        return ", ".join(map(str, statement.window_labels if name == "windows" else statement.mode_labels))
    if name == "phone":
        return dialed(value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    display = getattr(statement, f"get_{name}_display", None)
    return str(display() if display else "" if value is None else value)
