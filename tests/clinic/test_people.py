"""The people who work here, as the owner keeps them, and what each finds of their own account."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.admin.models import LogEntry

from clinic.models import AuditEntry, OutgoingMail, User
from clinic.signin import steps_of
from tests.appointments.pages import Page
from tests.factories import TOTP_SECRET, make_person

PEOPLE = "/admin/clinic/user/"


def take_away(browser, *people):
    act = {"action": "take_second_step_away", "_selected_action": [person.pk for person in people]}
    return browser.post(PEOPLE, act, follow=True).content.decode()


@pytest.mark.parametrize("role", ["Owner", "Therapist", "Editor", "Clinical reviewer"])
def test_each_page_of_the_desk_leads_to_ones_second_step(clinic, signed_in, role):
    browser = signed_in(make_person(role))

    desk = browser.get("/admin/", follow=True).content.decode()

    assert '<a href="/admin/second-step/">Your second step</a>' in desk
    assert browser.get("/admin/second-step/").status_code == 200


def test_a_second_step_is_taken_away_from_one_person_who_is_named(clinic, owner, therapist, signed_in):
    said = take_away(signed_in(owner), therapist)

    assert f"The second step of {therapist} was taken away, and they are told so by mail." in said
    assert not steps_of(therapist).exists()


def test_of_several_who_are_ticked_nobody_loses_the_second_step(clinic, owner, therapist, colleague, signed_in):
    said = take_away(signed_in(owner), therapist, colleague)

    assert "Nothing was changed. Tick one person alone" in said
    assert all(steps_of(person).exists() for person in (therapist, colleague))
    assert (OutgoingMail.objects.count(), AuditEntry.objects.filter(action="second_factor_changed").count()) == (0, 0)


def test_whoever_has_no_second_step_is_not_mailed_that_it_was_taken_away(clinic, owner, editor, signed_in):
    said = take_away(signed_in(owner), editor)

    assert f"{editor} has no second step that you could take away." in said
    assert (OutgoingMail.objects.count(), AuditEntry.objects.filter(action="second_factor_changed").count()) == (0, 0)


def test_an_owner_takes_no_superusers_second_step_away(clinic, owner, signed_in):
    keeper = make_person(is_superuser=True)
    TOTP.activate(keeper, TOTP_SECRET)

    take_away(signed_in(owner), keeper)

    assert steps_of(keeper).exists()


def test_nobody_who_works_here_is_left_without_an_address(clinic, owner, therapist, signed_in):
    form = {"username": therapist.username, "email": "", "is_active": "on", "is_staff": "on"}

    answer = signed_in(owner).post(f"{PEOPLE}{therapist.pk}/change/", form)

    assert "Without an address no mail of the desk reaches them." in answer.content.decode()
    assert User.objects.get(pk=therapist.pk).email == therapist.email


def test_the_list_of_people_has_all_its_room(clinic, owner, signed_in):
    page = Page(signed_in(owner).get(PEOPLE))

    assert "works here" in page.texts("td")
    assert page.all("nav", id="changelist-filter") == []


def test_an_invitation_is_sent_by_one_button(clinic, owner, signed_in):
    page = Page(signed_in(owner).get(f"{PEOPLE}add/"))

    assert [tag.attrs["name"] for tag in page.all("input", type="submit")] == ["_save"]


def test_a_persons_page_leads_to_what_was_done_with_it(clinic, owner, therapist, signed_in):
    browser = signed_in(owner)
    kept = {"username": therapist.username, "display_name": therapist.display_name, "is_active": "on", "is_staff": "on"}
    browser.post(f"{PEOPLE}{therapist.pk}/change/", kept | {"email": "new@clinic.example"})

    [link] = Page(browser.get(f"{PEOPLE}{therapist.pk}/change/")).all("a", class_="historylink")
    record = Page(browser.get(link.attrs["href"]))

    assert link.text == "Who looked"
    assert set(record.texts("span", class_="reference")) == {f"user {therapist.pk}"}
    assert "fields: email" in record.texts("td", **{"data-label": "Details"})


def test_the_owners_front_page_has_nothing_told_by_numbers(clinic, owner, therapist, signed_in):
    browser = signed_in(owner)
    browser.post("/admin/clinic/holiday/add/", {"date": "2026-12-25", "name": "Christmas Day"})

    front = browser.get("/admin/").content.decode()

    assert [entry.object_repr for entry in LogEntry.objects.all() if entry.object_repr in front] == []
    assert LogEntry.objects.exists()
    assert "Recent actions" not in front
