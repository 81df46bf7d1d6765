"""Business time: when an answer is due, counted in the clinic's own hours, days off left out.

Pure. Instants come in aware and go out in UTC; wall-clock reasoning happens in the
clinic's zone, so a day on which the clocks change counts the hours it really has.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Week = Mapping[int, Sequence[tuple[time, time]]]

# Long enough for any holiday; a clinic that is closed for longer has no hours to count in.
HORIZON_DAYS = 370


class NeverOpen(ValueError):
    """The clinic has no opening hours within the horizon, so no time can be promised."""


@dataclass(frozen=True)
class Hours:
    """When the clinic answers: opening hours by weekday (Monday is 0), days off, and its zone."""

    week: Week
    holidays: Collection[date]
    zone: ZoneInfo

    def stretches(self, day: date) -> list[tuple[datetime, datetime]]:
        """The open stretches of one day, as instants in UTC."""
        if day in self.holidays:
            return []
        return [
            (
                datetime.combine(day, opens, self.zone).astimezone(UTC),
                datetime.combine(day, closes, self.zone).astimezone(UTC),
            )
            for opens, closes in sorted(self.week.get(day.weekday(), ()))
        ]

    def hold(self, start: datetime, end: datetime) -> bool:
        """Whether one open stretch holds all of it."""
        stretches = self.stretches(start.astimezone(self.zone).date())
        return any(opens <= start and end <= closes for opens, closes in stretches)

    def open_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open stretches that end after `at`, in order, the first one cut to begin no earlier than `at`."""
        day = at.astimezone(self.zone).date()
        for offset in range(HORIZON_DAYS):
            for opens, closes in self.stretches(day + timedelta(days=offset)):
                if closes > at:
                    yield max(opens, at), closes


def day_around(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the day of `at` begins and ends in that zone, in UTC."""
    day = at.astimezone(zone).date()
    begins, ends = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    return begins, ends


def add_hours(start: datetime, hours: float, *, within: Hours) -> datetime:
    """`hours` of open time after `start`. Raises `NeverOpen`."""
    left = timedelta(hours=hours)
    for opens, closes in within.open_from(start.astimezone(UTC)):
        if opens + left <= closes:
            return opens + left
        left -= closes - opens
    raise NeverOpen


def days_before(end: datetime, days: int, *, within: Hours) -> datetime:
    """The latest time, in whole days before `end`, after which `days` open days have passed. Raises `NeverOpen`."""
    for offset in range(1, HORIZON_DAYS):
        moment = end - timedelta(days=offset)
        if add_days(moment, days, within=within) <= end:
            return moment
    raise NeverOpen


def half_way(start: datetime, end: datetime, *, within: Hours) -> datetime:
    """Where half of the open time between two instants has passed; `end` where there is none."""
    before_end = itertools.takewhile(lambda stretch: stretch[0] < end, within.open_from(start.astimezone(UTC)))
    stretches = [(opens, min(closes, end)) for opens, closes in before_end]
    left = sum((closes - opens for opens, closes in stretches), timedelta()) / 2
    for opens, closes in stretches:
        if opens + left <= closes:
            return opens + left
        left -= closes - opens
    return end


def add_days(start: datetime, days: int, *, within: Hours) -> datetime:
    """The same time of day, `days` open days after the first open moment from `start` on.

    Where that day is open at other hours, the nearest open moment on it. Raises `NeverOpen`.
    """
    first = next(within.open_from(start.astimezone(UTC)), None)
    if first is None:
        raise NeverOpen
    begin = first[0].astimezone(within.zone)
    day, left = begin.date(), days
    for _ in range(HORIZON_DAYS):
        if left == 0:
            break
        day += timedelta(days=1)
        left -= bool(within.stretches(day))
    if left:
        raise NeverOpen
    wanted = datetime.combine(day, begin.timetz().replace(tzinfo=None), within.zone).astimezone(UTC)
    moments = [min(max(wanted, opens), closes) for opens, closes in within.stretches(day)]
    return min(moments, key=lambda moment: abs(moment - wanted))
