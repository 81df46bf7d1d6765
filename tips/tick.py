"""What the clock does for articles; queries, so that any number of workers may run it as often as they like."""

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from clinic.jobs import by_itself

from . import emails
from .models import EDIT, Tip

AT_ONCE = 100


def tick(*, at):
    for tip in Tip.objects.to_be_told(at=at).order_by("next_review", "pk")[:AT_ONCE]:
        with by_itself(at=at):
            tell_that_review_is_due(tip, at=at)


@transaction.atomic
def tell_that_review_is_due(tip, *, at):
    """Once for each review: whose name it carries, who reviewed it last, and the editors."""
    if not Tip.objects.to_be_told(at=at).filter(pk=tip.pk).update(review_told_at=at):
        return
    users = get_user_model().objects
    named = users.filter(Q(pk=tip.author_id) | Q(pk=tip.clinical_reviewer_id))
    editors = users.with_perm(EDIT, include_superusers=False)
    emails.tip_review_due(tip, users.filter(Q(pk__in=named.values("pk")) | Q(pk__in=editors.values("pk"))), at=at)
