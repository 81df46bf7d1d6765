"""What people of the clinic have read and stand for."""

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from .people import User


class Subject(models.TextChoices):
    SAFETY = "safety", _("The safety screen")
    PRIVACY = "privacy", _("The privacy notice")


# How many stand for a text. Of those for the safety screen one is a clinician, by the letters behind the name: the
# right to stand for it was looked at as they did.
APPROVERS = {Subject.SAFETY: 2, Subject.PRIVACY: 1}


class ApprovalQuerySet(models.QuerySet):
    def in_full(self):
        """The texts, by subject and version, that enough people have stood for; whatever they do here since."""
        texts = (
            self.order_by()
            .values("subject", "version")
            .annotate(people=Count("by", distinct=True), clinicians=Count("by", filter=~Q(by__credentials="")))
        )
        return {
            (text["subject"], text["version"])
            for text in texts
            if text["people"] >= APPROVERS[text["subject"]]
            and (text["clinicians"] or text["subject"] != Subject.SAFETY)
        }


class Approval(models.Model):
    """That somebody has read one version of a text and stands for it, on that day. A changed text is a new version."""

    append_only = True

    subject = models.CharField(max_length=20, choices=Subject)
    version = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ApprovalQuerySet.as_manager()

    def __str__(self):
        return f"{self.subject} {self.version}"
