"""What staff may do with a request: one table, from which come the buttons, the addresses and the checks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models import OPEN, TRANSITIONS, RequestStatus
from appointments.people import OVERSEE, who_sees_patients
from clinic.models import AuditAction

from . import forms

S = RequestStatus


@dataclass(frozen=True)
class Act:
    """One thing that may be done: its words, what it asks, the transition it calls, and whom it is open to.

    `done` may name the facts of a mail to staff, such as %(answer_by)s. `mails` is the mail that it sends to
    the patient; the page tells its subject before it is sent. An act that `binds` is done to the request as it stood
    on the page, or not at all. One that `lets_in` takes a request that looked like spam for real, whose sender has not even
    heard that we have it.
    """

    heading: Any
    button: Any
    transition: str
    is_legal: Callable[[Any, Any, Any], bool]
    form: type[forms.DeskForm] = forms.DeskForm
    mails: str = ""
    done: Any = ""
    says: Any = ""
    is_first: bool = False
    binds: bool = True
    lets_in: bool = False
    recorded_as: AuditAction = AuditAction.CHANGED

    def mail_about(self, consultation):
        """The event of the mail that the patient gets; empty for none."""
        return self.mails or ("received" if self.lets_in and consultation.suspicion else "")


def is_theirs(consultation, user):
    return consultation.assigned_to_id in {None, user.pk}


def where(*statuses, theirs=True):
    """Legal in these statuses; where `theirs`, only for whoever has the request: anybody else hands it over first."""

    def is_legal(consultation, user, at):
        return consultation.status in statuses and (not theirs or is_theirs(consultation, user))

    return is_legal


def is_suspect(consultation, user, at):
    return consultation.status == S.NEW and bool(consultation.suspicion)


def is_real(is_legal):
    """Not for what looks like spam: that is claimed, cleared or put away first."""
    return lambda *case: not is_suspect(*case) and is_legal(*case)


def with_oneself(is_legal):
    """The times are of whoever offers them, so only somebody who sees patients does."""
    return lambda consultation, user, at: is_legal(consultation, user, at) and user in who_sees_patients()


def may_decline(consultation, user, at):
    """Until the visit: what came of it is said in another way."""
    may = S.DECLINED in TRANSITIONS[consultation.status]
    return may and is_theirs(consultation, user) and not may_say_how_it_went(consultation, user, at)


def may_withdraw(consultation, user, at):
    """Until the visit. It is the patient's word, so whoever took the call says so."""
    return consultation.status in OPEN and not may_say_how_it_went(consultation, user, at)


def may_give_the_time_up(consultation, user, at):
    """Until the visit. The owner may as well: nobody else may be free then."""
    may = consultation.status == S.BOOKED and (is_theirs(consultation, user) or user.has_perm(OVERSEE))
    return may and not may_say_how_it_went(consultation, user, at)


def may_say_how_it_went(consultation, user, at):
    return consultation.status == S.BOOKED and consultation.has_begun(at=at)


def was_said(status):
    """How the visit went was said, a short while ago, and may have been the other button."""
    return lambda consultation, user, at: consultation.status == status and consultation.outcome_may_be_corrected(at=at)


def may_hand_over(consultation, user, at):
    return consultation.status in OPEN and consultation.status != S.NEW


def may_look_again(consultation, user, at):
    """Until the day of the decision is over, by the clinic's own calendar."""
    undone = consultation.decided_by_id not in {None, user.pk} and not consultation.second_look_at
    return undone and timezone.localdate(consultation.decided_at) == timezone.localdate(at)


