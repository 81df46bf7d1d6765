"""What reports tell of people: numbers by week that are written once, when the week is over, and never change.

An erasure takes nothing away from them, and nothing can be read from how they change, since they do not.
"""

from datetime import datetime, time, timedelta

from django.db import models, transaction
from django.db.models import Max, Sum

from appointments.bundles import bundled

from .daily import DailyAct

WEEK = timedelta(days=7)
COUNTED = "week counted"


def monday_of(day):
    return day - timedelta(days=day.weekday())


def instants(monday, zone):
    """When a week begins and ends, in the clinic's zone."""
    return tuple(datetime.combine(day, time(), zone) for day in (monday, monday + WEEK))


class WeekCountQuerySet(models.QuerySet):
    def last_counted(self):
        return DailyAct.objects.filter(name=COUNTED).aggregate(last=Max("day"))["last"]

    @transaction.atomic
    def add(self, monday, counted):
        """Write one week, of each kind the rows given; whoever comes second writes nothing."""
        if not DailyAct.objects.is_first(COUNTED, on=monday):
            return
        owed = {}
        for each in CarriedOver.objects.all():
            owed.setdefault(each.kind, {})[each.key] = each.count
        told, left = {}, {}
        for kind, rows in counted.items():
            told[kind], left[kind] = bundled(rows, owed.get(kind, {}))
        self.bulk_create(
            WeekCount(week=monday, kind=kind, key=key, count=count)
            for kind, rows in told.items()
            for key, count in rows.items()
        )
        CarriedOver.objects.bulk_create(
            [
                CarriedOver(kind=kind, key=key, count=count)
                for kind, rows in left.items()
                for key, count in rows.items()
            ],
            update_conflicts=True,
            unique_fields=["kind", "key"],
            update_fields=["count"],
        )

    @transaction.atomic
    def begin_anew(self):
        """Forget what was counted, so that it is counted again: for the sample year alone."""
        self.all().delete()
        CarriedOver.objects.all().delete()
        DailyAct.objects.filter(name=COUNTED).delete()

    def between(self, first, last):
        """The weeks from the one that begins on `first` to the one that begins on `last`."""
        return self.filter(week__range=(first, last))

    def by_week(self, kind):
        return dict(self.filter(kind=kind).values_list("week").annotate(Sum("count")).order_by("week"))


class WeekCount(models.Model):
    """So many people of one kind in one week, in whole bundles of five."""

    week = models.DateField()
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=40, blank=True)
    count = models.PositiveIntegerField()

    objects = WeekCountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["week", "kind", "key"], name="people_are_counted_once_a_week"),
        ]

    def __str__(self):
        return f"{self.week} {self.kind} {self.key}: {self.count}"


class CarriedOver(models.Model):
    """What belongs to one row of a report and is in no bundle yet: of all time, under no date, shown nowhere."""

    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=40, blank=True)
    count = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="carried_over_is_one_number_a_row")]

    def __str__(self):
        return f"{self.kind} {self.key}"
