"""A page that refreshes itself: what it records, and that it is no activity of the person before it."""

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from clinic.health import FAILED, WORKER
from clinic.mail import queue
from clinic.models import Heartbeat
from clinic.wording import spoken
from tests.factories import DAY, HOUR, make_person

from .desk import QUEUE, audited, notices, references
from .pages import Page
from .stages import S, bring_to, make_arrived

pytestmark = pytest.mark.django_db


def mark_of(answer):
    """What the page sends along to say which references it shows already."""
    return next(tag.attrs["data-shown"] for tag in Page(answer).all("div") if "data-shown" in tag.attrs)


def refresh(client, mark, **query):
    return client.get(QUEUE, query, headers={"X-Shown": mark})


def test_the_same_list_again_is_recorded_once(clinic, signed_in, therapist):
    shown = make_arrived().reference
    client = signed_in(therapist)

    first = client.get(QUEUE)
    second = refresh(client, mark_of(first))
    third = refresh(client, mark_of(second))

    assert [references(answer) for answer in (first, second, third)] == [[shown]] * 3
    assert audited() == [("listed", therapist.pk, "", {"references": [shown]})]


def test_a_list_with_somebody_new_is_recorded_with_all_that_it_shows(clinic, signed_in, therapist):
    now = timezone.now()
    old = make_arrived(answer_by=now + HOUR).reference
    client = signed_in(therapist)
    first = client.get(QUEUE)
    new = make_arrived(answer_by=now + DAY).reference

    second = refresh(client, mark_of(first))

    assert references(second) == [old, new]
    assert [detail for *_, detail in audited()] == [{"references": [old]}, {"references": [old, new]}]
    assert audited()[1:] == [("listed", therapist.pk, "", {"references": [old, new]})]


def test_a_list_that_became_shorter_shows_nothing_new(clinic, signed_in, therapist, colleague):
    gone, stays = [make_arrived(answer_by=timezone.now() + DAY) for _ in range(2)]
    client = signed_in(therapist)
    first = client.get(QUEUE)
    gone.mark_spam(by=colleague, at=timezone.now())

    second = refresh(client, mark_of(first))

    assert references(second) == [stays.reference]
    assert len(audited()) == 1


@pytest.mark.parametrize("forged", ["", "x", "WyJDUi1BQ0RFRkciXQ:1vNsXX:x", "é" * 10, "colleague"])
def test_nobody_escapes_the_record_by_a_mark_that_is_not_theirs(clinic, signed_in, therapist, colleague, forged):
    make_arrived()
    if forged == "colleague":
        forged = mark_of(signed_in(colleague).get(QUEUE))
    before = len(audited())

    refresh(signed_in(therapist), forged)

    assert [by for _, by, *_ in audited()[before:]] == [therapist.pk]


def test_a_page_opened_again_is_recorded_again(clinic, signed_in, therapist):
    make_arrived()
    client = signed_in(therapist)

    for _ in range(2):
        client.get(QUEUE)

    assert len(audited()) == 2


def test_a_refresh_leaves_the_session_as_it_was(clinic, signed_in, therapist):
    make_arrived()
    client = signed_in(therapist)
    mark = mark_of(client.get(QUEUE))
    before = list(Session.objects.values())

    answer = refresh(client, mark)

    assert list(Session.objects.values()) == before
    assert "sessionid" not in answer.cookies


def test_a_refresh_takes_no_message_from_the_next_page(clinic, signed_in, therapist):
    make_arrived()
    client = signed_in(therapist)
    mark = mark_of(client.get(QUEUE))
    client.post(f"{QUEUE}act/", {"act": "claim"})

    answer = refresh(client, mark)

    assert notices(Page(answer)) == []
    assert notices(Page(client.get(QUEUE))) == ["Tick one or more requests first."]


def test_a_refresh_answers_with_the_list_alone_for_the_same_part(clinic, signed_in, therapist):
    mine = bring_to(S.IN_REVIEW, by=therapist)
    make_arrived()
    client = signed_in(therapist)

    answer = refresh(client, mark_of(client.get(QUEUE, {"show": "mine"})), show="mine")

    page = Page(answer)
    assert (references(answer), page.all("html"), page.all("header")) == ([mine.reference], [], [])
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("role", ["Editor", None])
def test_who_may_not_triage_gets_nothing_by_a_refresh(clinic, signed_in, role):
    make_arrived()
    person = make_person(role)

    answer = refresh(signed_in(person), "x")

    assert (answer.status_code, audited()) == (403, [("refused", person.pk, "", {"method": "GET"})])


def test_without_a_script_there_is_a_link_to_the_same_rows(clinic, signed_in, therapist, monkeypatch):
    monkeypatch.setattr("appointments.admin.queue.ROWS", 1)
    rows = [make_arrived(answer_by=timezone.now() + number * HOUR).reference for number in range(3)]
    client = signed_in(therapist)
    following = next(tag.attrs["href"] for tag in Page(client.get(QUEUE)).all("a") if tag.text == "Show more")
    second = client.get(QUEUE + following)

    link = next(tag.attrs["href"] for tag in Page(second).all("a") if tag.text == "Refresh")

    assert references(client.get(QUEUE + link)) == [rows[1]]


# The box above


def box(page):
    return [tag.text for tag in page.within("p", "overview")]


def test_above_the_queue_stands_what_waits_and_since_when(clinic, signed_in, therapist):
    now = timezone.now()
    Heartbeat.objects.beat(WORKER, at=now)
    make_arrived(submitted_at=now - 3 * HOUR, answer_by=now + HOUR)
    make_arrived(submitted_at=now - 30 * HOUR, answer_by=now + 2 * HOUR)
    make_arrived(submitted_at=now - 90 * HOUR, suspicion="trapped")

    page = Page(signed_in(therapist).get(QUEUE))

    assert box(page) == ["2 requests wait for us. The oldest came 1 day ago."]


def test_an_empty_queue_and_work_that_is_done_say_so_in_one_line(clinic, signed_in, therapist):
    Heartbeat.objects.beat(WORKER, at=timezone.now())

    page = Page(signed_in(therapist).get(QUEUE))

    assert box(page) == ["Nobody waits for us."]


@pytest.mark.parametrize(("role", "address"), [("Therapist", QUEUE), ("Owner", QUEUE), ("Owner", "/admin/")])
def test_mail_that_does_not_leave_and_a_worker_that_is_gone_are_seen_at_once(clinic, signed_in, role, address):
    person, since = make_person(role), timezone.now() - HOUR
    queue("received", to="robin@clinic.example", context={}, at=since)
    Heartbeat.objects.beat(FAILED, at=timezone.now())

    page = Page(signed_in(person).get(address))

    alarms = [tag.text for tag in page.all("p", class_="alarm")]
    assert [text.split(".")[0] for text in alarms] == [
        f"● Mail has not been leaving since {spoken(since, clinic.tzinfo)}",
        "● The worker is not running",
        "● Something failed that the site does by itself, such as a reminder",
    ]


def test_an_editor_finds_no_such_box(clinic, signed_in, editor):
    make_arrived()

    page = Page(signed_in(editor).get("/admin/", follow=True))

    assert (page.status, box(page)) == (200, [])
