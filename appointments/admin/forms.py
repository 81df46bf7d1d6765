"""What staff fill in on the page of a request."""

from datetime import UTC, datetime, timedelta
from itertools import groupby

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.forms import CorrectContactForm
from appointments.forms.fields import Words
from appointments.free import window_of
from appointments.models import DeclineReason, NextStep, free_times, hours_of
from appointments.models.hours import NOTICE
from appointments.models.statement import Mode
from appointments.models.times import TAKEN
from appointments.people import therapists
from clinic.models import ClinicSettings
from clinic.wording import spoken

MOST_TIMES = 3
# How many suiting times are shown at once, and how many of one part of a day: enough to choose from at a glance.
SHOWN, SHOWN_OF_A_WINDOW = 12, 3


class DeskForm(forms.Form):
    """A form of the request page: its fields sit in the admin's own layout."""

    use_required_attribute = False
    template = "admin/fields.html"

    def __init__(self, *args, consultation, user, at, **kwargs):
        super().__init__(*args, auto_id=f"id_{type(self).__name__.lower()}_%s", **kwargs)
        self.consultation, self.user, self.at = consultation, user, at

    @property
    def answers(self):
        """What the transition is called with."""
        return self.cleaned_data


class AskForm(DeskForm):
    question = Words(
        label=_("Question for the patient"),
        help_text=_(
            "At most 300 characters. The mail says only that there is a question; it is read on the patient’s own page."
        ),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class LogAnswerForm(DeskForm):
    text = Words(
        label=_("What the patient said on the phone"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class CorrectionForm(DeskForm, CorrectContactForm):
    """What the patient fills in on their own page, written down in a call: no browser offers the therapist's own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix=None, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"


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
    reason = forms.ChoiceField(
        label=_("Reason, as the patient reads it"), choices=[("", _("Choose a reason")), *DeclineReason.choices]
    )
    next_step = forms.ChoiceField(label=_("Next step"), choices=[("", _("Choose a next step")), *NextStep.choices])


class HandOverForm(DeskForm):
    to = forms.ModelChoiceField(label=_("To"), queryset=None, empty_label=_("Choose a colleague"))
    reason = forms.CharField(
        label=_("Why it is handed over"),
        help_text=_(
            "Whoever had it and whoever gets it are told; so are the owners where a therapist takes it over. The reason stays with the request."
        ),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Whoever is on the page as well, such as an owner who sees no patients: there is no other way to act on it.
        others = get_user_model().objects.exclude(pk=self.consultation.assigned_to_id)
        may_have_it = Q(pk__in=therapists().values("pk")) | Q(pk=self.user.pk)
        self.fields["to"].queryset = others.filter(may_have_it).order_by("display_name", "pk")


class RescheduleForm(DeskForm):
    reason = forms.CharField(
        label=_("Why the time does not hold"),
        help_text=_("For the team. The patient reads only that the time has changed."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class VisitForm(DeskForm):
    """A form that ends in a visit: how to meet, in the ways that the patient chose first."""

    mode = forms.ChoiceField(
        label=_("How"),
        choices=[],
        error_messages={"invalid_choice": _("The clinic does not offer that way to meet any more. Choose another.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        statement = self.consultation.statement
        wished = {mode for mode in statement.modes if mode != Mode.PHONE or statement.phone}
        offered = Mode.offered_by(ClinicSettings.current())
        self.fields["mode"].choices = sorted(offered, key=lambda choice: choice[0] not in wished)
        self.therapist = self.consultation.assigned_to or self.user

    def clean_mode(self):
        if self.cleaned_data["mode"] == Mode.PHONE and not self.consultation.statement.phone:
            raise forms.ValidationError(_("They gave no phone number. Ask for it first, or meet in another way."))
        return self.cleaned_data["mode"]

    @property
    def answers(self):
        return self.cleaned_data | {"minutes": ClinicSettings.current().visit_minutes}


class ProposeForm(VisitForm):
    """Free times of the therapist, those that suit the patient first; none of those is one that they had and did not keep."""

    template = "admin/appointments/propose.html"

    times = forms.TypedMultipleChoiceField(
        label=_("Times to offer"),
        coerce=datetime.fromisoformat,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose one to three times."), "invalid_choice": TAKEN},
    )
    field_order = ["times", "mode"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        clinic = ClinicSettings.current()
        # What a page offered some minutes ago may still be sent.
        notice = NOTICE / 2 if self.is_bound else NOTICE
        free = list(free_times(self.therapist, at=self.at, clinic=clinic, notice=notice))
        self.fields["times"].choices = [(start.isoformat(), spoken(start, clinic.tzinfo)) for start in free]
        statement = self.consultation.statement
        self.had = set(self.consultation.times.released().values_list("starts_at", flat=True))
        fresh = [start for start in free if start not in self.had]
        suits = [t for t in fresh if statement.any_time or window_of(t, zone=clinic.tzinfo) in statement.windows]
        suiting = few_of_each_window(suits, clinic.tzinfo)
        self.suiting = self.by_day(suiting)
        self.others = self.by_day([start for start in free if start not in suiting])

    def by_day(self, starts):
        """The check-boxes of some times, under the day that each is on."""
        boxes = {box.data["value"]: box for box in self["times"]}
        return [
            (day, [(boxes[start.isoformat()], timezone.localtime(start)) for start in of_the_day])
            for day, of_the_day in groupby(starts, key=lambda start: timezone.localtime(start).date())
        ]

    def clean_times(self):
        times = self.cleaned_data["times"]
        if len(times) > MOST_TIMES:
            raise forms.ValidationError(_("Choose at most three times."))
        return times


def few_of_each_window(starts, zone):
    """The first of them, and of each part of a day only so many that other days are seen as well."""
    shown, of_window = [], {}
    for start in starts:
        window = (start.astimezone(zone).date(), window_of(start, zone=zone))
        of_window[window] = of_window.get(window, 0) + 1
        if of_window[window] <= SHOWN_OF_A_WINDOW:
            shown.append(start)
        if len(shown) == SHOWN:
            break
    return shown


class BookForm(VisitForm):
    """A time that was agreed on the phone, at any quarter hour; outside the therapist's hours only where that is meant."""

    start = forms.DateTimeField(
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 900}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Give a date and a time, such as 2026-03-09 10:30.")},
    )
    field_order = ["start", "mode"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["start"].label = _("Agreed time with %(who)s") % {"who": self.therapist}

    def clean_start(self):
        start = self.cleaned_data["start"].astimezone(UTC)
        if start.minute % 15 or start.second or start.microsecond:
            raise forms.ValidationError(_("Visits begin on a quarter hour, such as 10:00, 10:15 or 10:30."))
        if start <= self.at:
            raise forms.ValidationError(_("That time has passed. Give one that is still to come."))
        if start > self.at + timedelta(days=365):
            raise forms.ValidationError(_("That is more than a year ahead. Please look at the year."))
        return start

    def clean(self):
        if start := self.cleaned_data.get("start"):
            self.refuse_when_away(start)
        return self.cleaned_data

    def refuse_when_away(self, start):
        clinic, who = ClinicSettings.current(), {"who": self.therapist}
        end = start + timedelta(minutes=clinic.visit_minutes)
        if self.therapist.time_off.filter(starts_at__lt=end, ends_at__gt=start).exists():
            self.add_error("start", _("%(who)s has time off then. Choose another time.") % who)
            return
        is_in_hours = hours_of(self.therapist, clinic=clinic).hold(start, end)
        if not is_in_hours:
            self.fields["all_the_same"] = forms.BooleanField(label=_("Book it all the same"), required=False)
        if not is_in_hours and not self.data.get("all_the_same"):
            self.add_error("start", _("That is outside the hours in which %(who)s sees patients. Is it meant?") % who)


class ChooseForm(DeskForm):
    """One of the times that stand offered, taken on the phone."""

    time = forms.ModelChoiceField(
        label=_("Which one"),
        queryset=None,
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the times."), "invalid_choice": TAKEN},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["time"].queryset = self.consultation.times.held(at=self.at)
        self.fields["time"].label_from_instance = lambda time: spoken(time.starts_at, timezone.get_current_timezone())
