"""The words of an article's life: its states, what may follow what, and the ways to be refused."""

from django.db import models
from django.utils.translation import gettext_lazy as _

# Who agrees: another editor first, then somebody who treats people.
EDIT = "tips.publish_tip"
REVIEW = "tips.review_tip"


class TipKind(models.TextChoices):
    TIP = "tip", _("Tip")
    GUIDE = "guide", _("Guide")


class TipStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_EDITORIAL = "in_editorial", _("With an editor")
    IN_CLINICAL = "in_clinical", _("With a clinical reviewer")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    APPROVED = "approved", _("Approved")
    ARCHIVED = "archived", _("Archived")


S = TipStatus
# Every move the newest text may make; a move that is not listed is refused. What readers see is another matter: the
# text agreed on before stays live until this one is.
TRANSITIONS = {
    S.DRAFT: {S.IN_EDITORIAL, S.IN_CLINICAL, S.APPROVED, S.ARCHIVED},
    S.IN_EDITORIAL: {S.IN_CLINICAL, S.APPROVED, S.CHANGES_REQUESTED, S.DRAFT, S.ARCHIVED},
    S.IN_CLINICAL: {S.APPROVED, S.CHANGES_REQUESTED, S.DRAFT, S.ARCHIVED},
    S.CHANGES_REQUESTED: {S.IN_EDITORIAL, S.IN_CLINICAL, S.APPROVED, S.ARCHIVED},
    S.APPROVED: {S.DRAFT, S.APPROVED, S.ARCHIVED},
    S.ARCHIVED: {S.DRAFT},
}
BEING_WRITTEN = {S.DRAFT, S.CHANGES_REQUESTED}
BEFORE_A_CLINICIAN = BEING_WRITTEN | {S.IN_EDITORIAL}
IN_REVIEW = {S.IN_EDITORIAL, S.IN_CLINICAL}


class TransitionNotAllowed(Exception):
    """The text cannot go there from where it is; nothing was changed."""
