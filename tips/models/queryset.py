"""Which articles: what readers may see at an instant, and what waits for whom."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from clinic.models import ClinicSettings

from .history import TipStep
from .revision import TipRevision
from .states import TipKind, TipStatus

# How long before its next review an article's people are told, and how long after it lists still show it.
TOLD_BEFORE = timedelta(days=30)
LISTED_AFTER = timedelta(days=90)


class TipQuerySet(models.QuerySet):
    # Readers

    def published(self, *, at):
        """The pages that open for a reader at this instant: dates decide, and nothing has to run."""
        return self.filter(
            Q(expire_at__isnull=True) | Q(expire_at__gt=at), ~self.archived, live__isnull=False, publish_at__lte=at
        )

    def listed(self, *, at):
        """What lists, search, feed, sitemap and the tips beside a tip offer: not what nobody has reviewed for too long."""
        long_overdue = timezone.localdate(at) - LISTED_AFTER
        return self.published(at=at).filter(Q(next_review__isnull=True) | Q(next_review__gt=long_overdue))

    def gone(self, *, at):
        """What readers could open once and no longer can."""
        return self.filter(self.archived | Q(expire_at__lte=at), live__isnull=False)

    def next_change(self, *, at):
        """When what readers may see changes next by itself: an article comes or goes; None if never.

        What depends on the day, such as a review that is due, changes at midnight.
        """
        facts = self.aggregate(
            comes=Min("publish_at", filter=Q(publish_at__gt=at)), goes=Min("expire_at", filter=Q(expire_at__gt=at))
        )
        return min(filter(None, facts.values()), default=None)

    def tips(self):
        return self.filter(kind=TipKind.TIP)

    def guides(self):
        return self.filter(kind=TipKind.GUIDE)

    def for_list(self):
        return self.select_related("live", "author").prefetch_related("topics").order_by("-publish_at", "-pk")

    def with_changed_at(self):
        """Each with the instant at which the text that readers see became theirs, which is after it was written."""
        steps = TipStep.objects.filter(tip=OuterRef("pk"), revision__isnull=False, to_status=TipStatus.APPROVED)
        went_live = steps.exclude(from_status=TipStatus.APPROVED).order_by("-at").values("at")[:1]
        # What was live before steps were kept has none.
        since = Coalesce(Subquery(went_live), F("live__written_at"))
        return self.annotate(changed_at=Greatest("publish_at", since))

    # The desk

    def with_newest_title(self):
        newest = TipRevision.objects.filter(tip=OuterRef("pk")).order_by("-number")
        return self.annotate(newest_title=Subquery(newest.values("title")[:1]))

    archived = Q(status=TipStatus.ARCHIVED)

    def in_work(self):
        return self.exclude(status__in=[TipStatus.APPROVED, TipStatus.ARCHIVED])

    def of(self, person):
        """What carries their name, or what they wrote since it last went live."""
        theirs = Q(revisions__written_by=person) & (Q(live__isnull=True) | Q(revisions__number__gt=F("live__number")))
        return self.filter(pk__in=self.model.objects.filter(Q(author=person) | theirs).values("pk"))

    def free_for(self, person):
        """What they may agree to: of a live article whatever others wrote since, else what others wrote in their own name.

        As clinicians, only that in which they had no part at all.
        """
        unseen = Q(live__isnull=True) | Q(revisions__number__gt=F("live__number"))
        theirs = Q(revisions__written_by=person) & unseen | Q(author=person, live__isnull=True)
        has_part = Q(status=TipStatus.IN_CLINICAL) & (Q(author=person) | Q(revisions__written_by=person))
        of_a_text = TipStep.objects.filter(tip=OuterRef("pk"), revision__isnull=False)
        sent_on = of_a_text.filter(to_status=TipStatus.IN_CLINICAL).order_by("-pk")
        by_them = self.model.objects.filter(status=TipStatus.IN_CLINICAL)
        by_them = by_them.alias(sent_on_by=Subquery(sent_on.values("by")[:1])).filter(sent_on_by=person.pk)
        not_free = self.model.objects.filter(theirs | has_part).values("pk")
        return self.exclude(pk__in=not_free).exclude(pk__in=by_them.values("pk"))

    def scheduled(self, *, at):
        return self.filter(~self.archived, live__isnull=False, publish_at__gt=at)

    def review_due(self, *, by, at):
        """Live articles whose next review falls on this day or before; of what has expired no reader sees whether it holds."""
        live = self.filter(~self.archived, live__isnull=False).exclude(expire_at__lte=at)
        return live.filter(next_review__lte=by)

    def to_be_told(self, *, at):
        """Whose people have not heard yet that it is soon due."""
        soon = timezone.localdate(at, ClinicSettings.current().tzinfo) + TOLD_BEFORE
        return self.published(at=at).filter(next_review__lte=soon, review_told_at__isnull=True)
