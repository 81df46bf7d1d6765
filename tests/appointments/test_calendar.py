"""A time is the same on a page, in a mail and in a calendar, wherever the clinic is and whatever its clocks do."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from icalendar import Calendar

from appointments.calendar import CANCEL, REQUEST, Visit, entry, feed
from appointments.zones import clock_changes
from clinic.models import ClinicSettings
from clinic.wording import spoken
from tests.factories import NOON

QUARTER = timedelta(minutes=15)
YEARS = (2026, 2027)
# With and without summer time, on both halves of the earth, by half hours, and by no yearly rule.
ZONES = [
    "America/New_York",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kolkata",
    "Africa/Casablanca",
]
HOSTILE = 'Elm; "Street",\r\nBEGIN:VALARM\nX-EVIL:1\\n\x07\u202e, Clinic'


def make_visit(starts_at=NOON, **fields):
    facts = {"uid": "a-name", "reference": "CR-ACDEFG", "minutes": 30, "how": "By phone", "where": "By phone"}
    return Visit(starts_at=starts_at, **facts | fields)


def make_entry(visit=None, method=REQUEST, *, guest="zoe@patients.example", **clinic):
    facts = {"name": "Elm Street Clinic", "phone": "+14076985558", "zone": "America/New_York"} | clinic
    who = {"clinic": ClinicSettings(**facts), "sender": "desk@clinic.example", "guest": guest}
    made = entry(visit or make_visit(), method, **who, at=NOON)
    assert made["method"] == method
    return made["text"]


def parsed(text):
    """The calendar, its only event and its only zone; a text that is no calendar raises."""
    whole = Calendar.from_ical(text)
    assert [part.errors for part in whole.walk()] == [[] for part in whole.walk()]
    [event], [zone] = whole.walk("VEVENT"), whole.walk("VTIMEZONE")
    return whole, event, zone


def instants(name):
    """Every quarter hour of the two days around each change of the clocks, and some others."""
    zone, nowhere = ZoneInfo(name), ZoneInfo("America/New_York")
    changes = list(clock_changes(zone, *YEARS)) or list(clock_changes(nowhere, *YEARS))
    onsets = [(change.onset - change.before).replace(tzinfo=UTC) for change in changes]
    around = [onset + index * QUARTER for onset in onsets for index in range(-96, 96)]
    chance = random.Random(name)  # noqa: S311 - the same ones in every run
    others = [NOON + chance.randrange(4 * 24 * 365) * QUARTER for _ in range(2000 // len(ZONES) + 1)]
    return [*around, *others]


def by_own_zone(value, own):
    """The instant that a value of a calendar stands for, for a program that knows no zone but those it is sent."""
    return value if value.tzinfo is UTC or value.tzname() == "UTC" else value.replace(tzinfo=own).astimezone(UTC)


@pytest.mark.parametrize("name", ZONES)
def test_a_visit_is_at_the_same_instant_and_wall_time_everywhere(name):
    zone, moved = ZoneInfo(name), []

    for at in instants(name):
        _, event, rules = parsed(make_entry(make_visit(at), zone=name))
        said = spoken(at, zone)
        own = rules.to_tz(lookup_tzid=False)
        read = [event[field].dt for field in ("DTSTART", "DTEND")]
        mail = render_to_string("emails/booked.txt", {"times": [said]}, using="text")
        right = [at, at + 2 * QUARTER]
        if not (
            [value.astimezone(UTC) for value in read] == [by_own_zone(value, own) for value in read] == right
            and spoken(read[0], zone) == said
            and f"- {said}\n" in mail
        ):
            moved.append(at)

    assert moved == []


@pytest.mark.parametrize("name", ZONES)
def test_what_is_said_of_a_time_names_one_instant(name):
    zone, times = ZoneInfo(name), sorted(set(instants(name)))

    said = {(at.astimezone(zone).year, spoken(at, zone)) for at in times}

    assert len(said) == len(times)


def test_the_clocks_change_when_they_do():
    def changes(name):
        return [f"{change.onset:%Y-%m-%d %H:%M} {change.name}" for change in clock_changes(ZoneInfo(name), 2026, 2026)]

    assert {name: changes(name) for name in ZONES} == {
        "America/New_York": ["2026-03-08 02:00 EDT", "2026-11-01 02:00 EST"],
        "Europe/Dublin": ["2026-03-29 01:00 IST", "2026-10-25 02:00 GMT"],
        "Australia/Lord_Howe": ["2026-04-05 02:00 +1030", "2026-10-04 02:00 +11"],
        "America/Santiago": ["2026-04-05 00:00 -04", "2026-09-06 00:00 -03"],
        "Asia/Kolkata": [],
        "Africa/Casablanca": ["2026-02-15 03:00 +00", "2026-03-22 02:00 +01"],
    }


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("America/New_York", {"DAYLIGHT": ["FREQ=YEARLY;BYDAY=2SU;BYMONTH=3"], "STANDARD": ["FREQ=YEARLY;BYDAY=1SU;BYMONTH=11"]}),
        ("Europe/Dublin", {"DAYLIGHT": ["FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"], "STANDARD": ["FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"]}),
        ("Asia/Kolkata", {"STANDARD": [""]}),
        ("Africa/Casablanca", {"DAYLIGHT": [""] * 3, "STANDARD": [""] * 4}),
    ],
)  # fmt: skip
def test_a_zone_is_two_yearly_rules_where_it_keeps_to_such(name, rules):
    _, _, zone = parsed(make_entry(zone=name))

    written = {}
    for part in zone.subcomponents:
        rule = part["RRULE"].to_ical().decode() if "RRULE" in part else ""
        written.setdefault(part.name, []).append(rule)

    assert written == rules


def test_a_change_that_moves_from_the_first_sunday_to_the_second_is_no_yearly_rule():
    around = [datetime(2029, 4, 1, tzinfo=UTC) + index * timedelta(hours=1) for index in range(14 * 24)]

    read = []
    for at in around:
        _, event, zone = parsed(make_entry(make_visit(at), zone="America/Santiago"))
        read.append(by_own_zone(event["DTSTART"].dt, zone.to_tz(lookup_tzid=False)))

    assert read == around
    assert ["RRULE" in part for part in zone.subcomponents] == [False] * 7


def test_an_entry_says_when_where_and_whom_to_call_and_nothing_else():
    whole, event, zone = parsed(make_entry(make_visit(where="12 Elm Street, Springfield")))

    assert {key: value.to_ical().decode() for key, value in whole.items()} == {
        "VERSION": "2.0",
        "PRODID": "-//Clinic front desk//EN",
        "CALSCALE": "GREGORIAN",
        "METHOD": "REQUEST",
    }
    assert zone["TZID"] == "America/New_York"
    assert {key: event[key].to_ical().decode() for key in event} == {
        "UID": "a-name",
        "DTSTAMP": "20260302T170000Z",
        "DTSTART": "20260302T120000",
        "DTEND": "20260302T123000",
        "SUMMARY": "Visit: Elm Street Clinic",
        "LOCATION": "12 Elm Street\\, Springfield",
        "DESCRIPTION": "Reference: CR-ACDEFG\\nCall us: (407) 698-5558",
        "CLASS": "PRIVATE",
        "STATUS": "CONFIRMED",
        "SEQUENCE": "0",
        "ORGANIZER": "mailto:desk@clinic.example",
        "ATTENDEE": "mailto:zoe@patients.example",
    }
    assert event["DTSTART"].params == {"TZID": "America/New_York"}
    assert event["ORGANIZER"].params == {"CN": "Elm Street Clinic"}
    assert event["ATTENDEE"].params == {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "ACCEPTED",
        "RSVP": "FALSE",
    }


def test_a_cancellation_is_a_later_word_on_the_same_event():
    visit = make_visit()

    asked, void = (parsed(make_entry(visit, method))[1] for method in (REQUEST, CANCEL))

    assert (asked["UID"], asked["DTSTART"]) == (void["UID"], void["DTSTART"])
    assert [(event["STATUS"], event["SEQUENCE"]) for event in (asked, void)] == [("CONFIRMED", 0), ("CANCELLED", 1)]


def test_a_clinic_without_a_phone_is_not_called():
    _, event, _ = parsed(make_entry(phone=""))

    assert event["DESCRIPTION"] == "Reference: CR-ACDEFG"


@pytest.mark.parametrize("field", ["name", "where"])
def test_no_name_or_place_writes_lines_of_its_own(field):
    visit = make_visit(**({"where": HOSTILE} if field == "where" else {}))

    text = make_entry(visit, **({"name": HOSTILE} if field == "name" else {}))

    _, event, _ = parsed(text)
    shown = event["SUMMARY"].removeprefix("Visit: ") if field == "name" else event["LOCATION"]
    assert shown == 'Elm; "Street", BEGIN:VALARM X-EVIL:1\\n , Clinic'
    assert [line for line in text.split("\r\n") if line.startswith(("BEGIN:VALARM", "X-EVIL"))] == []
    assert sorted(line for line in text.split("\r\n") if line.startswith("BEGIN:")) == [
        "BEGIN:DAYLIGHT", "BEGIN:STANDARD", "BEGIN:VCALENDAR", "BEGIN:VEVENT", "BEGIN:VTIMEZONE",
    ]  # fmt: skip
    assert [character for character in text if not character.isprintable() and character not in "\r\n"] == []


def test_the_organizers_name_holds_no_quote_that_would_end_it():
    _, event, _ = parsed(make_entry(name='The "Elm", Street: Clinic'))

    assert event["ORGANIZER"].params["CN"] == "The 'Elm', Street: Clinic"


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("zoe+visits@patients.example", "mailto:zoe+visits@patients.example"),
        ("o'neil@patients.example", "mailto:o'neil@patients.example"),
        ("50%?subject=x#y@patients.example", "mailto:50%25%3Fsubject=x%23y@patients.example"),
        ('"a b"@patients.example', "mailto:%22a%20b%22@patients.example"),
        ("zoe@patients.example\r\nX-EVIL:1", "mailto:zoe@patients.example%0D%0AX-EVIL%3A1"),
    ],
)
def test_an_address_is_one_address(address, written):
    _, event, _ = parsed(make_entry(guest=address))

    assert str(event["ATTENDEE"]) == written


def test_lines_are_folded_at_75_octets_between_characters():
    name = "Zoës Übungs-Praxis – " * 5 + "🦵" * 10

    text = make_entry(name=name)

    lines = text.encode().split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert [line.decode() for line in lines] == text.split("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert parsed(text)[1]["SUMMARY"] == f"Visit: {name}"


def test_a_feed_of_visits_in_two_years_is_right_in_both():
    clinic = ClinicSettings(name="Elm, Street", zone="Africa/Casablanca")
    starts = [datetime(2026, 2, 15, 1, 0, tzinfo=UTC) + index * QUARTER for index in range(16)]
    starts += [datetime(2027, 3, 13, 23, 0, tzinfo=UTC) + index * QUARTER for index in range(32)]

    whole = Calendar.from_ical(feed([make_visit(at, uid=str(at)) for at in starts], clinic=clinic, at=NOON))

    [rules] = whole.walk("VTIMEZONE")
    own = rules.to_tz(lookup_tzid=False)
    assert [by_own_zone(event["DTSTART"].dt, own) for event in whole.walk("VEVENT")] == starts
    assert whole["METHOD"] == "PUBLISH"


def test_a_feed_tells_what_is_held_from_what_is_booked():
    clinic = ClinicSettings(zone="America/New_York")

    whole = Calendar.from_ical(feed([make_visit(), make_visit(is_held=True)], clinic=clinic, at=NOON))

    assert [(event["SUMMARY"], event["STATUS"]) for event in whole.walk("VEVENT")] == [
        ("Visit CR-ACDEFG (By phone)", "CONFIRMED"),
        ("Held: visit CR-ACDEFG (By phone)", "TENTATIVE"),
    ]


def test_an_empty_feed_is_a_calendar_too():
    whole = Calendar.from_ical(feed([], clinic=ClinicSettings(zone="America/New_York"), at=NOON))

    assert [part.name for part in whole.subcomponents] == ["VTIMEZONE"]
