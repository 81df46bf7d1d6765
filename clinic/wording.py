"""How times, phone numbers and refused forms are said, the same on pages and in mails."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.forms import BaseForm
from django.utils.dates import WEEKDAYS
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import country_code_for_region

Stretches = Sequence[tuple[time, time]]


def spoken(at: datetime, zone: ZoneInfo) -> str:
    """A time as people say it, with its weekday and the zone's name: "Tuesday, March 3, 10:00 AM EST"."""
    local = at.astimezone(zone)
    return f"{local:%A, %B} {local.day}, {_to_the_minute(local)}"


def in_full(at: datetime, zone: ZoneInfo) -> str:
    """The same with its year, for what is kept: "Tuesday, March 3, 2026, 10:00 AM EST"."""
    local = at.astimezone(zone)
    return f"{local:%A, %B} {local.day}, {local:%Y}, {_to_the_minute(local)}"


def briefly(at: datetime, zone: ZoneInfo) -> str:
    """The same where many stand below each other: "Tue, Mar 3, 10:00 AM EST"."""
    local = at.astimezone(zone)
    return f"{local:%a, %b} {local.day}, {_to_the_minute(local)}"


def _to_the_minute(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local:%M %p %Z}"


def dialed(number: PhoneNumber | None) -> str:
    """A number as it is dialed from the clinic: whole where it is of another country, "+52 55 1234 5678"."""
    if not number:
        return ""
    is_ours = number.country_code == country_code_for_region(settings.PHONENUMBER_DEFAULT_REGION)
    return number.as_national if is_ours else number.as_international


def on_one_line(text: str) -> str:
    """Words that go where a line end or an unseen character would be taken for something else."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def days_together(week: Mapping[int, Stretches]) -> list[tuple[str, Stretches]]:
    """Weekdays with the same hours as one row, with its name and its stretches, in the order of their first days."""
    days_with: dict[tuple[tuple[time, time], ...], list[int]] = {}
    for day in sorted(week):
        days_with.setdefault(tuple(sorted(week[day])), []).append(day)
    return [(named(days), stretches) for stretches, days in days_with.items()]


def named(days: Sequence[int]) -> str:
    """Three weekdays or more in a row by the first and the last of them."""
    rows: list[list[int]] = []
    for day in days:
        if rows and rows[-1][-1] == day - 1:
            rows[-1].append(day)
        else:
            rows.append([day])
    words = []
    for row in rows:
        if len(row) > 2:
            words.append(_("%(first)s – %(last)s") % {"first": WEEKDAYS[row[0]], "last": WEEKDAYS[row[-1]]})
        else:
            words += [str(WEEKDAYS[day]) for day in row]
    return ", ".join(words)


def roughly(length: timedelta) -> str:
    """A length of time as people say it, rounded up to whole hours, or to days from two of them on: "3 hours"."""
    hours = max(1, math.ceil(length / timedelta(hours=1)))
    if hours < 48:
        return ngettext("%d hour", "%d hours", hours) % hours
    days = math.ceil(hours / 24)
    return ngettext("%d day", "%d days", days) % days


def what_is_wrong(form: BaseForm, *, under: str, anchor: str) -> str:
    """For the top of a page whose form is screens below: it leads there, and names each field."""
    found = [
        f"{form.fields[field].label}: {error}" if field in form.fields else error
        for field, errors in form.errors.items()
        for error in errors
    ]
    form_below = format_html('<a href="#{}">{}</a>', anchor, under)
    return format_html(
        _("Nothing was done yet. Please look again at {form}: {errors}"), form=form_below, errors=" ".join(found)
    )
