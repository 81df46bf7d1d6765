"""Who may see requests and act on them, and who may see to all of that."""

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import permission_required
from django.db.models import Q

from clinic import generation

TRIAGE = "appointments.triage_consultationrequest"
OVERSEE = "appointments.oversee_consultationrequest"


# Around a view.
for_triage = permission_required(TRIAGE, raise_exception=True)
for_owner = permission_required(OVERSEE, raise_exception=True)


def who_may(permission):
    """With an account that is open, a role for it, and the way to the desk."""
    return get_user_model().objects.with_perm(permission).filter(is_staff=True)


def therapists():
    """Who sees patients, by name: whoever has that role, and an owner who keeps hours."""
    users = get_user_model().objects
    by_role = users.filter(groups__name="Therapist").values("pk")
    by_hours = users.filter(working_hours__isnull=False).values("pk")
    return who_may(TRIAGE).filter(Q(pk__in=by_role) | Q(pk__in=by_hours)).order_by("display_name", "pk")


@generation.remembered
def who_sees_patients():
    """The therapists; where there are none, all who may act on a request."""
    return list(therapists()) or list(who_may(TRIAGE))


@generation.remembered
def who_may_not_triage():
    """The numbers of all others, whether they never did or do no more."""
    others = get_user_model().objects.exclude(pk__in=who_may(TRIAGE).values("pk"))
    return list(others.values_list("pk", flat=True))
