"""When a therapist works, when not, and which of their times are free."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appointments.clock import Hours
from appointments.free import free_starts
from clinic.models import Weekday, refuse_overlap

from .history import STAFF
from .times import HeldQuarter

# Nothing sooner is offered: the patient has to read of it first.
NOTICE = timedelta(hours=2)
FREE_DAYS = 14


class WorkingHours(models.Model):
    """One stretch of one weekday in which a therapist sees patients, in the clinic's zone.

    A therapist who has none works when the clinic is open.
    """

    therapist = models.ForeignKey(
        STAFF, on_delete=models.CASCADE, related_name="working_hours", verbose_name=_("therapist")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    starts = models.TimeField(_("starts"))
    ends = models.TimeField(_("ends"))

    class Meta:
        ordering = ["therapist", "weekday", "starts", "pk"]
        verbose_name = verbose_name_plural = _("working hours")
        constraints = [
            models.CheckConstraint(
                name="working_hours_start_before_they_end",
                condition=Q(starts__lt=F("ends")),
                violation_error_message=_("The end must be after the start."),
            ),
        ]

    def __str__(self):
        return f"{self.therapist}, {self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"

    def clean(self):
        others = WorkingHours.objects.filter(therapist_id=self.therapist_id, weekday=self.weekday).exclude(pk=self.pk)
        refuse_overlap(others.values_list("starts", "ends"), self.starts, self.ends)


class TimeOff(models.Model):
    """A stretch in which a therapist sees nobody, whatever their hours say."""

    therapist = models.ForeignKey(STAFF, on_delete=models.CASCADE, related_name="time_off", verbose_name=_("therapist"))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))

    class Meta:
        ordering = ["starts_at", "pk"]
        verbose_name = verbose_name_plural = _("time off")
        constraints = [
            models.CheckConstraint(
                name="time_off_starts_before_it_ends",
                condition=Q(starts_at__lt=F("ends_at")),
                violation_error_message=_("The end must be after the start."),
            ),
        ]

    def __str__(self):
        return f"{self.therapist}, {self.starts_at:%Y-%m-%d}"


def hours_of(therapist, *, clinic):
    """When they work, but for their time off; the clinic's own hours where they have named none."""
    week = {}
    for slot in therapist.working_hours.all():
        week.setdefault(slot.weekday, []).append((slot.starts, slot.ends))
    return Hours(week or clinic.week, clinic.holidays, clinic.tzinfo)


def free_times(therapist, *, at, clinic, days=FREE_DAYS, notice=NOTICE):
    """When the therapist could see somebody next, in order: in their hours, out of their time off, and not taken."""
    after = at + notice
    until = after + timedelta(days=days + 1)
    off = therapist.time_off.filter(starts_at__lt=until, ends_at__gt=after).values_list("starts_at", "ends_at")
    return free_starts(
        hours=hours_of(therapist, clinic=clinic),
        off=off,
        taken=HeldQuarter.objects.taken_from(therapist, after, until, at=at),
        minutes=clinic.visit_minutes,
        after=after,
        days=days,
    )
