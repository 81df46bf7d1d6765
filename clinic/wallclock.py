"""Whether the wall clock may be believed: what people are told because of it cannot be taken back."""

from datetime import datetime, timedelta

# A correction by a few seconds is nothing; by more than this, somebody set the clock, or the machine slept.
JUMP_SECONDS = 5 * 60
# How long nothing is done by a clock that has jumped: time for it to be set right again.
SETTLING_SECONDS = 15 * 60
# At a start nothing was counted. So far from when it was last believed it may be wrong, or the machine was off.
AWAY = timedelta(days=1)


class WallClock:
    """Compares the wall clock with one that only counts, each time it is asked; at first, with when it was last believed."""

    def __init__(self, last_believed: datetime | None = None) -> None:
        self.last_believed = last_believed
        self.seen: tuple[datetime, float] | None = None
        self.doubted_until = float("-inf")

    def is_believed(self, at: datetime, *, monotonic: float) -> bool:
        """`monotonic` is in seconds, of a clock that nobody can set."""
        if self.seen:
            wall, counted = self.seen
            has_jumped = abs((at - wall).total_seconds() - (monotonic - counted)) > JUMP_SECONDS
        else:
            has_jumped = self.last_believed is not None and abs(at - self.last_believed) > AWAY
        if has_jumped:
            self.doubted_until = monotonic + SETTLING_SECONDS
        self.seen = (at, monotonic)
        return monotonic >= self.doubted_until
