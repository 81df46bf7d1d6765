"""Who saw what. A view that cannot be recorded is not shown, so `record` runs in the transaction of the act."""

import hashlib
import hmac
from datetime import datetime
from typing import Any

from django.conf import settings

from .models import AuditAction, AuditEntry, User


def record(action: AuditAction, *, by: User, at: datetime, reference: str = "", **detail: Any) -> AuditEntry:
    """Write one row. `detail` may hold references and counts, never a word that a patient wrote."""
    return AuditEntry.objects.create(action=action, by=by, at=at, reference=reference, detail=detail)


def fingerprint(term: str) -> str:
    """Stands for a search term in the record: equal terms match, and the term cannot be read back."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, term.strip().casefold().encode(), hashlib.sha256).hexdigest()[:16]
