"""What happened to an article beside its texts: who agreed to what, where it was found before, who was shown a draft."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.regions import Region
from clinic.wording import in_full

from .states import TipStatus

STAFF = settings.AUTH_USER_MODEL
PREVIEW_LIVES = timedelta(days=7)
READ_AGAIN = _("Read again, unchanged.")
SIGNER = signing.Signer(salt="tips.preview")


def labels(regions):
    return [Region(region).label for region in regions]


def in_words(fact):
    return in_full(fact, timezone.get_current_timezone()) if isinstance(fact, datetime) else str(fact)


def changed_to(label, old, new):
    """What became of a fact, in words; nothing where it is the same."""
    before, after = (", ".join(sorted(map(in_words, filter(None, facts)))) or "–" for facts in (old, new))
    return f"{label}: {before} → {after}" if before != after else ""


class TipStep(models.Model):
    """One step of a text on its way, or one change of the facts around it; `comment` says why, or what."""

    append_only = True

    tip = models.ForeignKey("tips.Tip", on_delete=models.PROTECT, related_name="steps")
    revision = models.ForeignKey("tips.TipRevision", null=True, on_delete=models.PROTECT, related_name="+")
    from_status = models.CharField(max_length=20)
    to_status = models.CharField(max_length=20)
    comment = models.TextField(_("comment"), max_length=2_000, blank=True)
    by = models.ForeignKey(STAFF, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self):
        return f"{self.from_status} → {self.to_status}"

    @property
    def is_without_review(self):
        """Of what readers see a reason is kept only where nobody else could agree to it."""
        return self.revision_id and self.to_status == TipStatus.APPROVED and self.comment not in ("", READ_AGAIN)


class TipRegion(models.Model):
    """A part of the body that a tip is for."""

    tip = models.ForeignKey("tips.Tip", on_delete=models.CASCADE, related_name="regions")
    region = models.CharField(max_length=20)

    class Meta:
        ordering = ["tip", "region"]
        constraints = [models.UniqueConstraint(fields=["tip", "region"], name="tip_is_for_a_region_once")]

    def __str__(self):
        return self.region


class FormerAddress(models.Model):
    """A path at which readers once found a tip; it leads to where the tip is now, for ever."""

    path = models.CharField(max_length=300, unique=True)
    tip = models.ForeignKey("tips.Tip", on_delete=models.CASCADE, related_name="former_addresses")

    class Meta:
        ordering = ["path"]

    def __str__(self):
        return self.path


class PreviewLink(models.Model):
    """Leave for somebody without an account to read the newest text, for a week or until it is taken back."""

    tip = models.ForeignKey("tips.Tip", on_delete=models.CASCADE, related_name="preview_links")
    made_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self):
        return f"{self.tip_id}, {self.made_at:%Y-%m-%d}"

    def get_absolute_url(self):
        return reverse("tips:shared_preview", args=[SIGNER.sign(str(self.pk))])

    @property
    def ends_at(self):
        return self.made_at + PREVIEW_LIVES

    @classmethod
    def for_token(cls, token, *, at):
        """The link that this secret opens at this instant; None for a forged, an old or a revoked one."""
        try:
            pk = SIGNER.unsign(token)
        except signing.BadSignature:
            return None
        alive = cls.objects.filter(revoked_at__isnull=True, made_at__gt=at - PREVIEW_LIVES)
        alive = alive.exclude(tip__status=TipStatus.ARCHIVED)
        return alive.select_related("tip__author").filter(pk=pk).first()

    def revoke(self, *, at):
        PreviewLink.objects.filter(pk=self.pk, revoked_at__isnull=True).update(revoked_at=at)
