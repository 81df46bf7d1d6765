"""What is counted and noted by the processes of the site about themselves and their visitors."""

from django.db import models


class Tally(models.Model):
    """How often one somebody did one thing in one stretch of time. The key is a hash that names nobody."""

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=1)
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self):
        return f"{self.count} until {self.ends_at:%Y-%m-%d %H:%M}"


class HeartbeatQuerySet(models.QuerySet):
    def beat(self, name, *, at):
        beat = Heartbeat(name=name, seen_at=at)
        self.bulk_create([beat], update_conflicts=True, unique_fields=["name"], update_fields=["seen_at"])

    def seen_between(self, name, start, end):
        return self.filter(name=name, seen_at__range=(start, end)).exists()


class Heartbeat(models.Model):
    """When a process that answers nobody was last at work: one row for each name."""

    name = models.CharField(max_length=40, unique=True)
    seen_at = models.DateTimeField()

    objects = HeartbeatQuerySet.as_manager()

    def __str__(self):
        return self.name
