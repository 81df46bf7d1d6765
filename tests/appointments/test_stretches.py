"""The pages of the queue: from the beginning and from the end, each row once, whatever the part is made of."""

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from appointments.models import ConsultationRequest
from tests.factories import DAY, HOUR, NOON, make_person

from .desk import QUEUE, rows_of
from .pages import Page
from .stages import START, S, bring_to, make_arrived, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def four_rows_a_page(monkeypatch):
    monkeypatch.setattr("appointments.admin.queue.ROWS", 4)


def walked(client, address, link):
    """The rows of each page that one comes to by this link, and the first address without it."""
    seen = []
    while True:
        page = Page(client.get(address))
        seen.append(rows_of(page))
        onward = [tag.attrs["href"] for tag in page.all("a") if tag.text == link]
        if not onward:
            return seen, address
        address = QUEUE + onward[0]


def link(page, text):
    return QUEUE + next(tag.attrs["href"] for tag in page.all("a") if tag.text == text)


def of_several_states(therapist):
    """What waits for us, in the order in which it is listed: new, overdue in review, and met without an outcome."""
    now, rows = timezone.now(), []
    for number in range(5):
        due = now - 20 * DAY + number * DAY
        rows += [
            make_arrived(answer_by=due),
            bring_to(S.IN_REVIEW, by=therapist, answer_by=due + HOUR),
            make_visit(therapist, START + number * DAY, at=NOON, answer_by=due + 2 * HOUR),
        ]
    return [row.reference for row in rows]


@pytest.mark.parametrize("show", ["waiting", "closed"])
def test_every_row_is_met_once_in_order_from_the_beginning_and_from_the_end(clinic, signed_in, therapist, show):
    if show == "waiting":
        rows = of_several_states(therapist)
    else:
        closed = [bring_to(S.WITHDRAWN, by=therapist, at=NOON - number * DAY) for number in range(15)]
        rows = [each.reference for each in sorted(closed, key=lambda each: (each.closed_at, each.pk), reverse=True)]
    client = signed_in(therapist)
    last = link(Page(client.get(QUEUE, {"show": show})), "To the end")

    forward, _ = walked(client, f"{QUEUE}?show={show}", "Show more")
    backward, first = walked(client, last, "Back")

    assert forward == [rows[:4], rows[4:8], rows[8:12], rows[12:]]
    assert backward == [rows[11:], rows[7:11], rows[3:7], rows[:4]]
    assert walked(client, first, "Show more")[0] == forward


def test_rows_of_the_same_moment_are_told_apart_on_the_way_back_too(clinic, signed_in, therapist):
    rows = [make_arrived(answer_by=NOON + number // 5 * HOUR).reference for number in range(12)]
    client = signed_in(therapist)

    backward, _ = walked(client, link(Page(client.get(QUEUE)), "To the end"), "Back")

    assert backward == [rows[8:], rows[4:8], rows[:4]]


def test_a_page_links_only_to_where_there_is_something(clinic, signed_in, therapist):
    for number in range(9):
        make_arrived(answer_by=NOON + number * HOUR)
    client = signed_in(therapist)
    places = ["To the beginning", "Back", "Show more", "To the end"]
    addresses = [QUEUE]
    addresses += [link(Page(client.get(QUEUE)), text) for text in ("Show more", "To the end")]

    offered = [[tag.text for tag in Page(client.get(address)).all("a") if tag.text in places] for address in addresses]

    assert offered == [["Show more", "To the end"], places, ["To the beginning", "Back"]]


def test_the_end_of_what_fits_on_one_page_is_that_page(clinic, signed_in, therapist):
    rows = [make_arrived(answer_by=NOON + number * HOUR).reference for number in range(4)]

    page = Page(signed_in(therapist).get(QUEUE, {"before": "end"}))

    assert rows_of(page) == rows
    assert [tag.text for tag in page.all("a") if tag.text in {"Back", "Show more", "To the end"}] == []


# When a visit begins, as the request itself says it


def test_a_request_says_when_its_visit_begins_as_long_as_it_is_booked(clinic, therapist):
    people = [make_person("Therapist") for _ in range(3)]
    chosen, given_up, missed = [
        bring_to(status, by=person) for status, person in zip([S.BOOKED, S.BOOKED, S.NO_SHOW], people, strict=True)
    ]
    agreed = make_visit(therapist, START + 2 * DAY, at=NOON)
    given_up.reschedule(at=NOON)

    visits = [ConsultationRequest.objects.get(pk=each.pk).visit_at for each in (chosen, agreed, given_up, missed)]

    assert visits == [START, START + 2 * DAY, None, None]


def test_the_visits_of_before_are_known_after_the_migration_run_twice(clinic, therapist):
    booked, other = make_visit(therapist, START, at=NOON), bring_to(S.IN_REVIEW, by=therapist)
    ConsultationRequest.objects.filter(pk=booked.pk).update(visit_at=NOON)
    migration = import_module("appointments.migrations.0011_visits_so_far")

    for _ in range(2):
        migration.fill(apps, None)

    visits = [ConsultationRequest.objects.get(pk=each.pk).visit_at for each in (booked, other)]
    assert visits == [START, None]
