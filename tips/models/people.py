"""Who may agree to a text: nobody who wrote it, and for the clinician's part nobody whose words are on the page."""

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .states import BEFORE_A_CLINICIAN, EDIT, REVIEW, TipStatus

NAME_ANOTHER = _(
    "Nobody is left who could agree to it but its author, and nobody agrees to what carries their own name. Name another author first."
)


class WhoMayAgree:
    @property
    def _unpublished(self):
        """The texts that readers have not seen, and whatever else says the same as the newest of them."""
        latest = self.latest
        newer = Q(number__gt=self.live.number if self.live_id else 0)
        return self.revisions.filter(newer | Q(body=latest.body)) if latest else self.revisions.none()

    @property
    def writers(self):
        """Who wrote what is not live yet; of an article that never was, also whose name it carries."""
        writers = set(self._unpublished.values_list("written_by", flat=True))
        return get_user_model().objects.filter(pk__in=writers if self.live_id else writers | {self.author_id})

    def is_work_of(self, person):
        return self.writers.filter(pk=person.pk).exists()

    def has_part_in(self, person):
        return self.author_id == person.pk or self.revisions.filter(written_by=person).exists()

    @property
    def _sent_on_by(self):
        """The key of the editor who agreed to the newest text, or passed it on; None if nobody has."""
        sent_on = self.steps.filter(revision=self.latest, to_status=TipStatus.IN_CLINICAL)
        return sent_on.values_list("by", flat=True).last()

    def has_agreed_as_editor(self, person):
        return self._sent_on_by == person.pk

    @property
    def was_refused_by_a_clinician(self):
        """Since the text that readers see was agreed to."""
        agreed = self.steps.filter(revision__isnull=False, to_status=TipStatus.APPROVED).last()
        refused = self.steps.filter(from_status=TipStatus.IN_CLINICAL, to_status=TipStatus.CHANGES_REQUESTED)
        return refused.filter(pk__gt=agreed.pk if agreed else 0).exists()

    @property
    def editors_left(self):
        """By what was written, not by the name it carries: that can be chosen so that nobody seems to be left."""
        return _able(EDIT).exclude(pk__in=self._unpublished.values("written_by"))

    @property
    def clinicians_left(self):
        editor = self._sent_on_by if self.status == TipStatus.IN_CLINICAL else None
        return _able(REVIEW).exclude(pk__in=self.revisions.values("written_by")).exclude(pk=editor)

    @property
    def editors_free(self):
        """Of those who are left, who may agree: before it was ever live not whose name it carries."""
        return self.editors_left if self.live_id else self.editors_left.exclude(pk=self.author_id)

    @property
    def clinicians_free(self):
        return self.clinicians_left.exclude(pk=self.author_id)

    def needs_another_author(self, *, minor=None, after=None):
        """Whoever is left carries the name on it, and may not agree: it waits for nobody until another is named.

        `minor` if it is sent as a minor correction, or not; `after` is the editor who is about to agree.
        """
        asks_an_editor = after is None and self.status in BEFORE_A_CLINICIAN
        if asks_an_editor and self.editors_left.exists() and not self.editors_free.exists():
            return True
        if minor if minor is not None else self.is_minor and self.status == TipStatus.IN_EDITORIAL:
            return False
        left = self.clinicians_left.exclude(pk=after and after.pk)
        return left.exists() and not left.exclude(pk=self.author_id).exists()

    @property
    def nobody_else_could_agree(self):
        """No clinician is left, and no editor who would be asked before one."""
        asks_an_editor = self.status in BEFORE_A_CLINICIAN
        return not self.clinicians_left.exists() and not (asks_an_editor and self.editors_left.exists())


def _able(permission):
    able = get_user_model().objects.with_perm(permission, include_superusers=False)
    return able.filter(is_staff=True)
