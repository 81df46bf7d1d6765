"""Tips and guides: what they say, who stands behind it, and which text is live."""

from .history import FormerAddress, PreviewLink, TipRegion, TipStep
from .imported import ImportedTip
from .people import NAME_ANOTHER
from .picture import Picture
from .queryset import LISTED_AFTER, TOLD_BEFORE
from .revision import TEXT_FIELDS, TipRevision
from .states import (
    BEFORE_A_CLINICIAN,
    BEING_WRITTEN,
    EDIT,
    IN_REVIEW,
    REVIEW,
    TipKind,
    TipStatus,
    TransitionNotAllowed,
)
from .tip import Guide, Tip, latest_review
from .topic import Topic

__all__ = [
    "BEFORE_A_CLINICIAN",
    "BEING_WRITTEN",
    "EDIT",
    "IN_REVIEW",
    "LISTED_AFTER",
    "NAME_ANOTHER",
    "REVIEW",
    "TEXT_FIELDS",
    "TOLD_BEFORE",
    "FormerAddress",
    "Guide",
    "ImportedTip",
    "Picture",
    "PreviewLink",
    "Tip",
    "TipKind",
    "TipRegion",
    "TipRevision",
    "TipStatus",
    "TipStep",
    "Topic",
    "TransitionNotAllowed",
    "latest_review",
]
