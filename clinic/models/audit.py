"""Who looked at what."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .people import User


class AuditAction(models.TextChoices):
    OPENED = "opened", _("Opened")
    LISTED = "listed", _("Listed")
    SEARCHED = "searched", _("Searched")


class AuditEntry(models.Model):
    """Who looked at what, and when: written once, holding no word of a patient."""

    append_only = True

    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=20, choices=AuditAction)
    reference = models.CharField(max_length=20, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["at", "id"], name="audit_by_time")]

    def __str__(self):
        return f"{self.get_action_display()} {self.reference}".strip()
