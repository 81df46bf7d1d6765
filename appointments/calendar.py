"""Visits as calendar programs know them: the entry that goes with a mail, and a therapist's feed. Pure.

What a calendar holds is shared, forwarded and shown on other people's screens: no name, no link, no word of health.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone, vCalAddress, vDuration, vText

from clinic.models import ClinicSettings
from clinic.wording import on_one_line

PRODUCT = "-//Clinic front desk//EN"
REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"
# What each method says of its visit, and which word on it this is: a later one counts.
STANDING = {REQUEST: ("CONFIRMED", 0), CANCEL: ("CANCELLED", 1), PUBLISH: ("CONFIRMED", 0)}
# How often a calendar program is asked to look again.
REFRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class Visit:
    """One time that was agreed, or is held, of one request."""

    uid: str
    reference: str
    starts_at: datetime
    minutes: int
    how: str
    where: str
    is_held: bool = False

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


def entry(
    visit: Visit, method: str, *, clinic: ClinicSettings, sender: str, guest: str = "", at: datetime
) -> dict[str, str]:
    """What puts a visit into the guest's calendar (`REQUEST`), or takes the same one out again (`CANCEL`).

    Whoever fetches it from the page is no guest by mail (`PUBLISH`): such an entry names nobody.
    """
    name = on_one_line(str(clinic.name))
    status, sequence = STANDING[method]
    whole = _calendar(method)
    event = _event(visit, at)
    event.add("summary", _("Visit (%(how)s): %(name)s") % {"name": name, "how": visit.how})
    event.add("location", on_one_line(visit.where))
    event.add("description", _description(visit.reference, clinic))
    event.add("status", status)
    event.add("sequence", sequence)
    event.add("organizer", _person(sender, CN=name.replace('"', "'")))
    if guest:
        # They have agreed already, and an answer by calendar would not reach the request: none is asked for.
        agreed = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
        event.add("attendee", _person(guest, **agreed))
    whole.add_component(event)
    return {"method": method, "text": whole.to_ical().decode()}


def feed(visits: Iterable[Visit], *, clinic: ClinicSettings, at: datetime) -> str:
    """What one therapist has to come and has behind them; held times are tentative."""
    whole = _calendar(PUBLISH)
    whole.add("x-wr-calname", vText(_("Visits, %s") % on_one_line(str(clinic.name))))
    whole.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    whole.add("x-published-ttl", vDuration(REFRESH))
    for visit in visits:
        event = _event(visit, at)
        words = _("Held: visit %(reference)s (%(how)s)") if visit.is_held else _("Visit %(reference)s (%(how)s)")
        event.add("summary", words % {"reference": visit.reference, "how": visit.how})
        event.add("status", "TENTATIVE" if visit.is_held else "CONFIRMED")
        whole.add_component(event)
    if not whole.subcomponents:
        # A calendar without a component is none (RFC 5545, 3.6), and some programs refuse it.
        whole.add_component(Timezone.from_tzid("UTC"))
    return whole.to_ical().decode()


def _calendar(method: str) -> Calendar:
    whole = Calendar()
    whole.add("version", "2.0")
    whole.add("prodid", PRODUCT)
    whole.add("calscale", "GREGORIAN")
    whole.add("method", method)
    return whole


def _event(visit: Visit, at: datetime) -> Event:
    event = Event()
    event.add("uid", visit.uid)
    event.add("dtstamp", at.astimezone(UTC))
    # In UTC, which every program reads alike: a visit is one moment, and a zone would have to be described with it.
    event.add("dtstart", visit.starts_at.astimezone(UTC))
    event.add("dtend", visit.ends_at.astimezone(UTC))
    # In a calendar that others look into, it is shown as "busy".
    event.add("class", "PRIVATE")
    return event


def _description(reference: str, clinic: ClinicSettings) -> str:
    lines = [_("Reference: %s") % reference]
    if clinic.phone:
        lines.append(_("Call us: %s") % clinic.phone.as_national)
    return "\n".join(lines)


def _person(address: str, **parameters: str) -> vCalAddress:
    return vCalAddress("mailto:" + quote(address, safe="@!$&'*+=/^`{|}~"), params=parameters)
