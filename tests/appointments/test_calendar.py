"""A visit is at the same instant in every calendar and in words, wherever the clinic is and whatever its clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from appointments.calendar import CANCEL, REQUEST, Visit, entry, feed
from clinic.models import ClinicSettings
from clinic.wording import spoken
from tests.factories import NOON

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
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
    """The calendar and its only event; a text that is no calendar raises."""
    whole = Calendar.from_ical(text)
    assert [part.errors for part in whole.walk()] == [[] for part in whole.walk()]
    [event] = whole.walk("VEVENT")
    return whole, event


def instants(name):
    """Every quarter hour of the two days around each change of the clocks, and one of every week."""
    zone = ZoneInfo(name)
    hours = [NEW_YEAR + index * HOUR for index in range(365 * 24)]
    changes = [
        hour for hour in hours if hour.astimezone(zone).utcoffset() != (hour + HOUR).astimezone(zone).utcoffset()
    ]
    around = {change + index * QUARTER for change in changes for index in range(-96, 96)}
    return sorted(around | set(hours[:: 7 * 24]))


@pytest.mark.parametrize("name", ZONES)
def test_a_visit_is_at_its_own_instant_in_an_entry_and_a_feed(name):
    clinic, starts = ClinicSettings(zone=name), instants(name)
    visits = [make_visit(at, uid=str(at)) for at in starts]

    whole = Calendar.from_ical(feed(visits, clinic=clinic, at=NOON))
    _, event = parsed(make_entry(visits[0], zone=name))

    read = [(event["DTSTART"].to_ical(), event["DTEND"].to_ical()) for event in [*whole.walk("VEVENT"), event]]
    right = [(f"{at:%Y%m%dT%H%M%SZ}", f"{at + 2 * QUARTER:%Y%m%dT%H%M%SZ}") for at in [*starts, starts[0]]]
    assert [(start.decode(), end.decode()) for start, end in read] == right


@pytest.mark.parametrize("name", ZONES)
def test_what_is_said_of_a_time_names_one_instant(name):
    zone, times = ZoneInfo(name), instants(name)

    said = {(at.astimezone(zone).year, spoken(at, zone)) for at in times}

    assert len(said) == len(times)


def test_an_entry_says_when_where_and_whom_to_call_and_nothing_else():
    whole, event = parsed(make_entry(make_visit(where="12 Elm Street, Springfield")))

    assert {key: value.to_ical().decode() for key, value in whole.items()} == {
        "VERSION": "2.0",
        "PRODID": "-//Clinic front desk//EN",
        "CALSCALE": "GREGORIAN",
        "METHOD": "REQUEST",
    }
    assert {key: event[key].to_ical().decode() for key in event} == {
        "UID": "a-name",
        "DTSTAMP": "20260302T170000Z",
        "DTSTART": "20260302T170000Z",
        "DTEND": "20260302T173000Z",
        "SUMMARY": "Visit (By phone): Elm Street Clinic",
        "LOCATION": "12 Elm Street\\, Springfield",
        "DESCRIPTION": "Reference: CR-ACDEFG\\nCall us: (407) 698-5558",
        "CLASS": "PRIVATE",
        "STATUS": "CONFIRMED",
        "SEQUENCE": "0",
        "ORGANIZER": "mailto:desk@clinic.example",
        "ATTENDEE": "mailto:zoe@patients.example",
    }
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
    _, event = parsed(make_entry(phone=""))

    assert event["DESCRIPTION"] == "Reference: CR-ACDEFG"


@pytest.mark.parametrize("field", ["name", "where"])
def test_no_name_or_place_writes_lines_of_its_own(field):
    visit = make_visit(**({"where": HOSTILE} if field == "where" else {}))

    text = make_entry(visit, **({"name": HOSTILE} if field == "name" else {}))

    _, event = parsed(text)
    shown = event["SUMMARY"].removeprefix("Visit (By phone): ") if field == "name" else event["LOCATION"]
    assert shown == 'Elm; "Street", BEGIN:VALARM X-EVIL:1\\n , Clinic'
    assert [line for line in text.split("\r\n") if line.startswith(("BEGIN:VALARM", "X-EVIL"))] == []
    assert sorted(line for line in text.split("\r\n") if line.startswith("BEGIN:")) == [
        "BEGIN:VCALENDAR", "BEGIN:VEVENT",
    ]  # fmt: skip
    assert [character for character in text if not character.isprintable() and character not in "\r\n"] == []


def test_the_organizers_name_holds_no_quote_that_would_end_it():
    _, event = parsed(make_entry(name='The "Elm", Street: Clinic'))

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
    _, event = parsed(make_entry(guest=address))

    assert str(event["ATTENDEE"]) == written


def test_lines_are_folded_at_75_octets_between_characters():
    name = "Zoës Übungs-Praxis – " * 5 + "🦵" * 10

    text = make_entry(name=name)

    lines = text.encode().split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert [line.decode() for line in lines] == text.split("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert parsed(text)[1]["SUMMARY"] == f"Visit (By phone): {name}"


def test_a_feed_tells_what_is_held_from_what_is_booked():
    clinic = ClinicSettings(zone="America/New_York")

    whole = Calendar.from_ical(feed([make_visit(), make_visit(is_held=True)], clinic=clinic, at=NOON))

    assert [(event["SUMMARY"], event["STATUS"]) for event in whole.walk("VEVENT")] == [
        ("Visit CR-ACDEFG (By phone)", "CONFIRMED"),
        ("Held: visit CR-ACDEFG (By phone)", "TENTATIVE"),
    ]


def test_an_empty_feed_is_a_calendar_too():
    whole = Calendar.from_ical(feed([], clinic=ClinicSettings(zone="America/New_York"), at=NOON))

    assert (whole["METHOD"], [part.name for part in whole.subcomponents]) == ("PUBLISH", ["VTIMEZONE"])
