"""When a therapist works, and when not."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Weekday

STAFF = settings.AUTH_USER_MODEL


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
