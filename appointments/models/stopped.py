"""How often the safety screen sent somebody to emergency care: a count by day, and nothing about anybody."""

from django.db import models
from django.db.models import F


class StoppedVisitQuerySet(models.QuerySet):
    def count_one(self, *, on):
        self.get_or_create(day=on)
        self.filter(day=on).update(count=F("count") + 1)


class StoppedVisit(models.Model):
    """The stop pages that were shown on one day."""

    day = models.DateField(unique=True)
    count = models.PositiveIntegerField(default=0)

    objects = StoppedVisitQuerySet.as_manager()

    def __str__(self):
        return f"{self.day}: {self.count}"
