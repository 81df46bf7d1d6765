"""What is counted and noted by the processes of the site about themselves and their visitors."""

from django.db import connection, models, transaction
from django.db.models import F
from django.db.models.functions import Now

COUNT_ONE = """
INSERT INTO clinic_tally (key, count, ends_at) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET count = clinic_tally.count + 1 RETURNING count
"""


class TallyQuerySet(models.QuerySet):
    def count_one(self, key, *, ends_at):
        """How often it was with this time. One statement, so that two at once are two."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT_ONE, [key, connection.ops.adapt_datetimefield_value(ends_at)])
            return cursor.fetchone()[0]


class Tally(models.Model):
    """How often one somebody did one thing in one stretch of time. The key is a hash that names nobody."""

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=1)
    ends_at = models.DateTimeField(db_index=True)

    objects = TallyQuerySet.as_manager()

    def __str__(self):
        return f"{self.count} until {self.ends_at:%Y-%m-%d %H:%M}"


class HeartbeatQuerySet(models.QuerySet):
    def beat(self, name, *, at):
        beat = Heartbeat(name=name, seen_at=at)
        self.bulk_create([beat], update_conflicts=True, unique_fields=["name"], update_fields=["seen_at"])

    def seen_at(self, name):
        """None where it never was at work."""
        return self.filter(name=name).values_list("seen_at", flat=True).first()

    def seen_between(self, start, end):
        """The names."""
        return set(self.filter(seen_at__range=(start, end)).values_list("name", flat=True))


class Heartbeat(models.Model):
    """When a process that answers nobody was last at work: one row for each name."""

    name = models.CharField(max_length=40, unique=True)
    seen_at = models.DateTimeField()

    objects = HeartbeatQuerySet.as_manager()

    def __str__(self):
        return self.name


class DayCountQuerySet(models.QuerySet):
    @transaction.atomic
    def add(self, counts):
        """Add so many to each day, kind and key, also where two processes are at it in the same moment."""
        # In one order, so that two who add to the same rows do not wait for each other.
        for (day, kind, key), count in sorted(counts.items()):
            once_more = {"count": F("count") + count}
            self.update_or_create(day=day, kind=kind, key=key, defaults=once_more, create_defaults={"count": count})

    def between(self, first, last):
        return self.filter(day__range=(first, last))


class DayCount(models.Model):
    """How often something was looked at on one day, such as a tip; nothing is known of who did."""

    day = models.DateField()
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=100, blank=True)
    count = models.PositiveIntegerField()

    objects = DayCountQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "kind", "key"], name="looks_are_counted_once_a_day")]

    def __str__(self):
        return f"{self.day} {self.kind} {self.key}: {self.count}"


class ShownChange(models.Model):
    """Something that readers see was changed; how other machines hear of it. Written by `clinic.generation`."""

    at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
