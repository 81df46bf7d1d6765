"""Working hours and time off: the owner keeps everybody's, a therapist their own."""

from contextlib import contextmanager
from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from appointments.models import OfferedTime, TimeOff, WorkingHours, hours_of
from appointments.models.times import hold_days_of
from appointments.people import OVERSEE, therapists
from clinic.models import ClinicSettings
from clinic.wording import named

# Nobody books further ahead.
FARTHEST = timedelta(days=366)
# What is said of the times that are booked, and of those that are offered.
IN_THAT_TIME = {
    True: _("Still booked in that time: {}. Please agree on another one with each."),
    False: _("Still offered in that time: {}. Please take the offer back before the patient chooses it."),
}
OUTSIDE = {
    True: _("Still booked outside the new hours: {}. Please agree on another time with each, unless it is meant."),
    False: _("Still offered outside the new hours: {}. Please take the offer back, unless it is meant."),
}


class BrowsersOwnFields:
    """Dates and times in the browser's own fields: without a script, and without its note on other time zones than the clinic's."""

    formfield_overrides = {
        models.DateField: {
            "form_class": forms.DateField,
            "widget": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        },
        models.TimeField: {
            "form_class": forms.TimeField,
            "widget": forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 900}),
        },
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        },
    }


class KeptByTheirOwner(BrowsersOwnFields, admin.ModelAdmin):
    """Rows of a therapist. Only who oversees meets the rows of others, and chooses whose a row is."""

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("therapist")
        return rows if request.user.has_perm(OVERSEE) else rows.filter(therapist=request.user)

    def get_exclude(self, request, obj=None):
        return [] if request.user.has_perm(OVERSEE) else ["therapist"]

    def get_list_display(self, request):
        return self.list_display if request.user.has_perm(OVERSEE) else self.list_display[1:]

    def formfield_for_dbfield(self, field, request, **options):
        """Whose it is, out of those who see patients, and without the buttons that lead to their accounts."""
        if field.name != "therapist":
            return super().formfield_for_dbfield(field, request, **options)
        return field.formfield(queryset=therapists())

    def history_view(self, request, object_id, extra_context=None):
        """Django looks for the row first, and tells whoever may see none that it is not there."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_form(self, request, obj=None, change=False, **options):
        form = super().get_form(request, obj, change, **options)
        if request.user.has_perm(OVERSEE):
            return form

        class Own(form):
            """Theirs before it is checked, and not only as it is saved: it is held against their other rows."""

            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.instance.therapist = request.user

        return Own


class NamesWhatFallsOut:
    """Hours in which patients are seen: whoever changes them hears of each promised time that was in them and is no more."""

    def changeform_view(self, request, *args, **kwargs):
        with naming_what_falls_out(request):
            return super().changeform_view(request, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs):
        with naming_what_falls_out(request):
            return super().changelist_view(request, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        with naming_what_falls_out(request):
            return super().delete_view(request, *args, **kwargs)


class WorkingHoursAdmin(NamesWhatFallsOut, KeptByTheirOwner):
    list_display = ["therapist", "weekday", "starts", "ends"]

    def changelist_view(self, request, extra_context=None):
        rule = _("Whoever has named none works when the clinic is open; whoever has named some works in those alone.")
        words = {"title": _("Working hours"), "subtitle": rule}
        return super().changelist_view(request, words | (extra_context or {}))

    def save_model(self, request, hours, form, change):
        """The first hours that somebody names end all their other days, which nobody would guess from one row."""
        super().save_model(request, hours, form, change)
        kept = hours.therapist.working_hours.values_list("weekday", flat=True)
        if ended := sorted(set(ClinicSettings.current().week) - set(kept)):
            words = _("%(person)s sees nobody on these days, until there are hours for them too: %(days)s.")
            messages.warning(request, words % {"person": hours.therapist, "days": named(ended)})


class TimeOffAdmin(KeptByTheirOwner):
    list_display = ["therapist", "starts_at", "ends_at"]
    ordering = ["-starts_at", "-pk"]

    def save_model(self, request, off, form, change):
        hold_days_of(off.therapist)
        super().save_model(request, off, form, change)
        tell_what_stands(request, off.starts_at, off.ends_at, therapist=off.therapist)


def tell_what_stands(request, start, end, **whose):
    """Nothing that was agreed is moved by time off or a holiday; whoever enters one hears what stands in that time."""
    promised = OfferedTime.objects.promised_between(start, end, at=timezone.now()).filter(**whose)
    name_each(request, promised.select_related("consultation"), IN_THAT_TIME)


@contextmanager
def naming_what_falls_out(request):
    """Around what may change somebody's hours, which moves nothing that was agreed either."""
    if request.method != "POST":
        yield
        return
    now = timezone.now()
    before = promised_in_hours(at=now)
    yield
    still = set(promised_in_hours(at=now))
    name_each(request, [time for time in before if time not in still], OUTSIDE)


def promised_in_hours(*, at):
    """What is agreed or offered, as far ahead as anything is, when its therapist sees patients."""
    clinic, hours = ClinicSettings.current(), {}
    promised = OfferedTime.objects.promised_between(at, at + FARTHEST, at=at).select_related(
        "consultation", "therapist"
    )
    for time in promised:
        if time.therapist not in hours:
            hours[time.therapist] = hours_of(time.therapist, clinic=clinic)
    return [time for time in promised if hours[time.therapist].hold(time.starts_at, time.ends_at)]


def name_each(request, times, words):
    """The requests of these times, each as a link to its page: first the booked, then the offered."""
    for is_booked, said in words.items():
        these = dict.fromkeys(each.consultation.reference for each in times if bool(each.booked_at) == is_booked)
        links = ((reverse("admin:consultation", args=[reference]), reference) for reference in these)
        if these:
            messages.warning(request, format_html(said, format_html_join(", ", '<a href="{}">{}</a>', links)))


def register_hours(site):
    site.register(WorkingHours, WorkingHoursAdmin)
    site.register(TimeOff, TimeOffAdmin)
