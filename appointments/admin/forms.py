from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.models import DeclineReason, NextStep


class DeskForm(forms.Form):
    """A form of the request page: its fields sit in the admin's own layout."""

    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id=f"id_{type(self).__name__.lower()}_%s", **kwargs)


class AskForm(DeskForm):
    question = forms.CharField(
        label=_("Question for the patient"),
        help_text=_(
            "At most 300 characters. The mail says only that there is a question; it is read on the patient’s own page."
        ),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class LogAnswerForm(DeskForm):
    text = forms.CharField(
        label=_("What the patient said on the phone"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class NoteForm(DeskForm):
    text = forms.CharField(
        label=_("Note for the team"),
        help_text=_("It stays with the request and cannot be changed later."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RestoreForm(DeskForm):
    reason = forms.CharField(label=_("Why it is no spam"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class DeclineForm(DeskForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", _("Choose a reason")), *DeclineReason.choices])
    next_step = forms.ChoiceField(label=_("Next step"), choices=[("", _("Choose a next step")), *NextStep.choices])
