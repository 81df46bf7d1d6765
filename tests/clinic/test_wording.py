from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone
from phonenumber_field.phonenumber import to_python as phone_number

from clinic.wording import days_together, dialed, on_one_line, spoken
from tests.factories import NOON

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOON, "Monday, March 2, 12:00 PM EST"),
        (datetime(2026, 3, 3, 5, 5, tzinfo=UTC), "Tuesday, March 3, 12:05 AM EST"),
        # The hour that comes twice when summer time ends is told apart by the zone's name.
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "Sunday, November 1, 1:30 AM EDT"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "Sunday, November 1, 1:30 AM EST"),
        # The hour that is missing when it begins is not said.
        (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), "Sunday, March 8, 1:59 AM EST"),
        (datetime(2026, 3, 8, 7, 0, tzinfo=UTC), "Sunday, March 8, 3:00 AM EDT"),
    ],
)
def test_a_time_is_said_with_its_weekday_and_zone(at, words):
    assert spoken(at, NEW_YORK) == words


@pytest.mark.parametrize(
    ("region", "number", "words"),
    [
        ("US", "+14076985559", "(407) 698-5559"),
        ("US", "+525512345678", "+52 55 1234 5678"),
        ("MX", "+525512345678", "55 1234 5678"),
        ("MX", "+14076985559", "+1 407-698-5559"),
        ("US", "", ""),
    ],
)
def test_a_number_of_another_country_is_said_whole(settings, region, number, words):
    settings.PHONENUMBER_DEFAULT_REGION = region

    assert dialed(phone_number(number)) == words


def test_a_page_says_a_time_in_the_zone_of_the_clinic_and_breaks_no_line_within_it():
    page = Template("{% load clinic_time %}{{ at|spoken }}")

    with timezone.override(NEW_YORK):
        assert page.render(Context({"at": NOON})) == "Monday, March 2, 12:00\N{NO-BREAK SPACE}PM\N{NO-BREAK SPACE}EST"


def test_words_on_one_line_hold_nothing_unseen():
    assert on_one_line(" Elm\r\nStreet\x07\u202e \t Clinic\0 ") == "Elm Street Clinic"


WHOLE, MORNING, AFTERNOON = (time(8), time(18)), (time(8), time(12)), (time(13), time(17))


@pytest.mark.parametrize(
    ("week", "expected"),
    [
        ({}, []),
        ({0: [WHOLE]}, [("Monday", (WHOLE,))]),
        ({day: [AFTERNOON, MORNING] for day in range(5)}, [("Monday – Friday", (MORNING, AFTERNOON))]),
        ({0: [WHOLE], 1: [WHOLE], 5: [MORNING]}, [("Monday, Tuesday", (WHOLE,)), ("Saturday", (MORNING,))]),
        (
            {0: [WHOLE], 1: [WHOLE], 2: [WHOLE], 3: [MORNING], 4: [WHOLE]},
            [("Monday – Wednesday, Friday", (WHOLE,)), ("Thursday", (MORNING,))],
        ),
        ({6: [WHOLE], 2: [WHOLE]}, [("Wednesday, Sunday", (WHOLE,))]),
    ],
)
def test_days_with_the_same_hours_stand_together(week, expected):
    assert days_together(week) == expected
