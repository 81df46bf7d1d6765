from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments import clock
from appointments.admin.queue import PARTS
from appointments.models import RequestStatus
from clinic.models import OutgoingMail
from clinic.wording import briefly, spoken
from tests.factories import DAY, HOUR, NOON, SAID, make_consultation, make_person, make_tip

from .desk import QUEUE, audited, references, rows_of
from .pages import Page
from .stages import EARLIER, OPEN, S, bring_to, everything, make_arrived, make_visit

pytestmark = pytest.mark.django_db

CANARIES = [str(SAID[name]) for name in ("goal", "note", "full_name", "phone", "email", "access_needs")]
CANARIES += ["cello", "rehearsals", "Zoë", "Núñez", "698-5559", "One to six weeks"]


def make_in(status, therapist):
    """One request that is in no hurry."""
    return make_consultation(
        status=status, assigned_to=None if status == S.NEW else therapist, answer_by=timezone.now() + DAY
    )


@pytest.mark.parametrize("role", ["Editor", "Clinical reviewer", None])
def test_whoever_may_not_triage_sees_no_queue(clinic, signed_in, role):
    consultation = make_arrived()
    person = make_person(role)

    answer = signed_in(person).get(QUEUE)

    assert answer.status_code == 403
    assert consultation.reference not in answer.content.decode()
    assert audited() == [("refused", person.pk, "", {"method": "GET"})]


def test_a_stranger_is_asked_to_sign_in(clinic, client):
    answer = client.get(QUEUE)

    assert (answer.status_code, answer.url) == (302, f"/admin/login/?next={QUEUE}")


def test_the_permission_to_triage_is_what_opens_the_queue(clinic, signed_in):
    make_arrived()
    person = make_person()
    person.user_permissions.add(Permission.objects.get(codename="triage_consultationrequest"))

    answer = signed_in(person).get(QUEUE)

    assert len(references(answer)) == 1


@pytest.mark.parametrize("show", PARTS)
def test_no_view_of_the_queue_shows_a_name_or_a_word_of_the_patients(clinic, signed_in, therapist, show):
    for status in RequestStatus:
        make_in(status, therapist)
    make_arrived(urgency="urgent", suspicion="trapped")
    bring_to(S.BOOKED, by=therapist)

    text = signed_in(therapist).get(f"{QUEUE}?show={show}").content.decode()

    assert [word for word in CANARIES if word in text] == []


@pytest.mark.parametrize(
    ("show", "statuses"),
    [
        ("waiting", [S.NEW, S.IN_REVIEW]),
        ("new", [S.NEW]),
        ("owed", [S.IN_REVIEW]),
        ("mine", [S.IN_REVIEW, S.NEEDS_INFO, S.PROPOSED, S.BOOKED]),
        ("patient", [S.NEEDS_INFO, S.PROPOSED]),
        ("open", OPEN),
        ("closed", [status for status in RequestStatus if status not in OPEN]),
        ("nonsense", [S.NEW, S.IN_REVIEW]),
    ],
)
def test_each_view_holds_the_requests_of_its_name(clinic, signed_in, therapist, show, statuses):
    by_status = {status: make_in(status, therapist).reference for status in RequestStatus}

    answer = signed_in(therapist).get(QUEUE, {"show": show})

    assert sorted(references(answer)) == sorted(by_status[status] for status in statuses)


def test_mine_are_those_that_i_have(clinic, signed_in, therapist, colleague):
    mine = bring_to(S.IN_REVIEW, by=therapist)
    bring_to(S.IN_REVIEW, by=colleague)

    answer = signed_in(therapist).get(f"{QUEUE}?show=mine")

    assert references(answer) == [mine.reference]


def test_what_waits_for_me_is_neither_a_colleagues_nor_a_patients_to_answer(clinic, signed_in, therapist, colleague):
    bring_to(S.NEEDS_INFO, by=therapist, answer_by=NOON - DAY)
    bring_to(S.IN_REVIEW, by=colleague)
    how_did_it_go, to_answer = bring_to(S.BOOKED, by=therapist), bring_to(S.IN_REVIEW, by=therapist)

    answer = signed_in(therapist).get(f"{QUEUE}?show=owed")

    assert references(answer) == [how_did_it_go.reference, to_answer.reference]


def test_a_row_says_what_is_needed_to_choose_the_next_one(clinic, signed_in, therapist):
    now = timezone.now()
    tip = make_tip(text={"title": "A stronger back"})
    due = now + 3 * DAY
    consultation = bring_to(
        S.IN_REVIEW,
        by=therapist,
        region="shoulder",
        urgency="urgent",
        tip=tip,
        answer_by=due,
        submitted_at=now - 2 * DAY,
    )

    page = Page(signed_in(therapist).get(f"{QUEUE}?show=mine"))

    assert [tag.text for tag in page.within("th", "queue") if tag.attrs["scope"] == "col"] == [
        *["Reference", "Status", "Urgency", "Area", "Sent", "Due", "With", "Came from"],
    ]
    assert rows_of(page) == [consultation.reference]
    assert [text.replace("\xa0", " ") for text in [tag.text for tag in page.within("td", "queue")]] == [
        "In review",
        "▲ Urgent",
        "Shoulder",
        "2 days ago",
        briefly(due, clinic.tzinfo),
        str(therapist),
        "A stronger back",
    ]


