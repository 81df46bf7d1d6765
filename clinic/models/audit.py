"""Who looked at what, and the seals that show whether the record is still as it was written."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .people import User


class AuditAction(models.TextChoices):
    OPENED = "opened", _("Opened")
    LISTED = "listed", _("Listed")
    SEARCHED = "searched", _("Searched")
    EXPORTED = "exported", _("Exported")
    ADDED = "added", _("Added")
    CHANGED = "changed", _("Changed")
    REMOVED = "removed", _("Removed")
    HANDED_OVER = "handed_over", _("Handed over")
    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    SIGNED_OUT = "signed_out", _("Signed out")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    SECOND_FACTOR_CHANGED = "second_factor_changed", _("Second factor changed")
    ROLE_CHANGED = "role_changed", _("Role changed")
    ACCOUNT_CHANGED = "account_changed", _("Account enabled or disabled")
    SETTINGS_CHANGED = "settings_changed", _("Settings changed")
    PURGED = "purged", _("Purged")
    ERASED = "erased", _("Erased")
    REFUSED = "refused", _("Refused")


class AuditEntry(models.Model):
    """Who did what, and when: written once, holding no word of a patient.

    `by` is nobody where the clock did it, or where it is not known who tried. `reference` is that of a request
    or, like “user 7”, the kind and number of another thing. `action` has no choices in the database's eyes, so
    that a new act needs no migration.
    """

    append_only = True

    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    action = models.CharField(max_length=30)
    reference = models.CharField(max_length=40, blank=True)
    # The part of the visitor's address that says from where, not who; the name of the page; and its number in the log.
    network = models.CharField(max_length=50, blank=True)
    route = models.CharField(max_length=100, blank=True)
    number = models.CharField(max_length=16, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["at", "id"], name="audit_by_time"),
            models.Index(fields=["by", "id"], name="audit_by_person"),
            models.Index(fields=["action", "id"], name="audit_by_action"),
            models.Index(fields=["reference", "id"], name="audit_by_reference"),
        ]

    def __str__(self):
        return f"{self.label} {self.reference}".strip()

    @property
    def label(self):
        """The act in words; one that a later version knew is shown by its name."""
        return AuditAction(self.action).label if self.action in AuditAction.values else self.action


class AuditSeal(models.Model):
    """One link of the chain: the hash of one entry and of the seal before it. See clinic/audit_chain.py.

    The entry is named by its number and not by a foreign key, so that a seal outlives what it sealed.
    """

    append_only = True

    sequence = models.BigIntegerField(primary_key=True)
    entry = models.BigIntegerField(unique=True)
    hash = models.CharField(max_length=64)

    def __str__(self):
        return f"{self.sequence} {self.hash}"