# In the order in which they stand on the page.
ACTS = {
    "clear": Act(
        _("It is no spam"),
        _("It is no spam"),
        "clear_suspicion",
        is_suspect,
        done=_("It is among the new ones now."),
        is_first=True,
        lets_in=True,
    ),
    "look": Act(
        _("Second look"),
        _("I have looked at it"),
        "look_again",
        may_look_again,
        done=_("Thank you. The second look is recorded."),
        says=_("An urgent request was decided today. Is it what you would have done? If not, talk to each other."),
        is_first=True,
    ),
    "complete": Act(
        _("How did it go?"),
        _("They came"),
        "complete",
        may_say_how_it_went,
        done=_("Completed."),
        is_first=True,
    ),
    "missed": Act(
        _("They did not come"),
        _("They did not come"),
        "mark_missed",
        may_say_how_it_went,
        mails="missed",
        is_first=True,
    ),
    "propose": Act(
        _("Offer times"),
        _("Propose"),
        "propose",
        with_oneself(is_real(where(S.NEW, S.IN_REVIEW))),
        forms.ProposeForm,
        mails="choose_a_time",
        is_first=True,
    ),
    "claim": Act(
        _("Claim"),
        _("Claim it"),
        "claim",
        where(S.NEW),
        done=_("It is yours. The patient was promised an answer by %(answer_by)s."),
        says=_("Offering times, asking and booking claim it as well. A note does not: claim it before you call."),
        is_first=True,
        lets_in=True,
    ),
    "choose": Act(
        _("The patient chose on the phone"),
        _("Book this time"),
        "choose",
        where(S.PROPOSED),
        forms.ChooseForm,
        mails="booked",
        is_first=True,
    ),
    "answer": Act(
        _("Log the answer from a call"),
        _("Log it"),
        "answer",
        where(S.NEEDS_INFO, theirs=False),
        forms.LogAnswerForm,
        done=_("Logged. The request is in review again."),
        is_first=True,
    ),
    "again": Act(
        _("Take it up again"),
        _("Take it up again"),
        "take_up_again",
        where(S.NO_SHOW, S.LAPSED, theirs=False),
        done=_("It is in review again."),
        is_first=True,
    ),
    "restore": Act(
        _("It is no spam"),
        _("Claim it"),
        "restore_from_spam",
        where(S.SPAM, theirs=False),
        forms.RestoreForm,
        done=_("It is back, and yours."),
        is_first=True,
        lets_in=True,
    ),
    "ask": Act(
        _("Ask the patient one thing"),
        _("Send the question"),
        "ask",
        is_real(where(S.NEW, S.IN_REVIEW)),
        forms.AskForm,
        mails="one_thing",
    ),
    "book": Act(
        _("Agreed by phone"),
        _("Book"),
        "book",
        with_oneself(is_real(where(S.NEW, S.IN_REVIEW, S.PROPOSED))),
        forms.BookForm,
        mails="booked",
    ),
    "take_back": Act(
        _("Take the offer back"),
        _("Take it back"),
        "take_back_offer",
        where(S.PROPOSED),
        done=_("The times are free again."),
        says=_("The times are free again, and the patient’s page no longer shows them. No mail is sent."),
    ),
    "reschedule": Act(
        _("Reschedule"),
        _("Give the time up"),
        "reschedule",
        may_give_the_time_up,
        forms.RescheduleForm,
        mails="time_changed",
    ),
    "came": Act(
        _("They came after all"),
        _("They came"),
        "complete",
        was_said(S.NO_SHOW),
        done=_("Completed."),
        says=_("If the wrong button was pressed. No mail is sent."),
    ),
    "did_not_come": Act(
        _("They did not come after all"),
        _("They did not come"),
        "mark_missed",
        was_said(S.COMPLETED),
        mails="missed",
        says=_("If the wrong button was pressed."),
    ),
    "reconsider": Act(
        _("Take it up again"),
        _("Take it up after all"),
        "reconsider",
        where(S.DECLINED, theirs=False),
        mails="taken_up_again",
        done=_("It is in review again."),
        says=_("A time that had been agreed is free since it was declined. Whoever had the request has it again."),
    ),
    "contact": Act(
        _("Correct phone or e-mail"),
        _("Use it from now on"),
        "correct_contact",
        is_real(where(*OPEN, theirs=False)),
        forms.CorrectionForm,
        done=_("It is used from now on. What was there before stands beside it."),
        says=_(
            "What you leave empty stays as it is. A new address gets the link to the patient’s own page; the old one hears that it was changed."
        ),
    ),
    "hand_over": Act(
        _("Hand over"),
        _("Hand over"),
        "hand_over",
        may_hand_over,
        forms.HandOverForm,
        done=_(
            "Handed over. Whoever had it and whoever has it now are told; so are the owners where a therapist took it over."
        ),
        recorded_as=AuditAction.HANDED_OVER,
    ),
    "note": Act(
        _("Add a note"),
        _("Keep the note"),
        "add_note",
        lambda consultation, user, at: True,
        forms.NoteForm,
        done=_("The note is kept."),
        binds=False,
    ),
    "decline": Act(
        _("Decline"),
        _("Decline and tell the patient"),
        "decline",
        is_real(may_decline),
        forms.DeclineForm,
        mails="about_your_request",
    ),
    "withdraw": Act(
        _("The patient withdrew on the phone"),
        _("Withdraw it"),
        "withdraw",
        is_real(may_withdraw),
        mails="withdrawn",
        done=_("Withdrawn."),
        says=_(
            "For good: a time that was agreed or offered is free again. Whoever wants to come after all asks again."
        ),
    ),
    "spam": Act(
        _("Mark as spam"),
        _("It is spam"),
        "mark_spam",
        where(S.NEW, S.IN_REVIEW),
        done=_("Marked as spam. Nobody was told."),
        says=_("Nobody is told. It can be taken back."),
    ),
}