def test_what_is_overdue_comes_first_and_is_marked_with_a_word(clinic, signed_in, therapist):
    now = timezone.now()
    later = make_arrived(answer_by=now + DAY)
    late = make_arrived(answer_by=now - HOUR)
    sooner = make_arrived(answer_by=now + HOUR)

    page = Page(signed_in(therapist).get(QUEUE))

    assert rows_of(page) == [late.reference, sooner.reference, later.reference]
    assert [text.startswith("● Overdue:") for text in page.texts("td", **{"data-label": "Answer by"})] == [
        True,
        False,
        False,
    ]


def test_what_is_claimed_and_not_answered_waits_with_the_new_ones_whoever_has_it(
    clinic, signed_in, therapist, colleague
):
    new = make_in(S.NEW, colleague)
    urgent = bring_to(S.IN_REVIEW, by=colleague, urgency="urgent", answer_by=timezone.now() + HOUR)
    forgotten = bring_to(S.IN_REVIEW, by=colleague)

    answer = signed_in(therapist).get(QUEUE)

    assert references(answer) == [each.reference for each in (forgotten, urgent, new)]
    assert "3 requests wait for us." in answer.content.decode()


@pytest.mark.parametrize("query", ["after", "show"])
def test_what_no_browser_sends_is_refused(clinic, signed_in, therapist, query):
    answer = signed_in(therapist).get(QUEUE, {query: "\0"})

    assert answer.status_code == 400
    assert audited() == []


def test_the_tabs_count_what_they_hold(clinic, signed_in, therapist, colleague):
    for status in (S.NEW, S.NEW, S.IN_REVIEW, S.PROPOSED, S.DECLINED):
        make_in(status, therapist)
    make_in(S.BOOKED, colleague)

    page = Page(signed_in(therapist).get(QUEUE))

    assert [tag.text for tag in page.within("a", "tabs")] == [
        "Waiting 3",
        "Overdue 0",
        "Urgent 0",
        "New 2",
        "Waiting for me 1",
        "Mine 2",
        "Waiting on patient 1",
        "Booked today 0",
        "Would come sooner 1",
        "Second look 0",
        "Looks like spam 0",
        "All open 5",
        "Closed",
    ]


def test_what_looks_like_spam_waits_apart_and_hides_nobody(clinic, signed_in, therapist):
    suspect, real = make_arrived(suspicion="trapped"), make_arrived()
    client = signed_in(therapist)

    waiting, apart = [references(client.get(QUEUE, {"show": show})) for show in ("waiting", "suspect")]

    assert (waiting, apart) == ([real.reference], [suspect.reference])
    everything = Page(client.get(QUEUE, {"show": "open"})).within("td", "queue")
    assert [cell.text for cell in everything if cell.text.startswith("New")] == ["New, looks like spam", "New"]

    suspect.mark_spam(by=therapist, at=NOON)
    closed = Page(client.get(QUEUE, {"show": "closed"})).within("td", "queue")
    assert [cell.text for cell in closed if cell.text in {"Spam", "New, looks like spam"}] == ["Spam"]


