"""What may be done with a text on its way: one table, from which come the buttons, the addresses and the checks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tips.models import BEFORE_A_CLINICIAN, BEING_WRITTEN, EDIT, IN_REVIEW, REVIEW, TipStatus, latest_review

from .article import WRITE, may_write

S = TipStatus
A_YEAR = timedelta(days=365)


class ActForm(forms.Form):
    """What an act asks; beside it goes the number of the text that was on the page, so that no other is agreed to."""

    use_required_attribute = False

    def __init__(self, *args, tip, at, **kwargs):
        super().__init__(*args, auto_id=f"id_{type(self).__name__.lower()}_%s", **kwargs)
        self.tip, self.at = tip, at


class SubmitForm(ActForm):
    minor = forms.BooleanField(
        label=_("It is a minor correction"),
        help_text=_("A spelling, a link, a word: nothing a clinician has to weigh. One other editor is enough."),
        required=False,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.tip.live_id or self.tip.was_refused_by_a_clinician:
            del self.fields["minor"]


class CommentForm(ActForm):
    comment = forms.CharField(
        label=_("What should change, and why"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 5})
    )


class NextReviewForm(ActForm):
    next_review = forms.DateField(
        label=_("Next review"),
        help_text=_("Within two years; within one where the evidence moves."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["next_review"].initial = timezone.localdate(self.at) + A_YEAR

    def clean_next_review(self):
        day, today = self.cleaned_data["next_review"], timezone.localdate(self.at)
        if not today < day <= latest_review(today):
            raise forms.ValidationError(_("Choose a day after today, and in two years at the latest."))
        return day


class AloneForm(NextReviewForm):
    reason = forms.CharField(
        label=_("Why nobody else can agree to it"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )


class PassOverForm(ActForm):
    reason = forms.CharField(
        label=_("Why no other editor can agree to it"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )


@dataclass(frozen=True)
class Act:
    """One thing that may be done: its words, what it asks, the transition it calls, and whom it is open to.

    `binds` acts agree to exactly the text that was on the page; `is_next` is what the page is opened for.
    """

    heading: Any
    button: Any
    may: Callable[[Any, Any], bool]
    is_open: Callable[[Any, Any], bool]
    done: Any
    form: type[ActForm] = ActForm
    binds: bool = False
    is_next: bool = False


def who_has(permission):
    return lambda tip, user: user.has_perm(permission)


def agrees(tip, user):
    return user.has_perm(EDIT) or user.has_perm(REVIEW)


def waits_for(tip, user):
    return (tip.status == S.IN_EDITORIAL and user.has_perm(EDIT)) or (
        tip.status == S.IN_CLINICAL and user.has_perm(REVIEW)
    )


# In the order in which they stand on the page.
ACTS = {
    "submit": Act(
        _("Send to review"),
        _("Send to review"),
        may_write,
        lambda tip, user: (
            tip.status in BEING_WRITTEN
            and tip.editors_left.exists()
            and not tip.needs_another_author(minor=bool(tip.live_id))
        ),
        _("Sent. An editor who did not write it has a mail."),
        SubmitForm,
        is_next=True,
    ),
    "pass_over_editors": Act(
        _("Send to a clinician"),
        _("Send to a clinician"),
        may_write,
        lambda tip, user: (
            tip.status in BEFORE_A_CLINICIAN and not tip.editors_left.exists() and tip.clinicians_free.exists()
        ),
        _("Sent. A clinical reviewer who did not write it has a mail."),
        PassOverForm,
        is_next=True,
    ),
    "approve_editorial": Act(
        _("Agree as an editor"),
        _("Agree to this text"),
        who_has(EDIT),
        lambda tip, user: (
            tip.status == S.IN_EDITORIAL and not tip.is_work_of(user) and not tip.needs_another_author(after=user)
        ),
        _("Agreed."),
        binds=True,
        is_next=True,
    ),
    "approve_clinical": Act(
        _("Agree as a clinician"),
        _("Agree to this text"),
        who_has(REVIEW),
        lambda tip, user: (
            tip.status == S.IN_CLINICAL and not tip.has_part_in(user) and not tip.has_agreed_as_editor(user)
        ),
        _("Agreed."),
        NextReviewForm,
        binds=True,
        is_next=True,
    ),
    "request_changes": Act(
        _("Ask for changes"),
        _("Ask for changes"),
        agrees,
        waits_for,
        _("Whoever wrote it has a mail."),
        CommentForm,
    ),
    "take_back": Act(
        _("Take it back"),
        _("Take it back and go on writing"),
        who_has(WRITE),
        lambda tip, user: tip.status in IN_REVIEW and tip.is_work_of(user),
        _("It is a draft again."),
    ),
    "discard": Act(
        _("Throw the new text away"),
        _("Throw it away"),
        may_write,
        lambda tip, user: tip.status in BEING_WRITTEN and bool(tip.live_id),
        _("Readers see what they saw; the text is in the history."),
    ),
    "confirm": Act(
        _("Confirm that it still holds"),
        _("Read again, it still holds"),
        who_has(REVIEW),
        lambda tip, user: tip.status == S.APPROVED and not tip.has_part_in(user),
        _("Its next review is set."),
        NextReviewForm,
        binds=True,
        is_next=True,
    ),
    "publish_alone": Act(
        _("Publish without review"),
        _("Publish, and say so on the page"),
        who_has(EDIT),
        lambda tip, user: tip.status != S.ARCHIVED and tip.nobody_else_could_agree,
        _("Published. Its page says that nobody independent has reviewed it."),
        AloneForm,
        binds=True,
    ),
    "archive": Act(
        _("Take it down"),
        _("Archive"),
        who_has(EDIT),
        lambda tip, user: tip.status != S.ARCHIVED,
        _("Archived. Readers who could open it until now are told, and shown what is near."),
    ),
    "take_up_again": Act(
        _("Take it up again"),
        _("Make it a draft again"),
        who_has(EDIT),
        lambda tip, user: tip.status == S.ARCHIVED,
        _("It is a draft again."),
    ),
}
