"""What somebody types when a clinic is set up at the command line, read into facts."""

import itertools
import re
from collections.abc import Callable, Sequence
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dateparse import parse_date

from .models import User, Weekday, refuse_overlap

ROLES = {"owner": "Owner", "therapist": "Therapist", "editor": "Editor", "reviewer": "Clinical reviewer"}
DAYS = [day.short for day in Weekday]
DAYS_AND_TIMES = re.compile(r"([a-z]{3})[a-z]*(?:\s*[-–]\s*([a-z]{3})[a-z]*)?\s+(\d.*)", re.IGNORECASE)
STRETCH = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")


class Wrong(Exception):
    """An answer that cannot be taken; the words say what would do."""


def needed(text: str) -> str:
    if not text:
        raise Wrong("This one is needed.")
    return text


def yes_or_no(text: str) -> bool:
    answer = text.lower()
    if answer not in {"yes", "y", "no", "n"}:
        raise Wrong("Please write yes or no.")
    return answer[0] == "y"


def as_field(field: models.Field) -> Callable[[str], Any]:
    """Reads what a field of a model takes, with the field's own words where it does not."""

    def read(text):
        try:
            return field.clean(field.to_python(text), None)
        except ValidationError as error:
            raise Wrong(" ".join(error.messages)) from None

    return read


full_name = as_field(User._meta.get_field("display_name"))
letters = as_field(User._meta.get_field("credentials"))


def address(text: str) -> str:
    try:
        User._meta.get_field("email").clean(needed(text), None)
    except ValidationError:
        raise Wrong("That is not a whole e-mail address, such as sam@clinic.example.") from None
    return text.lower()


def hours(text: str, *, beside: Sequence[tuple[int, time, time]] = ()) -> list[tuple[int, time, time]]:
    """“Mon-Fri 8:00-12:00 13:00-18:00” as weekday, opening and closing for each stretch of each day; `beside` are those before."""
    found = DAYS_AND_TIMES.fullmatch(text)
    if not found:
        raise Wrong("Write days and times such as  Mon-Fri 8:00-12:00 13:00-18:00  or  Sat 9:00-13:00.")
    first, last = (day_of(name or found[1]) for name in found.groups()[:2])
    if last < first:
        raise Wrong("The first day has to come before the last; the week begins on Monday.")
    stretches = [stretch(part) for part in found[3].replace(",", " ").split()]
    read: list[tuple[int, time, time]] = []
    for day, (opens, closes) in itertools.product(range(first, last + 1), stretches):
        others = [
            (their_opens, their_closes) for their_day, their_opens, their_closes in [*beside, *read] if their_day == day
        ]
        try:
            refuse_overlap(others, opens, closes)
        except ValidationError as error:
            raise Wrong(f"{Weekday(day).label}: {' '.join(error.messages)}") from None
        read.append((day, opens, closes))
    return read


def day_of(name: str) -> int:
    if name.lower() not in DAYS:
        raise Wrong(f"“{name}” is no weekday. Use Mon, Tue, Wed, Thu, Fri, Sat, Sun.")
    return DAYS.index(name.lower())


def stretch(text: str) -> tuple[time, time]:
    try:
        first, second, third, fourth = map(int, STRETCH.fullmatch(text).groups())
        opens, closes = time(first, second), time(third, fourth)
    except (AttributeError, ValueError):
        raise Wrong(f"“{text}” is no stretch of time. Write it like 8:00-18:00.") from None
    if opens >= closes:
        raise Wrong(f"“{text}” ends before it begins.")
    return opens, closes


def holiday(text: str) -> tuple[date, str]:
    day, _, name = text.partition(" ")
    try:
        found = parse_date(day)
    except ValueError:
        found = None
    if found is None or not name:
        raise Wrong("Write the date as year-month-day and what it is, such as  YYYY-12-25 Christmas Day.")
    return found, name[:80]


def person(text: str) -> dict[str, Any]:
    """“Sam Okafor; sam@clinic.example; therapist; PT, DPT”: roles may be several, letters may be left out."""
    parts = [part.strip() for part in text.split(";")]
    if not 3 <= len(parts) <= 4 or not parts[0]:
        raise Wrong("Write name; e-mail; roles; letters, such as  Sam Okafor; sam@clinic.example; therapist; PT, DPT.")
    names = [name.strip().lower() for name in parts[2].replace(" and ", ",").split(",") if name.strip()]
    if unknown := [name for name in names if name not in ROLES]:
        raise Wrong(f"“{unknown[0]}” is no role. There are {', '.join(ROLES)}.")
    if not names:
        raise Wrong(f"Give at least one role: {', '.join(ROLES)}.")
    roles = [ROLES[name] for name in names]
    credentials = letters((parts[3:] or [""])[0])
    return {"name": full_name(parts[0]), "email": address(parts[1]), "roles": roles, "credentials": credentials}


def username_for(name: str, taken: Sequence[str]) -> str:
    """What somebody signs in by: the name in small letters, with a number where another has it."""
    plain = ".".join(re.findall(r"\w+", name.lower())) or "person"
    numbered = (plain if number == 1 else f"{plain}{number}" for number in range(1, len(taken) + 2))
    return next(each for each in numbered if each not in taken)
