"""A therapist's private feed: what it holds, for whom it opens, and how it is made and taken back."""

import re
from datetime import UTC, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from appointments.models import OfferedTime
from appointments.models.statement import Mode
from clinic.models import User
from tests.factories import DAY, SAID, come_in, make_person

from .desk import notices
from .pages import Page
from .stages import S, bring_to, make_arrived

pytestmark = pytest.mark.django_db

CANARIES = [str(SAID[name]) for name in ("goal", "note", "full_name", "phone", "email", "access_needs")]
CANARIES += ["cello", "rehearsals", "Zoë", "Núñez", "698-5559", "One to six weeks", "Knee", "knee"]
OPEN, CLOSE = "/admin/calendar/feed/", "/admin/calendar/feed/close/"


def on_the_quarter(at):
    return at.replace(minute=0, second=0, microsecond=0)


def make_time(therapist, *, ahead, mode=Mode.CLINIC, **standing):
    """A time of a request of its own, `ahead` from now: booked if not said otherwise."""
    now = timezone.now()
    time = OfferedTime(
        consultation=make_arrived(status=S.BOOKED, assigned_to=therapist),
        therapist=therapist,
        starts_at=on_the_quarter(now) + ahead,
        minutes=30,
        mode=mode,
        **standing or {"booked_at": now},
    )
    time.take(at=now)
    return time


def held(**more):
    return {"held_until": timezone.now() + DAY} | more


def feed_of(person):
    return f"/calendar/{person.open_calendar()}.ics"


def events(answer):
    return [
        # In UTC: between zones Python calls a time in the hour that comes twice unequal to itself.
        (event["SUMMARY"], event["STATUS"], event["DTSTART"].dt.astimezone(UTC))
        for event in Calendar.from_ical(answer.content).walk("VEVENT")
    ]


def test_the_feed_holds_what_the_therapist_has_booked_and_holds(clinic, client, therapist, colleague):
    visit = make_time(therapist, ahead=DAY, mode=Mode.PHONE)
    offer = make_time(therapist, ahead=2 * DAY, **held())
    make_time(colleague, ahead=DAY)

    answer = client.get(feed_of(therapist))

    assert events(answer) == [
        (f"Visit {visit.consultation.reference} (By phone)", "CONFIRMED", visit.starts_at),
        (f"Held: visit {offer.consultation.reference} (At the clinic)", "TENTATIVE", offer.starts_at),
    ]


def test_the_feed_goes_back_a_month_and_ahead_a_year(clinic, client, therapist):
    days = [-31, -29, 0, 364, 366]
    times = {day: make_time(therapist, ahead=day * DAY + timedelta(hours=1)) for day in days}

    answer = client.get(feed_of(therapist))

    assert [start for _, _, start in events(answer)] == [times[day].starts_at for day in (-29, 0, 364)]


def test_what_was_released_or_is_held_no_longer_is_not_in_it(clinic, client, therapist):
    given_up = make_time(therapist, ahead=DAY)
    given_up.release(at=timezone.now())
    make_time(therapist, ahead=2 * DAY, held_until=timezone.now() - timedelta(seconds=1))

    assert events(client.get(feed_of(therapist))) == []


def test_a_visit_has_the_same_name_as_in_the_patients_calendar(clinic, client, therapist):
    time = make_time(therapist, ahead=DAY)

    [event] = Calendar.from_ical(client.get(feed_of(therapist)).content).walk("VEVENT")

    assert event["UID"] == time.for_calendar().uid


def test_nothing_in_the_feed_names_a_patient_or_what_they_have(clinic, client, therapist):
    for mode in Mode:
        make_time(therapist, ahead=DAY * (1 + list(Mode).index(mode)), mode=mode)
    bring_to(S.PROPOSED, by=therapist)

    answer = client.get(feed_of(therapist))

    assert len(events(answer)) == 3
    text = answer.content.decode().replace("\r\n ", "")
    assert [word for word in CANARIES if word in text] == []
    assert {line.split(":")[0].split(";")[0] for line in text.splitlines()} & {"ATTENDEE", "ORGANIZER", "URL"} == set()


def test_no_proxy_keeps_it_and_no_search_engine_lists_it(clinic, client, therapist):
    answer = client.get(feed_of(therapist))

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert {"no-store", "private", "no-cache"} <= set(answer["Cache-Control"].split(", "))
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "Set-Cookie" not in answer


