"""Who may see requests and act on them, and who may see to all of that."""

from django.contrib.auth import get_user_model

TRIAGE = "appointments.triage_consultationrequest"
OVERSEE = "appointments.oversee_consultationrequest"


def who_may(permission):
    """With an account that is open, a role for it, and the way to the desk."""
    return get_user_model().objects.with_perm(permission).filter(is_staff=True)
