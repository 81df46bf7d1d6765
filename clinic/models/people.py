"""The people who work here."""

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Somebody who works at the clinic; patients have no account."""

    display_name = models.CharField(_("display name"), max_length=120, blank=True)
    credentials = models.CharField(
        _("credentials"), max_length=60, blank=True, help_text=_("As readers see them, such as “PT, DPT”.")
    )

    # The address of a therapist's private calendar feed, as a hash: a new address takes the old one away.
    calendar_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)

    def __str__(self):
        return self.display_name or self.username

    # Transitions

    def open_calendar(self):
        """A new secret for the address of one's calendar feed. It is not kept, and the one before opens nothing any more."""
        token = secrets.token_urlsafe(32)
        self.calendar_hash = hashlib.sha256(token.encode()).hexdigest()
        self.save(update_fields=["calendar_hash"])
        return token

    def close_calendar(self):
        self.calendar_hash = None
        self.save(update_fields=["calendar_hash"])

    # Queries

    @classmethod
    def for_calendar(cls, token):
        """Whose feed it is, as long as they work here and may open the desk."""
        sought = hashlib.sha256(token.encode()).hexdigest()
        return cls.objects.filter(calendar_hash=sought, is_active=True, is_staff=True).first()

    def get_short_name(self):
        return str(self)

    @property
    def byline(self):
        return ", ".join(filter(None, [str(self), self.credentials]))
