from django.db import models
from django.db.models import F


class GuideDownloadQuerySet(models.QuerySet):
    def count_one(self, guide, *, day):
        """Once more on this day, also where two are at it in the same moment."""
        self.update_or_create(
            tip_id=guide.pk, day=day, defaults={"count": F("count") + 1}, create_defaults={"count": 1}
        )


class GuideDownload(models.Model):
    """How often a guide was fetched as a PDF on one day; nothing is known of who did."""

    tip = models.ForeignKey("tips.Tip", on_delete=models.CASCADE, related_name="downloads")
    day = models.DateField()
    count = models.PositiveIntegerField()

    objects = GuideDownloadQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "tip"]
        constraints = [models.UniqueConstraint(fields=["tip", "day"], name="downloads_are_counted_once_a_day")]

    def __str__(self):
        return f"{self.day}: {self.count}"
