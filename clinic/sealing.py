"""Sealed text: encrypted and signed with the site's key, so that it can leave our hands.

Used for what a page carries back to us and for what the outbox keeps. A key that
moves to `SECRET_KEY_FALLBACKS` still opens what it sealed.
"""

import base64
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class BrokenSeal(ValueError):
    """The text was not sealed by us for this purpose, was changed, or is too old."""


def _box(purpose: str) -> MultiFernet:
    return _box_with(purpose, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=32)
def _box_with(purpose: str, secrets: tuple[str, ...]) -> MultiFernet:
    keys = [salted_hmac(f"clinic.sealing.{purpose}", "", secret=s, algorithm="sha256").digest() for s in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def seal(value: Any, *, purpose: str) -> str:
    return _box(purpose).encrypt(json.dumps(value, separators=(",", ":")).encode()).decode()


def unseal(text: str, *, purpose: str, max_age: int | None = None) -> Any:
    """Open sealed text; `max_age` is in seconds. Raises `BrokenSeal`."""
    try:
        return json.loads(_box(purpose).decrypt(text.encode("ascii", "replace"), ttl=max_age))
    except (InvalidToken, ValueError) as broken:
        raise BrokenSeal(purpose) from broken
