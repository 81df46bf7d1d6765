"""Which times of a therapist are free, and which of them suit the patient. Pure.

Instants are in UTC; what is a morning, and what a Monday, is told by the clinic's zone.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.models import Weekday

from .clock import Hours

QUARTER = timedelta(minutes=15)
NOON, FIVE = 12, 17


def window_of(start: datetime, *, zone: ZoneInfo) -> str:
    """The weekday and part of the day that a time falls in: "mon-am" until noon, "mon-pm" until five, then "mon-eve"."""
    local = start.astimezone(zone)
    part = "am" if local.hour < NOON else "pm" if local.hour < FIVE else "eve"
    return f"{Weekday(local.weekday()).short}-{part}"


def free_starts(
    *,
    hours: Hours,
    off: Iterable[tuple[datetime, datetime]],
    taken: Collection[datetime],
    minutes: int,
    after: datetime,
    days: int,
) -> Iterator[datetime]:
    """When a visit of so many `minutes` could begin, in order, from `after` on, over so many `days`.

    `taken` are the quarter hours that are held or booked; `off` are stretches without work. A day's starts follow each
    other from where its hours begin, so that they are the same whenever one looks; they do not overlap.
    """
    length = timedelta(minutes=minutes)
    off = list(off)
    first = after.astimezone(hours.zone).date()
    for offset in range(days):
        for opens, closes in _merged(hours.stretches(first + timedelta(days=offset))):
            for number in range((closes - opens) // length):
                start = opens + number * length
                if start >= after and _is_free(start, start + length, taken, off):
                    yield start


def _merged(stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Stretches of one day, those that touch or overlap made one, each from a quarter hour on."""
    merged: list[tuple[datetime, datetime]] = []
    for opens, closes in stretches:
        opens = _next_quarter(opens)
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        elif opens < closes:
            merged.append((opens, closes))
    return merged


def _next_quarter(at: datetime) -> datetime:
    late = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at + (QUARTER - late) % QUARTER


def _is_free(start: datetime, end: datetime, taken: Collection[datetime], off: list[tuple[datetime, datetime]]) -> bool:
    quarters = (start + index * QUARTER for index in range((end - start) // QUARTER))
    return not any(quarter in taken for quarter in quarters) and not any(a < end and start < b for a, b in off)
