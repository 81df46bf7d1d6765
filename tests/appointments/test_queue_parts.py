"""The parts of the queue: whom each holds, in which order, and what a row says of its state."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments import clock
from appointments.models import PatientStatement
from clinic.wording import briefly
from tests.factories import DAY, HOUR, NOON

from .desk import QUEUE, references, rows_of
from .pages import Page
from .stages import WHY, S, bring_to, make_arrived, make_visit

pytestmark = pytest.mark.django_db

NOT_LONG = timedelta(minutes=1)


def shown(client, part):
    return references(client.get(QUEUE, {"show": part}))


def answer_column(page):
    """What stands in the column of times, row by row."""
    return [tag.text for tag in page.within("td", "queue")][5 - 1 :: 7]


@pytest.fixture
def today(clinic):
    """When the clinic's day begins and ends."""
    return clock.day_around(timezone.now(), clinic.tzinfo)


def test_overdue_and_urgent_hold_what_waits_on_us_and_no_suspects(clinic, signed_in, therapist, colleague):
    now = timezone.now()
    late = make_arrived(answer_by=now - HOUR)
    late_urgent = bring_to(S.IN_REVIEW, by=colleague, answer_by=now - DAY, urgency="urgent")
    urgent = make_arrived(answer_by=now + HOUR, urgency="urgent")
    make_arrived(answer_by=now - HOUR, urgency="urgent", suspicion="trapped")
    make_arrived(answer_by=now + HOUR)
    bring_to(S.NEEDS_INFO, by=therapist, answer_by=now - HOUR, urgency="urgent")
    client = signed_in(therapist)

    parts = [shown(client, part) for part in ("overdue", "urgent")]

    assert parts == [[late_urgent.reference, late.reference], [late_urgent.reference, urgent.reference]]


def test_booked_today_is_the_clinics_day_in_the_order_of_the_visits(signed_in, therapist, colleague, today):
    begins, ends = today
    asked = begins - 2 * DAY
    afternoon = make_visit(therapist, begins + 15 * HOUR, at=asked)
    morning = make_visit(colleague, begins + 9 * HOUR, at=asked + HOUR)
    first, last = [make_visit(therapist, start, at=asked) for start in (begins, ends - HOUR)]
    for start in (begins - HOUR, ends):
        make_visit(therapist, start, at=asked)
    make_visit(colleague, begins + 12 * HOUR, at=asked).reschedule(at=asked + HOUR)

    found = shown(signed_in(therapist), "today")

    assert found == [each.reference for each in (first, morning, afternoon, last)]


def test_whoever_would_come_sooner_is_found_when_a_time_is_free_again(signed_in, therapist, today):
    begins, ends = today
    asked = begins - 2 * DAY
    later, soon, _past, content = [
        make_visit(therapist, start, at=asked) for start in (ends + 9 * DAY, ends + 2 * DAY, begins - HOUR, ends + DAY)
    ]
    PatientStatement.objects.filter(pk=content.pk).update(sooner=False)

    found = shown(signed_in(therapist), "sooner")

    assert found == [soon.reference, later.reference]


@pytest.mark.parametrize("hour", [NOON.replace(hour=3), NOON, NOON.replace(hour=5)])
def test_a_clinics_day_begins_at_its_own_midnight(clinic, hour):
    begins, ends = clock.day_around(hour, clinic.tzinfo)

    local = [each.astimezone(clinic.tzinfo) for each in (begins, ends)]
    assert [(each.hour, each.minute) for each in local] == [(0, 0), (0, 0)]
    assert begins <= hour < ends


def test_a_day_on_which_the_clocks_change_has_its_own_length(clinic):
    begins, ends = clock.day_around(NOON.replace(day=8), clinic.tzinfo)

    assert ends - begins == 23 * HOUR


