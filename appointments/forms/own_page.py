"""What patients fill in on their own page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.templatetags.clinic_time import spoken

from .fields import ChoiceList, Email, PageForm, Phone, Words


class CorrectContactForm(PageForm):
    """A new phone number, a new e-mail address, or both."""

    one_of = ("phone", "email")

    phone = Phone(label=_("New phone number"), required=False)
    email = Email(label=_("New e-mail address"), required=False)

    def clean(self):
        answers = super().clean()
        if not self.errors and not answers.get("phone") and not answers.get("email"):
            self.add_error("phone", _("Write the new phone number or the new e-mail address."))
        return answers


class LostLinkForm(PageForm):
    """Where the link to a patient's own page is to be sent once more."""

    email = Email(
        label=_("The e-mail address that you gave us"),
        error_messages={"required": _("Write the e-mail address that you gave us.")},
    )


class AnswerForm(PageForm):
    """The patient's answer to the one thing that the clinic asked."""

    answer = Words(
        label=_("Your answer"),
        help_text=_("At most 1000 characters."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write your answer.")},
    )


class ChooseTimeForm(PageForm):
    """One of the times that were offered."""

    time = forms.ModelChoiceField(
        label=_("Which of these times do you want?"),
        queryset=None,
        empty_label=None,
        widget=ChoiceList,
        error_messages={
            "required": _("Choose one of the times."),
            "invalid_choice": _("That time is no longer held for you. Please choose another, or call us."),
        },
    )

    def __init__(self, *args, held, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["time"].queryset = held
        self.fields["time"].label_from_instance = lambda time: spoken(time.starts_at)
