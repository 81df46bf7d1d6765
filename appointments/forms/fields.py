"""What the patient's forms are made of: widgets, error messages, and the form that each page extends."""

import re
from datetime import time

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.encoding import punycode
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from appointments.free import FIVE, NOON
from appointments.models.statement import DAY_PARTS, WEEKDAYS
from clinic.models import ClinicSettings, Weekday

PART_HOURS = {"am": (time.min, time(NOON)), "pm": (time(NOON), time(FIVE)), "eve": (time(FIVE), time.max)}
# In quotation marks a name may hold anything, and "=?" begins a code in the head of a mail. A host without a dot is our own.
PLAIN_ADDRESS = re.compile(r"(?!.*=\?)[^\"@]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")
TOO_LONG = {"max_length": _("Please shorten this to %(limit_value)d characters. It has %(show_value)d now.")}
NOT_OFFERED = {"invalid_choice": _("Choose from the answers that are offered.")}


class ChoiceList(forms.RadioSelect):
    template_name = "clinic_forms/choices.html"


class CheckList(forms.CheckboxSelectMultiple):
    template_name = "clinic_forms/choices.html"


class Scale(forms.RadioSelect):
    template_name = "clinic_forms/scale.html"


class WeekGrid(forms.CheckboxSelectMultiple):
    template_name = "clinic_forms/week.html"


class Phone(PhoneNumberField):
    """A number as it is kept, which is without an extension: who has one is told so, and not called at the switchboard."""

    default_error_messages = {
        "invalid": _("Write a phone number with its area code, such as (407) 555-0123."),
        "extension": _("Write a number that reaches you directly, without an extension."),
    }

    def __init__(self, **options):
        super().__init__(widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}), **options)

    def clean(self, value):
        number = super().clean(value)
        if number and number.extension:
            raise forms.ValidationError(self.error_messages["extension"], code="extension")
        return number


class Email(forms.EmailField):
    """An address that can be written into the head of a mail as it is; Django and the standard allow more."""

    widget = forms.EmailInput(attrs={"autocomplete": "email"})
    default_error_messages = {"invalid": _("Write an e-mail address in full, such as name@example.com.")}

    def __init__(self, **options):
        super().__init__(max_length=254, **options)

    def clean(self, value):
        address = super().clean(value)
        if address and not is_plain(address):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return address


def is_plain(address):
    name, _at, host = address.rpartition("@")
    try:
        # As it is written into the mail; in other scripts there are signs that only then become an "@".
        host = punycode(host)
    except UnicodeError:
        return False
    return name.isascii() and bool(PLAIN_ADDRESS.fullmatch(f"{name}@{host}"))


class Words(forms.CharField):
    """Free text whose length is counted as browsers count it: the end of a line is one character."""

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n")


class OneOf(forms.ChoiceField):
    """A question with the same answers for everybody: a form that is made takes them as they are, and copies none."""

    def __deepcopy__(self, memo):
        return super().__deepcopy__(memo | {id(self.choices): self.choices})


def choose(label, choices, error, **options):
    return OneOf(label=label, choices=choices, widget=ChoiceList, error_messages={"required": error}, **options)


class PageForm(forms.Form):
    """One page that a patient fills in. `title` is its heading; the questions stand in `layout`."""

    title = ""
    layout: tuple = ()
    # Questions of which one is enough: not required, and not to be called optional either.
    one_of: tuple = ()
    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name in self.one_of:
            self.fields[name].one_of = True
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.error_messages |= TOO_LONG
                # With it a browser cuts off what is pasted, and says nothing.
                field.widget.attrs.pop("maxlength", None)
            elif not isinstance(field, forms.ModelChoiceField):
                field.error_messages |= NOT_OFFERED

    @cached_property
    def helper(self):
        helper = FormHelper()
        helper.layout = Layout(*(self.layout or self.fields))
        return helper


def is_open(stretches, part):
    begins, ends = PART_HOURS[part]
    return any(opens < ends and closes > begins for opens, closes in stretches)


class WishesForm(PageForm):
    """When a patient can come: windows of the week, or any time."""

    one_of = ("windows", "any_time")

    any_time = forms.BooleanField(label=_("Any time suits me"), required=False)
    windows = forms.MultipleChoiceField(
        label=_("Which times suit you?"),
        help_text=_("The more you choose, the sooner we find one. Morning is until noon, evening from five."),
        required=False,
        widget=WeekGrid,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # When the clinic is open; without hours of its own, all day from Monday to Friday.
        week = ClinicSettings.current().week or {day: [(time.min, time.max)] for day in range(Weekday.SATURDAY)}
        self.fields["windows"].choices = [
            (
                day_name,
                [(f"{day}-{part}", name.capitalize()) for part, name in DAY_PARTS if is_open(week[number], part)],
            )
            for number, (day, day_name) in enumerate(WEEKDAYS)
            if number in week
        ]

    def clean(self):
        answers = super().clean()
        if not answers.get("windows") and not answers.get("any_time") and "windows" not in self.errors:
            self.add_error("windows", _("Choose at least one time, or “Any time suits me”."))
        return answers