def test_a_second_look_is_for_somebody_else_and_for_today(signed_in, therapist, colleague, today):
    begins, _ = today
    decided, seen, mine, yesterday = [make_arrived(urgency="urgent") for _ in range(4)]
    decided.decline(by=colleague, at=begins + NOT_LONG, **WHY)
    seen.decline(by=colleague, at=begins + NOT_LONG, **WHY)
    seen.look_again(by=therapist, at=begins + 2 * NOT_LONG)
    mine.decline(by=therapist, at=begins + NOT_LONG, **WHY)
    yesterday.decline(by=colleague, at=begins - NOT_LONG, **WHY)
    make_arrived().decline(by=colleague, at=begins + NOT_LONG, **WHY)

    found = [shown(signed_in(person), "second") for person in (therapist, colleague)]

    assert found == [[decided.reference], [mine.reference]]


def test_the_closed_ones_come_newest_first_page_by_page(clinic, signed_in, therapist, monkeypatch):
    monkeypatch.setattr("appointments.admin.queue.ROWS", 2)
    closed = [bring_to(S.WITHDRAWN, by=therapist, answer_by=NOON + number * HOUR) for number in range(5)]
    client = signed_in(therapist)

    seen, address = [], f"{QUEUE}?show=closed"
    while address:
        page = Page(client.get(address))
        seen.append(rows_of(page))
        more = [tag.attrs["href"] for tag in page.all("a") if tag.text == "Show more"]
        address = QUEUE + more[0] if more else ""

    newest = [each.reference for each in reversed(closed)]
    assert seen == [newest[:2], newest[2:4], newest[4:]]


def test_what_is_booked_says_when_and_what_is_long_past_asks_how_it_went(clinic, signed_in, therapist, today):
    begins, _ = today
    past = make_visit(therapist, begins - 10 * DAY, at=begins - 20 * DAY, answer_by=begins - 20 * DAY)
    coming = make_visit(therapist, begins + 10 * DAY, at=begins - 2 * DAY, answer_by=begins - DAY)
    client = signed_in(therapist)

    waiting, mine = [Page(client.get(QUEUE, {"show": part})) for part in ("waiting", "mine")]

    assert rows_of(waiting) == [past.reference]
    when = [briefly(begins + days * DAY, clinic.tzinfo) for days in (-10, 10)]
    assert rows_of(mine) == [past.reference, coming.reference]
    assert answer_column(mine) == [f"◆ How did it go? {when[0]}", f"Visit: {when[1]}"]


def test_nobody_is_promised_an_answer_where_the_patient_is_to_speak_or_it_is_closed(clinic, signed_in, therapist):
    asked = bring_to(S.NEEDS_INFO, by=therapist)
    closed = bring_to(S.WITHDRAWN, by=therapist)
    client = signed_in(therapist)

    pages = [Page(client.get(QUEUE, {"show": part})) for part in ("patient", "closed")]

    assert [rows_of(page) for page in pages] == [[asked.reference], [closed.reference]]
    assert [answer_column(page) for page in pages] == [["–"], [f"Closed: {briefly(closed.closed_at, clinic.tzinfo)}"]]


def test_each_row_tells_how_long_ago_it_was_sent_whoever_it_waits_for(clinic, signed_in, therapist):
    sent = timezone.now() - 3 * DAY
    for status in (S.NEEDS_INFO, S.WITHDRAWN):
        bring_to(status, by=therapist, submitted_at=sent)
    client = signed_in(therapist)

    pages = [Page(client.get(QUEUE, {"show": part})) for part in ("patient", "closed")]

    assert [page.texts("td", **{"data-label": "Sent"}) for page in pages] == [["3 days ago"]] * 2


def test_counting_stops_at_a_hundred(clinic, signed_in, therapist):
    for _ in range(102):
        make_arrived()

    page = Page(signed_in(therapist).get(QUEUE))

    counts = dict(tag.text.rsplit(" ", 1) for tag in page.within("a", "tabs") if tag.text != "Closed")
    assert (counts["Waiting"], counts["All open"], counts["Mine"]) == ("100+", "100+", "0")
    assert "More than 100 requests wait for us." in page.within("p", "overview")[0].text
