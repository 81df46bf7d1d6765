"""Who looked, as the owner reads it."""

from datetime import timedelta
from html import unescape

import pytest

from clinic import audit
from clinic.admin_audit import ROWS
from clinic.models import AuditAction, AuditEntry
from tests.appointments.pages import Page
from tests.factories import DAY, NOON

pytestmark = pytest.mark.django_db

PAGE = "/admin/audit/"


@pytest.fixture
def look(clinic, owner, signed_in):
    browser = signed_in(owner)
    return lambda **query: browser.get(PAGE, query)


def references(answer):
    return [tag.text for tag in Page(answer).all("td") if tag.attrs.get("data-label") == "Reference" and tag.text]


def test_only_the_owner_reads_it_and_that_is_recorded(clinic, owner, therapist, editor, signed_in):
    statuses = [signed_in(person).get(PAGE).status_code for person in (owner, therapist, editor)]

    assert statuses == [200, 403, 403]
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "by", "detail")) == [
        ("listed", owner.pk, {"rows": 0, "sought": {}}),
        ("refused", therapist.pk, {"method": "GET"}),
        ("refused", editor.pk, {"method": "GET"}),
    ]


def test_the_newest_come_first_and_each_page_goes_on_where_the_last_one_ended(look, therapist):
    for number in range(ROWS + 3):
        audit.record(AuditAction.OPENED, by=therapist, at=NOON, reference=f"user {number}")

    first = look(action="opened")
    following = unescape(
        Page(first).all("a", href=f"?action=opened&before={AuditEntry.objects.earliest('pk').pk + 3}")[0].attrs["href"]
    )
    second = look(**dict(part.split("=") for part in following[1:].split("&")))

    shown = [f"user {number}" for number in reversed(range(ROWS + 3))]
    assert (references(first), references(second)) == (shown[:ROWS], shown[ROWS:])


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({"by": "therapist"}, ["CR-ACDEFG", "user 7"]),
        ({"by": "colleague"}, ["CR-ACDEFG"]),
        ({"action": "opened"}, ["CR-ACDEFG", "user 7"]),
        ({"reference": "user 7"}, ["user 7"]),
        ({"reference": "CR-ACDEFG", "action": "changed"}, ["CR-ACDEFG"]),
        ({"day": "2026-03-01"}, ["user 7"]),
        ({"day": "never"}, ["CR-ACDEFG", "CR-ACDEFG", "user 7"]),
        ({"before": "9" * 30}, ["CR-ACDEFG", "CR-ACDEFG", "user 7"]),
    ],
)
def test_it_is_narrowed_by_person_act_reference_and_day(look, therapist, colleague, sought, found):
    # Late in the evening of the first of March where the clinic is; in UTC it is the second.
    audit.record(AuditAction.OPENED, by=therapist, at=NOON - DAY + timedelta(hours=10), reference="user 7")
    audit.record(AuditAction.OPENED, by=therapist, at=NOON, reference="CR-ACDEFG")
    audit.record(AuditAction.CHANGED, by=colleague, at=NOON, reference="CR-ACDEFG", act="claim")
    people = {"therapist": therapist.pk, "colleague": colleague.pk}

    assert references(look(**{name: people.get(value, value) for name, value in sought.items()})) == found


def test_a_name_typed_as_a_reference_is_told_to_be_none_and_is_not_recorded(look):
    answer = look(reference="Zoë Núñez")

    assert "Write a reference such as" in answer.content.decode()
    assert [entry.detail for entry in AuditEntry.objects.all()] == [{"rows": 0, "sought": {}}]


def test_an_act_that_a_later_version_knew_is_shown_by_its_name(look, therapist):
    audit.record("levitated", by=None, at=NOON, reference="user 7", height=3)

    html = look().content.decode()

    assert ("levitated" in html, "Nobody signed in" in html, "height: 3" in html) == (True, True, True)


def test_when_what_and_from_where_are_told_in_the_words_of_the_desk(look, therapist):
    for route in ("admin:consultation_missed", "admin:queue", "admin:clinic_holiday_add", "admin:go_on", ""):
        facts = {"at": NOON, "by": therapist, "reference": "CR-ACDEFG", "route": route}
        AuditEntry.objects.create(action=AuditAction.CHANGED, detail={"act": "missed"}, **facts)

    page = Page(look(action="changed"))

    told = {
        label: [cell.text for cell in page.all("td", **{"data-label": label})] for label in ("When", "Details", "From")
    }
    assert told == {
        "When": ["Mon, Mar 2, 2026, 12:00 PM EST"] * 5,
        "Details": ["act: “They did not come”"] * 5,
        "From": ["", "go on", "Holidays", "Queue", "Page of a request"],
    }


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_only_read(clinic, owner, signed_in, method):
    assert getattr(signed_in(owner), method)(PAGE).status_code == 405
