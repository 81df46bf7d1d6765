from datetime import timedelta

import pytest

from clinic.wallclock import WallClock
from tests.factories import DAY, HOUR, NOON


def asked(*moments, last_believed=None):
    """The answers of one clock, asked at these times of the wall, each a minute after the one before."""
    clock = WallClock(last_believed)
    return [clock.is_believed(at, monotonic=60.0 * number) for number, at in enumerate(moments)]


def minutes(*numbers, shifted=timedelta()):
    return [NOON + shifted + timedelta(minutes=number) for number in numbers]


def test_a_clock_that_goes_on_as_it_should_is_believed():
    assert asked(*minutes(*range(30))) == [True] * 30


def test_a_correction_by_seconds_is_no_jump():
    assert asked(NOON, NOON + timedelta(seconds=75), NOON + timedelta(seconds=110)) == [True] * 3


@pytest.mark.parametrize("jump", [DAY, -HOUR, timedelta(minutes=7)])
def test_a_clock_that_jumps_is_not_believed_for_a_quarter_of_an_hour(jump):
    answers = asked(*minutes(0, 1), *minutes(*range(2, 20), shifted=jump))

    assert answers == [True] * 2 + [False] * 15 + [True] * 3


def test_a_clock_that_is_set_right_again_settles_from_then_on():
    answers = asked(*minutes(0, 1), *minutes(2, 3, shifted=DAY), *minutes(*range(4, 22)))

    assert answers == [True] * 2 + [False] * 17 + [True] * 3


@pytest.mark.parametrize("gap", [400 * DAY, -400 * DAY, 25 * HOUR])
def test_at_a_start_a_clock_far_from_when_it_was_last_believed_settles_and_goes_on_by_itself(gap):
    answers = asked(*minutes(*range(20)), last_believed=NOON - gap)

    assert answers == [False] * 15 + [True] * 5


@pytest.mark.parametrize("last_believed", [None, NOON - 23 * HOUR, NOON + HOUR])
def test_at_a_start_a_clock_near_to_when_it_was_last_believed_is_believed(last_believed):
    assert asked(NOON, last_believed=last_believed) == [True]