def test_show_more_reaches_every_row_once_in_order(clinic, signed_in, therapist, monkeypatch):
    monkeypatch.setattr("appointments.admin.queue.ROWS", 4)
    rows = [make_arrived(answer_by=EARLIER + timedelta(hours=number // 3)).reference for number in range(14)]
    client = signed_in(therapist)

    seen, address = [], QUEUE
    while address:
        page = Page(client.get(address))
        seen.append(rows_of(page))
        more = [tag.attrs["href"] for tag in page.all("a") if tag.text == "Show more"]
        address = QUEUE + more[0] if more else ""

    assert [len(shown) for shown in seen] == [4, 4, 4, 2]
    assert [reference for shown in seen for reference in shown] == rows


def test_a_row_that_leaves_while_one_reads_on_hides_no_other(clinic, signed_in, therapist, monkeypatch):
    monkeypatch.setattr("appointments.admin.queue.ROWS", 2)
    rows = [make_arrived(answer_by=EARLIER + number * HOUR) for number in range(5)]
    client = signed_in(therapist)
    following = next(tag.attrs["href"] for tag in Page(client.get(QUEUE)).all("a") if tag.text == "Show more")
    rows[0].claim(by=therapist, at=EARLIER)

    shown = references(client.get(QUEUE + following))

    assert shown == [row.reference for row in rows[2:4]]


@pytest.mark.parametrize(
    "cursor",
    ["x", "_", "2026-03-02_1", "0001-01-01T00:00:00+14:00_1", "9999-12-31T23:59:59-12:00_1", f"2026-03-02T00:00:00+00:00_{10**30}",
     f"2026-03-02T00:00:00+00:00_-{10**30}", "2026-03-02T00:00:00_1", "9" * 5000 + "_" + "9" * 5000, "1_2_3"],
)  # fmt: skip
def test_a_cursor_that_nobody_gave_out_breaks_nothing(clinic, signed_in, therapist, cursor):
    make_arrived()

    answer = signed_in(therapist).get(QUEUE, {"after": cursor})

    assert answer.status_code == 200
    assert len(references(answer)) in {0, 1}


@pytest.mark.parametrize("show", ["open", "today"])
def test_the_number_of_queries_does_not_grow_with_the_queue(clinic, signed_in, therapist, show, settings):
    # However long it takes, the clinic's settings are remembered.
    settings.CLINIC_MEMORY_SECONDS = 3600
    client = signed_in(therapist)
    now = timezone.now()
    morning = clock.day_around(now, clinic.tzinfo)[0]
    counts = []
    for wanted in (5, 55):
        for number in range(wanted):
            tip = make_tip(text={"title": f"Tip {number}"}) if number % 10 == 0 else None
            make_visit(make_person("Therapist"), morning + 9 * HOUR, at=now - DAY, tip=tip)
        client.get(f"{QUEUE}?show={show}")
        with CaptureQueriesContext(connection) as queries:
            shown = references(client.get(f"{QUEUE}?show={show}"))
        counts.append((len(shown), len(queries)))

    assert [rows for rows, queries in counts] == [5, 50]
    assert counts[0][1] == counts[1][1]


def test_each_look_at_the_list_is_recorded_with_the_references_shown(clinic, signed_in, therapist):
    rows = [make_arrived(answer_by=EARLIER + number * HOUR).reference for number in range(2)]

    signed_in(therapist).get(QUEUE)

    assert audited() == [("listed", therapist.pk, "", {"references": rows})]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_sent_to_the_queue(clinic, signed_in, therapist, method):
    make_arrived()
    before = everything()

    answer = getattr(signed_in(therapist), method)(QUEUE)

    assert answer.status_code == 405
    assert (everything(), audited()) == (before, [])


def test_the_queue_is_kept_by_no_browser(clinic, signed_in, therapist):
    assert "no-store" in signed_in(therapist).get(QUEUE)["Cache-Control"]


def give_up(event, to, *, reference="", count=1):
    OutgoingMail.objects.bulk_create(
        OutgoingMail(
            event=event,
            to=to,
            reference=reference,
            context="",
            message_id=f"<{event}-{number}@clinic.example>",
            queued_at=EARLIER,
            next_attempt_at=EARLIER,
            parked_at=EARLIER,
            last_error="SMTPRecipientsRefused 550",
        )
        for number in range(count)
    )


def test_mail_that_could_not_be_delivered_is_shown_with_its_reference_and_no_patients_address(
    clinic, signed_in, therapist
):
    reference = make_arrived().reference
    give_up("received", SAID["email"], reference=reference)
    give_up("staff_new", therapist.email, reference=reference)
    give_up("invitation", "dee@clinic.example")

    page = Page(signed_in(therapist).get(QUEUE))

    said = f"{spoken(EARLIER, clinic.tzinfo)}: SMTPRecipientsRefused 550"
    assert [line for line in page.texts("li") if "550" in line] == [
        f"Invitation to dee@clinic.example, {said}",
        f"{reference} Staff new to {therapist.email}, {said}",
        f"{reference} Received, {said}",
    ]
    assert SAID["email"] not in " ".join(page.texts("body"))


@pytest.mark.parametrize(("count", "shown", "more"), [(100, 100, []), (101, 100, ["and 1 older one"])])
def test_each_mail_that_the_owner_hears_of_is_shown(clinic, signed_in, therapist, count, shown, more):
    give_up("received", SAID["email"], reference=make_arrived().reference, count=count)

    lines = Page(signed_in(therapist).get(QUEUE)).texts("li")

    assert len([line for line in lines if "550" in line]) == shown
    assert [line for line in lines if "older" in line] == more


def test_an_empty_queue_says_so(clinic, signed_in, therapist):
    page = Page(signed_in(therapist).get(QUEUE))

    assert page.texts("p", class_="empty") == ["Nobody is waiting here."]


def test_a_dismissed_therapist_sees_nothing_more(clinic, signed_in, therapist):
    client = signed_in(therapist)
    therapist.is_active = False
    therapist.save()

    answer = client.get(QUEUE)

    assert (answer.status_code, answer.url) == (302, "/admin/login/?" + urlencode({"next": QUEUE}, safe="/"))
    assert Client().get(QUEUE).status_code == 302
