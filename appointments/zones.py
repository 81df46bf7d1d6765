"""A time zone written out for calendar programs, as RFC 5545 has it. Pure."""

import calendar
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

DAY_NAMES = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
# No zone changes its clocks twice in a week.
A_WEEK, A_MINUTE = timedelta(weeks=1), timedelta(minutes=1)


@dataclass(frozen=True)
class ClockChange:
    """A moment at which a zone's clocks are put forward or back: its wall time before, and both offsets from UTC."""

    onset: datetime
    before: timedelta
    after: timedelta
    name: str


def clock_changes(zone: ZoneInfo, first: int, last: int) -> Iterator[ClockChange]:
    """Every change in these years, in order."""
    start, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    weeks = (start + index * A_WEEK for index in range((end - start) // A_WEEK + 1))
    for low, high in itertools.pairwise([*weeks, end]):
        before, after = _offset(low, zone), _offset(high, zone)
        if before == after:
            continue
        while high - low > A_MINUTE:
            middle = low + (high - low) // A_MINUTE // 2 * A_MINUTE
            low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
        yield ClockChange((high + before).replace(tzinfo=None), before, after, high.astimezone(zone).tzname())


def zone_rules(zone: ZoneInfo, first: int, last: int) -> Timezone:
    """The zone's clock in these years: two yearly rules where it keeps to such, else change by change.

    Outlook reads no zone but one of two yearly rules; what the library makes of a zone lists dates instead, and
    puts the clocks forward an hour late.
    """
    rules = Timezone()
    rules.add("tzid", zone.key)
    changes = list(clock_changes(zone, first - 1, last + 1))
    years = last - first + 3
    yearly = {change: _rule([other for other in changes if _recurs(change, other)], years) for change in changes[:2]}
    if len(changes) == 2 * years and all(yearly.values()):
        for change, rule in yearly.items():
            rules.add_component(_observance(change, rule))
        return rules
    start = datetime(first - 1, 1, 1, tzinfo=UTC)
    offset = _offset(start, zone)
    standing = ClockChange(start.replace(tzinfo=None), offset, offset, start.astimezone(zone).tzname())
    for change in [standing, *changes]:
        rules.add_component(_observance(change))
    return rules


def _recurs(change: ClockChange, other: ClockChange) -> bool:
    """Whether the other is the same change of another year."""
    same = ("before", "after", "name")
    return all(getattr(change, field) == getattr(other, field) for field in same) and (
        (change.onset.month, change.onset.weekday(), change.onset.time())
        == (other.onset.month, other.onset.weekday(), other.onset.time())
    )


def _rule(changes: list[ClockChange], years: int) -> dict | None:
    """Such as the second Sunday of each March; None where no such words fit each of the years."""
    days = [change.onset for change in changes]
    if [day.year for day in days] != list(range(days[0].year, days[0].year + years)):
        return None
    from_start = {(day.day + 6) // 7 for day in days}
    is_last = all(day.day + 7 > calendar.monthrange(day.year, day.month)[1] for day in days)
    if not is_last and len(from_start) > 1:
        return None
    which = -1 if is_last else from_start.pop()
    return {"freq": "yearly", "bymonth": days[0].month, "byday": f"{which}{DAY_NAMES[days[0].weekday()]}"}


def _observance(change: ClockChange, rule: dict | None = None) -> TimezoneStandard | TimezoneDaylight:
    part = TimezoneDaylight() if change.after > change.before else TimezoneStandard()
    part.add("dtstart", change.onset)
    part.add("tzoffsetfrom", change.before)
    part.add("tzoffsetto", change.after)
    part.add("tzname", change.name)
    if rule:
        part.add("rrule", rule)
    return part


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset()
