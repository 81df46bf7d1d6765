"""Tips and guides: what they say, who stands behind it, and which text is live."""

import math
import re

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..markdown import plain_text, to_html

WORDS_PER_MINUTE = 220


# What no page, feed or PDF can show.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def tidy(text):
    """Text as it is kept, whatever browser sent it: lines end alike, and nothing in it is invisible."""
    return CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class TipKind(models.TextChoices):
    TIP = "tip", _("Tip")
    GUIDE = "guide", _("Guide")


class TipStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    ARCHIVED = "archived", _("Archived")


# Every move a tip may make; a move that is not listed is refused.
TRANSITIONS = {
    TipStatus.DRAFT: {TipStatus.APPROVED, TipStatus.ARCHIVED},
    TipStatus.APPROVED: {TipStatus.APPROVED, TipStatus.ARCHIVED},
    TipStatus.ARCHIVED: {TipStatus.DRAFT},
}


class TransitionNotAllowed(Exception):
    """The tip cannot go there from where it is; nothing was changed."""


class Topic(models.Model):
    """What a tip is about, as readers would look for it."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    description = models.CharField(_("description"), max_length=160, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("tips:topic", args=[self.slug])


class TipQuerySet(models.QuerySet):
    def published(self, *, at):
        """What a reader may see at this instant: lists, feed, sitemap and pages all ask here."""
        return self.filter(
            Q(expire_at__isnull=True) | Q(expire_at__gt=at),
            status=TipStatus.APPROVED,
            live__isnull=False,
            publish_at__lte=at,
        )

    def tips(self):
        return self.filter(kind=TipKind.TIP)

    def guides(self):
        return self.filter(kind=TipKind.GUIDE)

    def for_list(self):
        return self.select_related("live", "author").prefetch_related("topics").order_by("-publish_at", "-pk")

    def matching(self, words):
        """Tips whose live text holds every word."""
        found = self
        for word in words.split()[:8]:
            found = found.filter(
                Q(live__title__icontains=word) | Q(live__summary__icontains=word) | Q(live__body__icontains=word)
            )
        return found


class Tip(models.Model):
    """An article, or a guide to keep: its address, its standing and the people behind it.

    The text is in `TipRevision` rows that never change; `live` is the one readers
    see. Only the methods below move the status or the live text.
    """

    kind = models.CharField(max_length=10, choices=TipKind, default=TipKind.TIP, editable=False)
    slug = models.SlugField(_("address"), max_length=80, help_text=_("The last part of the page's address."))
    status = models.CharField(_("status"), max_length=20, choices=TipStatus, default=TipStatus.DRAFT, editable=False)
    live = models.ForeignKey(
        "TipRevision", null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    topics = models.ManyToManyField(Topic, verbose_name=_("topics"), related_name="tips", blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), on_delete=models.PROTECT, related_name="+"
    )
    clinical_reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("clinical reviewer"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    last_reviewed = models.DateField(_("last reviewed"), null=True, blank=True)
    next_review = models.DateField(_("next review"), null=True, blank=True)
    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True)
    expire_at = models.DateTimeField(_("expire at"), null=True, blank=True)

    objects = TipQuerySet.as_manager()

    class Meta:
        verbose_name = _("tip")
        verbose_name_plural = _("tips")
        permissions = [("publish_tip", "Can publish and archive tips and guides")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "slug"],
                name="tip_has_an_address_of_its_own",
                violation_error_message=_("Another page already has this address."),
            ),
            models.CheckConstraint(
                name="approved_tip_has_a_live_text_and_a_date",
                condition=~Q(status=TipStatus.APPROVED) | Q(live__isnull=False, publish_at__isnull=False),
            ),
            models.CheckConstraint(
                name="tip_expires_after_it_is_published",
                condition=Q(expire_at__isnull=True) | Q(publish_at__isnull=True) | Q(expire_at__gt=F("publish_at")),
                violation_error_message=_("It must expire after it is published."),
            ),
            models.CheckConstraint(
                name="tip_is_reviewed_again_after_its_last_review",
                condition=Q(next_review__isnull=True)
                | Q(last_reviewed__isnull=True)
                | Q(next_review__gt=F("last_reviewed")),
                violation_error_message=_("The next review must be after the last one."),
            ),
        ]

    def __str__(self):
        latest = self.live or self.latest
        return latest.title if latest else self.slug

    def get_absolute_url(self):
        return reverse("tips:guide" if self.kind == TipKind.GUIDE else "tips:detail", args=[self.slug])

    # Transitions

    @transaction.atomic
    def revise(self, *, by, at, **text):
        """Keep a new text; the live one stays until `publish`. Saving the same text again keeps nothing."""
        # One at a time: two who save at once would both number their text the same.
        Tip.objects.select_for_update().get(pk=self.pk)
        text = {field: tidy(value) for field, value in text.items()}
        latest = self.latest
        if latest and all(getattr(latest, field) == value for field, value in text.items()):
            return latest
        number = latest.number + 1 if latest else 1
        return self.revisions.create(number=number, written_by=by, written_at=at, **text)

    def publish(self, *, at):
        latest = self.latest
        if latest is None:
            raise TransitionNotAllowed(_("There is no text to publish yet."))
        publish_at = self.publish_at or at
        if self.expire_at and self.expire_at <= publish_at:
            raise TransitionNotAllowed(_("It would expire before it is published. Change one of the two dates."))
        self._move_to(TipStatus.APPROVED, live=latest, publish_at=publish_at)

    def archive(self):
        self._move_to(TipStatus.ARCHIVED)

    def take_up_again(self):
        self._move_to(TipStatus.DRAFT)

    def _move_to(self, status, **changes):
        """Change the status as it was read, or nothing: of two people at once the second is told."""
        if status not in TRANSITIONS[self.status]:
            raise TransitionNotAllowed(
                _("A page that is %(from)s cannot become %(to)s.")
                % {"from": self.get_status_display().lower(), "to": TipStatus(status).label.lower()}
            )
        changes["status"] = status
        if not Tip.objects.filter(pk=self.pk, status=self.status, live=self.live_id).update(**changes):
            raise TransitionNotAllowed(_("Somebody else has just changed this page. Look again before you go on."))
        for field, value in changes.items():
            setattr(self, field, value)

    # Queries

    @property
    def latest(self):
        return self.revisions.order_by("-number").first() if self.pk else None

    def is_live(self, *, at):
        return Tip.objects.published(at=at).filter(pk=self.pk).exists()


class Guide(Tip):
    """A tip that is also a PDF to keep; listed on its own for editors."""

    class Meta:
        proxy = True
        verbose_name = _("guide")
        verbose_name_plural = _("guides")


class TipRevision(models.Model):
    """The text of a tip as somebody left it: written once, never changed."""

    append_only = True

    tip = models.ForeignKey(Tip, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=120)
    summary = models.CharField(_("summary"), max_length=300)
    body = models.TextField(_("text"), max_length=60_000)
    sources = models.TextField(_("sources"), max_length=10_000, blank=True)
    call_to_action = models.CharField(_("call to action"), max_length=200, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["tip", "number"]
        constraints = [models.UniqueConstraint(fields=["tip", "number"], name="revision_is_numbered_within_its_tip")]

    def __str__(self):
        return f"{self.title} ({self.number})"

    @property
    def html(self):
        return to_html(self.body)

    @property
    def source_list(self):
        return [to_html(line) for line in self.sources.splitlines() if line.strip()]

    @property
    def reading_minutes(self):
        return max(1, math.ceil(len(re.findall(r"\w+", plain_text(self.body))) / WORDS_PER_MINUTE))
