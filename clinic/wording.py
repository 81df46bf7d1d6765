"""How times are said, the same on pages and in mails."""

from datetime import datetime
from zoneinfo import ZoneInfo


def spoken(at: datetime, zone: ZoneInfo) -> str:
    """A time as people say it, with its weekday and the zone's name: "Tuesday, March 3, 10:00 AM EST"."""
    local = at.astimezone(zone)
    return f"{local:%A, %B} {local.day}, {local.hour % 12 or 12}:{local:%M %p %Z}"
