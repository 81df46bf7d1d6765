"""The questions of a consultation request, one form a page, in the order in which they are asked."""

from dataclasses import dataclass

from crispy_forms.layout import Fieldset
from django import forms
from django.utils.translation import gettext_lazy as _

from appointments import safety
from appointments.models.statement import WINDOWS, Age, Duration, ForWhom, Mode, Onset, Prefer
from appointments.reasons import REASONS
from clinic.models import ClinicSettings
from clinic.regions import Region
from clinic.wording import dialed

from .fields import (
    CheckList,
    ChoiceList,
    Email,
    PageForm,
    Phone,
    Scale,
    WishesForm,
    Words,
    choose,
)

EMERGENCY = forms.ValidationError(_("This can be an emergency."), code="emergency")
SCREEN = safety.load(safety.ITEMS_FILE.read_text(), regions=Region.values)


@dataclass(frozen=True)
class Screened:
    """What the safety screen goes by: the region, the age, and the signs the person has been seen for."""

    region: str = Region.SEVERAL
    under_18: bool = False
    seen: tuple[str, ...] = ()


class StepForm(PageForm):
    """One page of the request, with the reason for each of its questions."""

    def __init__(self, *args, screened=None, **kwargs):
        """`screened` is who and where, from the answers before: what the safety screen asks depends on it."""
        super().__init__(*args, **kwargs)
        self.screened = screened or Screened()

    @staticmethod
    def differs_by(screened):
        """What of it makes the unanswered page another one: nothing, unless the step says so."""

    @property
    def reasons(self):
        return [REASONS[name] for name in self.fields]

    def summary(self):
        """What was answered, as a short name and words, for the check page."""
        return [(REASONS[name].what, words) for name in self.fields if (words := self._words(name))]

    def _words(self, name):
        value, field = self.cleaned_data.get(name), self.fields[name]
        if isinstance(field, forms.MultipleChoiceField):
            return ", ".join(str(label) for code, label in self.choice_labels(name) if code in value)
        if isinstance(field, forms.ChoiceField):
            return dict(field.choices).get(str(value), "")
        if isinstance(field, forms.BooleanField):
            return _("Yes") if value else ""
        if isinstance(field, Phone):
            return dialed(value)
        return value

    def choice_labels(self, name):
        return self.fields[name].choices


class WhoForm(StepForm):
    title = _("Who is it for?")

    for_whom = choose(_("I am asking for"), ForWhom.choices, _("Choose who the request is for."))
    age = choose(_("That person is"), Age.choices, _("Choose whether that person is 18 or over."))

    def clean(self):
        answers = super().clean()
        if answers.get("for_whom") == ForWhom.ME and answers.get("age") == Age.UNDER_18:
            self.add_error(
                "age",
                _(
                    "If you are under 18, a parent or guardian has to send this for you. Ask them to, or call us together."
                ),
            )
        return answers


class WhereForm(StepForm):
    title = _("Where is the problem?")

    region = choose(_("Choose the area that bothers you most"), Region.choices, _("Choose an area."))


class SignsForm(StepForm):
    """Signs to be asked about, each of which may be ticked, and ways to say "none" and "not sure"."""

    field = ""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        signs = [(item.id, item.text) for item in self.signs()]
        rest = [(safety.NOT_SURE, _("I am not sure")), (safety.NONE, _("None of these"))]
        self.fields[self.field].choices = signs + rest

    @staticmethod
    def differs_by(screened):
        return screened

    def outcome(self):
        """Of all that was ticked, also of what this page does not ask."""
        return SCREEN.outcome(self.data.getlist(self.field), seen=self.screened.seen)


class SafetyForm(SignsForm):
    title = _("Do any of these apply right now?")
    field = "emergency_signs"

    emergency_signs = forms.MultipleChoiceField(
        label=_("Choose all that apply right now"),
        widget=CheckList,
        error_messages={"required": _("Choose what applies, or “None of these”.")},
    )

    def signs(self):
        return SCREEN.emergencies(self.screened.region, under_18=self.screened.under_18)

    def clean(self):
        """An emergency that nobody has seen to is no answer to go on with, whichever way it got here."""
        answers = super().clean()
        if self.outcome() is safety.Outcome.STOP:
            self.add_error(self.field, EMERGENCY)
        return answers

    @property
    def stops(self):
        """The emergency signs that were ticked and not yet seen to."""
        return self.has_error(self.field, EMERGENCY.code)

    def ticked(self):
        return [item.id for item in SCREEN.emergencies_among(self.data.getlist(self.field))]


