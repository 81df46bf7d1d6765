from django.db import models


class ImportedTip(models.Model):
    """Where an imported tip came from, so that it is not imported again."""

    source = models.CharField(max_length=300, unique=True)
    tip = models.ForeignKey("tips.Tip", on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64)
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["source"]

    def __str__(self):
        return self.source
