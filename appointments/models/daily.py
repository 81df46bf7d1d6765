"""What is done once a day, whichever worker comes first."""

from django.db import models


class DailyActQuerySet(models.QuerySet):
    def is_first(self, name, *, on):
        """True for the one caller who is to do it on that day, in whose transaction the mark is made."""
        _, is_new = self.get_or_create(name=name, day=on)
        return is_new


class DailyAct(models.Model):
    """One act of one day."""

    name = models.CharField(max_length=40)
    day = models.DateField()

    objects = DailyActQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "day"], name="daily_act_is_done_once_a_day")]

    def __str__(self):
        return f"{self.name} {self.day}"
