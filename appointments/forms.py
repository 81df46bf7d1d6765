"""The questions of a consultation request, one form a page, in the order in which they are asked."""

from dataclasses import dataclass

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from clinic.models import ClinicSettings

from . import safety
from .models import Region
from .models.statement import DAY_PARTS, SATURDAY, WEEKDAYS, Age, Duration, ForWhom, Mode, Onset, Prefer
from .reasons import REASONS

EMERGENCY = forms.ValidationError(_("This can be an emergency."), code="emergency")


class ChoiceList(forms.RadioSelect):
    template_name = "clinic_forms/choices.html"


class CheckList(forms.CheckboxSelectMultiple):
    template_name = "clinic_forms/choices.html"


class Scale(forms.RadioSelect):
    template_name = "clinic_forms/scale.html"


class WeekGrid(forms.CheckboxSelectMultiple):
    template_name = "clinic_forms/week.html"


class Words(forms.CharField):
    """Free text whose length is counted as browsers count it: the end of a line is one character."""

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n")


PHONE_ERRORS = {"invalid": _("Write a phone number with its area code, such as (407) 555-0123.")}
EMAIL_ERRORS = {"invalid": _("Write an e-mail address in full, such as name@example.com.")}
TOO_LONG = {"max_length": _("Please shorten this to %(limit_value)d characters. It has %(show_value)d now.")}
NOT_OFFERED = {"invalid_choice": _("Choose from the answers that are offered.")}
SCREEN = safety.load(safety.ITEMS_FILE.read_text(), regions=Region.values)


@dataclass(frozen=True)
class Screened:
    """What the safety screen goes by: the region, the age, and the signs the person has been seen for."""

    region: str = Region.SEVERAL
    under_18: bool = False
    seen: tuple[str, ...] = ()


def choose(label, choices, error, **options):
    return forms.ChoiceField(
        label=label, choices=choices, widget=ChoiceList, error_messages={"required": error}, **options
    )


class StepForm(forms.Form):
    """One page of the request. `title` is its heading; the questions stand in `layout`."""

    title = ""
    layout: tuple = ()
    # Questions of which one is enough: not required, and not to be called optional either.
    one_of: tuple = ()
    use_required_attribute = False

    def __init__(self, *args, screened=None, **kwargs):
        """`screened` is who and where, from the answers before: what the safety screen asks depends on it."""
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.screened = screened or Screened()
        for name in self.one_of:
            self.fields[name].one_of = True
        for field in self.fields.values():
            field.error_messages |= TOO_LONG if isinstance(field, forms.CharField) else NOT_OFFERED

    @cached_property
    def helper(self):
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.layout = Layout(*(self.layout or self.fields))
        return helper

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

    def outcome(self):
        return SCREEN.outcome(self.cleaned_data.get(self.field, ()), seen=self.screened.seen)


class SafetyForm(SignsForm):
    title = _("Do any of these fit right now?")
    field = "emergency_signs"

    emergency_signs = forms.MultipleChoiceField(
        label=_("Choose everything that fits right now"),
        widget=CheckList,
        error_messages={"required": _("Choose what fits, or “None of these”.")},
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
        return [item.id for item in self.signs() if item.id in self.data.getlist(self.field)]


class UrgentForm(SignsForm):
    title = _("And any of these?")
    field = "urgent_signs"

    urgent_signs = forms.MultipleChoiceField(
        label=_("Choose everything that fits"),
        widget=CheckList,
        error_messages={"required": _("Choose what fits, or “None of these”.")},
    )

    def signs(self):
        return SCREEN.urgent(self.screened.region, under_18=self.screened.under_18)


class ProblemForm(StepForm):
    title = _("What is the problem like?")

    duration = choose(_("How long have you had it?"), Duration.choices, _("Choose how long you have had it."))
    onset = choose(_("How did it begin?"), Onset.choices, _("Choose how it began."))
    goal = forms.CharField(
        label=_("What is one activity you want to get back to?"),
        help_text=_("For example: running 5 km, lifting my child, sitting through a working day."),
        max_length=200,
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


class TimesForm(StepForm):
    title = _("When and how would you like to meet?")
    layout = ("modes", "windows", "any_time", "sooner")
    one_of = ("windows", "any_time")

    modes = forms.MultipleChoiceField(
        label=_("How would you like to meet?"),
        help_text=_("Choose all that suit you."),
        widget=CheckList,
        error_messages={"required": _("Choose at least one way to meet.")},
    )
    windows = forms.MultipleChoiceField(
        label=_("Which times suit you?"),
        help_text=_("The more you choose, the sooner we find one. Morning is until noon, evening from five."),
        required=False,
        widget=WeekGrid,
    )
    any_time = forms.BooleanField(label=_("Any time suits me"), required=False)
    sooner = forms.BooleanField(label=_("Tell me if something sooner opens"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        clinic = ClinicSettings.current()
        offered = {Mode.CLINIC: clinic.offers_clinic, Mode.PHONE: clinic.offers_phone, Mode.VIDEO: clinic.offers_video}
        self.fields["modes"].choices = [(mode.value, mode.label) for mode in Mode if offered[mode]]
        self.fields["windows"].choices = [
            (day_name, [(f"{day}-{part}", part_name.capitalize()) for part, part_name in DAY_PARTS])
            for number, (day, day_name) in enumerate(WEEKDAYS)
            # On the days on which the clinic is open; without hours of its own, from Monday to Friday.
            if (number in clinic.week if clinic.week else number < SATURDAY)
        ]

    def clean(self):
        answers = super().clean()
        if not answers.get("windows") and not answers.get("any_time") and "windows" not in self.errors:
            self.add_error("windows", _("Choose at least one time, or “Any time suits me”."))
        return answers

    def choice_labels(self, name):
        if name != "windows":
            return super().choice_labels(name)
        return [
            (code, f"{day} {part.lower()}") for day, parts in self.fields["windows"].choices for code, part in parts
        ]


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
        label=_("Full name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Write your name.")},
    )
    phone = PhoneNumberField(
        label=_("Phone number"),
        help_text=_("A phone number or an e-mail address: one is enough."),
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        error_messages=PHONE_ERRORS,
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages=EMAIL_ERRORS,
    )
    prefer = forms.ChoiceField(
        label=_("If you gave both, which should we use?"), choices=Prefer.choices, required=False, widget=ChoiceList
    )
    may_leave_voicemail = forms.BooleanField(label=_("You may leave a voicemail"), required=False)
    may_name_clinic = forms.BooleanField(label=_("You may say that it is the clinic"), required=False)
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


class CorrectContactForm(StepForm):
    """A new phone number, a new e-mail address, or both."""

    one_of = ("phone", "email")

    phone = PhoneNumberField(
        label=_("New phone number"),
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        error_messages=PHONE_ERRORS,
    )
    email = forms.EmailField(
        label=_("New e-mail address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages=EMAIL_ERRORS,
    )

    def clean(self):
        answers = super().clean()
        if not self.errors and not answers.get("phone") and not answers.get("email"):
            self.add_error("phone", _("Write the new phone number or the new e-mail address."))
        return answers


class LostLinkForm(StepForm):
    """Where the link to a patient's own page is to be sent once more."""

    email = forms.EmailField(
        label=_("The e-mail address that you gave us"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages=EMAIL_ERRORS | {"required": _("Write the e-mail address that you gave us.")},
    )


class AnswerForm(StepForm):
    """The patient's answer to the one thing that the clinic asked."""

    answer = Words(
        label=_("Your answer"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write your answer.")},
    )


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
