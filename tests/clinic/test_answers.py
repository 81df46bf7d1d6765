"""What is typed when a clinic is set up, read or refused in words that say what would do."""

from datetime import date, time

import pytest

from clinic import answers
from clinic.models import ClinicSettings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon 8:00-18:00", [(0, time(8), time(18))]),
        ("mon - tue 8:00-12:00 13:30-18:00", [(0, time(8), time(12)), (0, time(13, 30), time(18)), (1, time(8), time(12)), (1, time(13, 30), time(18))]),
        ("Saturday 09:00–13:00", [(5, time(9), time(13))]),
        ("Fri–Sun 8:00-9:00, 9:00-10:00", [(day, time(start), time(start + 1)) for day in (4, 5, 6) for start in (8, 9)]),
    ],
)  # fmt: skip
def test_hours_are_read(text, expected):
    assert answers.hours(text) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Mon-Fri"),
        ("8:00-18:00", "Mon-Fri"),
        ("Mon", "Mon-Fri"),
        ("Mon-Fri 8-18", "“8-18”"),
        ("Mon-Fri 8:00-25:00", "“8:00-25:00”"),
        ("Mon 18:00-8:00", "before it begins"),
        ("Mon 8:00-8:00", "before it begins"),
        ("Fri-Mon 8:00-18:00", "begins on Monday"),
        ("Foo 8:00-18:00", "“Foo”"),
        ("Mon-Bar 8:00-18:00", "“Bar”"),
        ("Mon 8:00-12:00 11:00-18:00", "overlap"),
        ("Mon 8:00-12:00 \x00", "no stretch"),
    ],
)
def test_hours_that_make_no_sense_are_refused(text, word):
    with pytest.raises(answers.Wrong, match=word):
        answers.hours(text)


@pytest.mark.parametrize("text", ["Christmas", "2026-13-01 Nothing", "2026-12-25", "12/25/2026 Christmas", ""])
def test_a_holiday_needs_a_date_and_a_name(text):
    assert answers.holiday("2026-12-25 Christmas Day") == (date(2026, 12, 25), "Christmas Day")
    with pytest.raises(answers.Wrong, match="YYYY-12-25"):
        answers.holiday(text)


def test_a_person_has_a_name_an_address_roles_and_perhaps_letters():
    assert answers.person("Sam Okafor; Sam@Clinic.example; therapist, editor; PT, DPT") == {
        "name": "Sam Okafor",
        "email": "sam@clinic.example",
        "roles": ["Therapist", "Editor"],
        "credentials": "PT, DPT",
    }
    assert answers.person("Nora; nora@clinic.example; editor and reviewer")["roles"] == ["Editor", "Clinical reviewer"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Sam", "such as"),
        ("; sam@clinic.example; therapist", "such as"),
        ("Sam; sam@clinic; therapist", "e-mail"),
        ("Sam; sam@clinic.example; boss", "“boss” is no role"),
        ("Sam; sam@clinic.example; ", "at least one role"),
        ("Sam; sam@clinic.example; owner; PT; more", "such as"),
        (f"{'S' * 121}; sam@clinic.example; owner", "120"),
        (f"Sam; sam@{'clinic.' * 36}example; owner", "e-mail"),
        (f"Sam; sam@clinic.example; owner; {'P' * 61}", "60"),
    ],
)
def test_a_person_that_cannot_be_read_is_refused(text, word):
    with pytest.raises(answers.Wrong, match=word):
        answers.person(text)


def test_two_of_one_name_sign_in_by_different_ones():
    assert answers.username_for("Zoë O’Neil", []) == "zoë.o.neil"
    assert answers.username_for("Sam Okafor", ["sam.okafor", "sam.okafor2"]) == "sam.okafor3"
    assert answers.username_for("!!!", []) == "person"


def test_a_field_says_in_its_own_words_what_it_does_not_take():
    read = answers.as_field(ClinicSettings._meta.get_field("zone"))

    assert read("Europe/Berlin") == "Europe/Berlin"
    with pytest.raises(answers.Wrong, match="Mars"):
        read("Mars/Base")