class UrgentForm(SignsForm):
    title = _("Signs that need a doctor soon")
    field = "urgent_signs"

    urgent_signs = forms.MultipleChoiceField(
        label=_("Choose all that apply"),
        widget=CheckList,
        error_messages={"required": _("Choose what applies, or “None of these”.")},
    )

    def signs(self):
        return SCREEN.urgent(self.screened.region, under_18=self.screened.under_18)


class ProblemForm(StepForm):
    title = _("A little more about it")

    duration = choose(_("How long have you had it?"), Duration.choices, _("Choose how long you have had it."))
    onset = choose(
        _("How did it begin?"),
        Onset.choices,
        _("Choose how it began."),
        help_text=_("Skip this if you have no problem."),
    )
    goal = Words(
        label=_("What is one activity you want to get back to?"),
        help_text=_(
            "For example: running 5 km, lifting my child, sitting through a working day. At most 200 characters."
        ),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write one activity that you want to get back to, or start.")},
    )
    note = Words(
        label=_("Is there anything else we should know?"),
        help_text=_("At most 500 characters. Nobody watches this form around the clock: in an emergency, call."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    pain_score = forms.TypedChoiceField(
        label=_("How bad is the pain on a usual day?"),
        help_text=_("0 is no pain, 10 is the worst you can imagine."),
        choices=[(str(score), str(score)) for score in range(11)] + [("", _("I’d rather not say"))],
        coerce=int,
        empty_value=None,
        required=False,
        widget=Scale,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.screened.region == Region.ADVICE:
            self.initial["duration"] = Duration.NO_PROBLEM
        # What is not there did not begin.
        self.fields["onset"].required = self.data.get("duration") != Duration.NO_PROBLEM

    @staticmethod
    def differs_by(screened):
        return screened.region == Region.ADVICE

    def clean_goal(self):
        """In one line, whatever Enter was pressed for."""
        return " ".join(self.cleaned_data["goal"].split())


class TimesForm(StepForm, WishesForm):
    title = _("When and how would you like to meet?")
    layout = ("modes", "any_time", "windows", "sooner")

    modes = forms.MultipleChoiceField(
        label=_("How would you like to meet?"),
        help_text=_("Choose all that suit you."),
        widget=CheckList,
        error_messages={"required": _("Choose at least one way to meet.")},
    )
    sooner = forms.BooleanField(label=_("Tell me if something sooner opens"), required=False)
    field_order = layout

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["modes"].choices = Mode.offered_by(ClinicSettings.current())

    def choice_labels(self, name):
        return WINDOWS if name == "windows" else super().choice_labels(name)


class ContactForm(StepForm):
    """How the clinic reaches the patient: a phone number or an e-mail address, at least one."""

    title = _("How can we reach you?")
    layout = (
        "full_name",
        "phone",
        "email",
        "prefer",
        Fieldset(_("If we call"), "may_leave_voicemail", "may_name_clinic"),
        "access_needs",
    )
    one_of = ("phone", "email", "prefer")

    full_name = forms.CharField(
        label=_("Your own full name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Write your name.")},
    )
    phone = Phone(
        label=_("Phone number"),
        help_text=_("A phone number or an e-mail address: one is enough."),
        required=False,
    )
    email = Email(label=_("E-mail address"), required=False)
    prefer = forms.ChoiceField(
        label=_("If you gave both, which should we use?"), choices=Prefer.choices, required=False, widget=ChoiceList
    )
    may_leave_voicemail = forms.BooleanField(label=_("You may leave a voicemail"), required=False)
    may_name_clinic = forms.BooleanField(label=_("You may say that the clinic is calling"), required=False)
    access_needs = forms.CharField(
        label=_("Do you need an interpreter, or help with access?"), max_length=200, required=False
    )

    def clean(self):
        answers = super().clean()
        if "phone" in self.errors or "email" in self.errors:
            return answers
        phone, email, prefer = answers.get("phone"), answers.get("email"), answers.get("prefer")
        if not phone and not email:
            self.add_error("phone", _("Give a phone number or an e-mail address, so that we can answer."))
        elif phone and email and not prefer:
            self.add_error("prefer", _("Choose whether we should call or e-mail you."))
        elif not (phone and email):
            answers["prefer"] = Prefer.PHONE if phone else Prefer.EMAIL
        return answers


# The pages in order.
STEPS = {
    "who": WhoForm,
    "where": WhereForm,
    "safety": SafetyForm,
    "urgent": UrgentForm,
    "problem": ProblemForm,
    "times": TimesForm,
    "contact": ContactForm,
}
