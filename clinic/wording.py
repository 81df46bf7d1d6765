"""How times are said, the same on pages and in mails."""

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import ngettext


def spoken(at: datetime, zone: ZoneInfo) -> str:
    """A time as people say it, with its weekday and the zone's name: "Tuesday, March 3, 10:00 AM EST"."""
    local = at.astimezone(zone)
    return f"{local:%A, %B} {local.day}, {local.hour % 12 or 12}:{local:%M %p %Z}"


def briefly(at: datetime, zone: ZoneInfo) -> str:
    """The same where many stand below each other: "Tue, Mar 3, 10:00 AM EST"."""
    local = at.astimezone(zone)
    return f"{local:%a, %b} {local.day}, {local.hour % 12 or 12}:{local:%M %p %Z}"


def on_one_line(text: str) -> str:
    """Words that go where a line end or an unseen character would be taken for something else."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def roughly(length: timedelta) -> str:
    """A length of time as people say it, rounded up to whole hours, or to days from two of them on: "3 hours"."""
    hours = max(1, math.ceil(length / timedelta(hours=1)))
    if hours < 48:
        return ngettext("%d hour", "%d hours", hours) % hours
    days = math.ceil(hours / 24)
    return ngettext("%d day", "%d days", days) % days
