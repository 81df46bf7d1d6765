"""What says the same to everybody is made once, also for whoever has a cookie; and never longer than it is true."""

from datetime import time

import pytest
from django.contrib.auth.models import update_last_login
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments import people
from appointments.models import WorkingHours
from clinic import generation
from clinic.models import ClinicSettings, Holiday
from tests.appointments.pages import TYPED, Page, address
from tests.factories import HOUR, NOON, make_clinic, make_person, make_tip
from tips.models import Tip

# Whoever has these is not known to anybody, but never meets the memory before Django.
COOKIE = {"cookie": "theme=dark"}
committed = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tip():
    make_clinic()
    return make_tip(slug="a-tip", text={"title": "A stronger back"}, independently_reviewed=True)


def asked(path, queries=None):
    """The page as somebody with a cookie gets it, and how many statements it took."""
    with CaptureQueriesContext(connection) as seen:
        answer = Client(headers=COOKIE).get(path)
    return answer.content.decode(), len(seen)


@committed
@pytest.mark.parametrize("path", ["/", "/tips/a-tip/", "/tips/a-tip/?fbclid=somewhere"])
def test_a_page_is_made_once_for_whoever_has_a_cookie_or_a_query_of_somebody_elses(tip, path):
    first, _ = asked(path)

    again, queries = asked(path)

    assert ("A stronger back" in first, again == first, queries) == (True, True, 0)


@committed
def test_it_is_made_anew_when_what_it_shows_changes(tip):
    asked("/tips/a-tip/")

    Tip.objects.filter(pk=tip.pk).update(independently_reviewed=False)
    after, _ = asked("/tips/a-tip/")

    assert "Not independently reviewed." in after


@committed
def test_a_page_that_is_gone_is_gone_for_whoever_has_a_cookie(tip):
    asked("/tips/a-tip/")

    Tip.objects.filter(pk=tip.pk).update(expire_at=tip.publish_at + HOUR)

    assert Client(headers=COOKIE).get("/tips/a-tip/").status_code == 410


@committed
def test_what_was_made_of_rows_that_are_taken_back_is_shown_to_nobody(tip):
    with transaction.atomic():
        Tip.objects.filter(pk=tip.pk).update(independently_reviewed=False)
        within, _ = asked("/tips/a-tip/")
        transaction.set_rollback(True)

    after, _ = asked("/tips/a-tip/")

    assert ("Not independently reviewed." in within, "Not independently reviewed." in after) == (True, False)


@committed
def test_the_head_and_the_foot_of_a_page_follow_the_settings(tip):
    before, _ = asked("/privacy/")

    clinic = ClinicSettings.objects.get()
    clinic.name = "Another Clinic"
    clinic.save()
    after, _ = asked("/privacy/")

    assert ("Another Clinic" in before, after.count("Another Clinic") > 1) == (False, True)


@pytest.mark.django_db
def test_a_step_that_somebody_has_answered_is_empty_for_the_next_one(clinic, client):
    client.get(address("who"))
    client.post(address("who"), TYPED["who"])

    theirs, ours = (Page(each.get(address("who"))) for each in (client, Client()))

    ticked = [[tag for tag in page.all("input") if "checked" in tag.attrs] for page in (theirs, ours)]
    assert list(map(len, ticked)) == [2, 0]


@committed
def test_who_hears_of_a_new_request_is_asked_once_until_an_account_changes():
    make_clinic()
    make_person("Therapist", email="one@clinic.example")
    people.who_sees_patients()
    with CaptureQueriesContext(connection) as seen:
        known = people.who_sees_patients()

    make_person("Therapist", email="two@clinic.example")

    assert ([person.email for person in known], len(seen)) == (["one@clinic.example"], 0)
    assert {person.email for person in people.who_sees_patients()} == {"one@clinic.example", "two@clinic.example"}


@committed
def test_an_owner_hears_of_the_next_request_once_they_keep_hours():
    make_clinic()
    therapist, owner = make_person("Therapist"), make_person("Owner")
    before = people.who_sees_patients()

    WorkingHours.objects.create(therapist=owner, weekday=0, starts=time(8), ends=time(9))

    assert (before, {*people.who_sees_patients()}) == ([therapist], {therapist, owner})


@committed
def test_somebody_who_comes_in_makes_no_page_old(tip):
    before = generation.value()
    person = make_person("Therapist")
    made = generation.value()

    update_last_login(None, person)

    assert (made != before, generation.value() == made) == (True, True)


@committed
def test_a_holiday_that_is_taken_back_is_not_remembered():
    make_clinic()
    with transaction.atomic():
        Holiday.objects.create(date=NOON.date(), name="Never")
        within = ClinicSettings.current().holidays
        transaction.set_rollback(True)

    assert (within, ClinicSettings.current().holidays) == ({NOON.date()}, set())


@committed
def test_an_account_that_is_taken_back_hears_of_nothing():
    make_clinic()
    with transaction.atomic():
        make_person("Therapist", email="never@clinic.example")
        within = people.who_sees_patients()
        transaction.set_rollback(True)

    assert (len(within), people.who_sees_patients()) == (1, [])
