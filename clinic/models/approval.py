"""What people of the clinic have read and stand for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .people import User


class Subject(models.TextChoices):
    SAFETY = "safety", _("The safety screen")
    PRIVACY = "privacy", _("The privacy notice")


class Approval(models.Model):
    """That somebody has read one version of a text and stands for it: written once. A changed text is a new version."""

    append_only = True

    subject = models.CharField(max_length=20, choices=Subject)
    version = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "version", "by"], name="approval_is_given_once_by_each"),
        ]

    def __str__(self):
        return f"{self.subject} {self.version}"