def refused(client, address):
    answer = client.get(address)
    assert b"VCALENDAR" not in answer.content
    return answer.status_code == 404


def test_a_wrong_a_replaced_and_a_revoked_address_open_nothing(clinic, client, therapist):
    make_time(therapist, ahead=DAY)
    first = feed_of(therapist)
    second = feed_of(therapist)
    opened = client.get(second).status_code
    therapist.close_calendar()

    answers = [refused(client, address) for address in (first, second, "/calendar/guess.ics", "/calendar/None.ics")]

    assert (opened, answers) == (200, [True] * 4)


@pytest.mark.parametrize(
    "leave",
    [
        lambda person: User.objects.filter(pk=person.pk).update(is_active=False),
        lambda person: User.objects.filter(pk=person.pk).update(is_staff=False),
        lambda person: person.groups.clear(),
        lambda person: person.groups.set(Group.objects.filter(name="Editor")),
    ],
)
def test_whoever_left_or_does_not_triage_any_more_has_no_feed(clinic, client, therapist, leave):
    make_time(therapist, ahead=DAY)
    address = feed_of(therapist)

    leave(therapist)

    assert refused(client, address)


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_a_feed_is_only_read(clinic, client, therapist, method):
    assert getattr(client, method)(feed_of(therapist)).status_code == 405


def test_many_visits_take_no_more_queries_than_one(clinic, client, therapist):
    address = feed_of(therapist)
    make_time(therapist, ahead=DAY)
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address)
    for day in range(2, 12):
        make_time(therapist, ahead=day * DAY)

    with CaptureQueriesContext(connection) as many:
        answer = client.get(address)

    assert len(events(answer)) == 11
    # One of them waits, on PostgreSQL, for its turn to be recorded.
    assert len(many) == len(few) <= 6


# Making the address and taking it back


def address_on(answer):
    return re.search(r"/calendar/[\w-]{43}\.ics", answer.content.decode())[0]


@pytest.mark.parametrize("role", ["Therapist", "Owner"])
def test_whoever_triages_makes_an_address_that_is_shown_once_and_kept_as_a_hash(clinic, signed_in, client, role):
    person = make_person(role)
    browser = signed_in(person)

    answer = browser.post(OPEN)

    address = address_on(answer)
    person.refresh_from_db()
    assert client.get(address).status_code == 200
    assert re.fullmatch(r"[0-9a-f]{64}", person.calendar_hash)
    later = browser.get("/admin/calendar/").content.decode() + browser.get(OPEN, follow=True).content.decode()
    assert "You have an address." in later
    assert re.findall(r"/calendar/[\w-]{43}", later) == []
    assert "no-store" in answer["Cache-Control"]


def test_a_new_address_ends_the_old_one(clinic, signed_in, client, therapist):
    browser = signed_in(therapist)
    old = address_on(browser.post(OPEN))

    new = address_on(browser.post(OPEN))

    assert [client.get(address).status_code for address in (old, new)] == [404, 200]


def test_an_address_that_was_taken_back_opens_nothing(clinic, signed_in, client, therapist):
    browser = signed_in(therapist)
    address = address_on(browser.post(OPEN))

    answer = browser.post(CLOSE, follow=True)

    assert refused(client, address)
    assert notices(Page(answer)) == ["The address opens nothing any more."]
    assert "You have an address." not in answer.content.decode()


@pytest.mark.parametrize("address", [OPEN, CLOSE])
def test_whoever_arrives_by_a_link_changes_nothing(clinic, signed_in, therapist, address):
    feed = feed_of(therapist)

    answer = signed_in(therapist).get(address)

    assert (answer.status_code, answer["Location"]) == (302, "/admin/calendar/")
    assert Client().get(feed).status_code == 200


@pytest.mark.parametrize("role", ["Editor", "Clinical reviewer", None])
@pytest.mark.parametrize("address", [OPEN, CLOSE])
def test_whoever_does_not_triage_makes_no_address(clinic, signed_in, role, address):
    person = make_person(role)

    answer = signed_in(person).post(address)

    person.refresh_from_db()
    assert (answer.status_code, person.calendar_hash) == (403, None)


@pytest.mark.parametrize("address", [OPEN, CLOSE])
def test_another_site_makes_no_address(clinic, therapist, address):
    browser = come_in(therapist, enforce_csrf_checks=True)

    answer = browser.post(address)

    therapist.refresh_from_db()
    assert (answer.status_code, therapist.calendar_hash) == (403, None)
