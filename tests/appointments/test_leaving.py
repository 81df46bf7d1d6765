"""Somebody leaves: their open requests go to a colleague at once, and nobody is forgotten."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction

from appointments import emails
from appointments.models import ConsultationRequest
from clinic.models import AuditEntry, OutgoingMail, User
from tests.factories import DAY, NOON, make_person

from .pages import Page
from .stages import START, S, bring_to, make_arrived, make_visit

pytestmark = pytest.mark.django_db

SENT = {"reason": "Sam has left."}


def first_pages(owner, colleague):
    return [(owner, "/admin/"), (colleague, "/admin/queue/")]


def page(person):
    return f"/admin/leaving/{person.pk}/"


def requests_of(person):
    return set(ConsultationRequest.objects.filter(assigned_to=person).values_list("reference", flat=True))


def test_all_open_requests_move_with_a_reason_and_the_rest_stays(clinic, owner, therapist, colleague, signed_in):
    open_ones = {bring_to(status, by=therapist).reference for status in (S.IN_REVIEW, S.NEEDS_INFO, S.PROPOSED)}
    over = bring_to(S.DECLINED, by=therapist)
    OutgoingMail.objects.all().delete()

    answer = signed_in(owner).post(page(therapist), SENT | {"to": colleague.pk}, follow=True)

    assert "3 requests are handed over." in answer.content.decode()
    assert f'<a href="{page(colleague)}">Open requests of {colleague}</a>' in answer.content.decode()
    assert (requests_of(colleague), requests_of(therapist)) == (open_ones, {over.reference})
    rows = AuditEntry.objects.filter(action="handed_over").values_list("reference", "by")
    assert set(rows) == {(reference, owner.pk) for reference in open_ones}
    assert OutgoingMail.objects.filter(event="staff_handed_over", to=colleague.email).count() == 3


def test_a_visit_at_which_the_colleague_is_not_free_stays_and_is_named(clinic, owner, therapist, colleague, signed_in):
    stuck = make_visit(therapist, START + DAY, at=NOON)
    make_visit(colleague, START + DAY, at=NOON)
    other = bring_to(S.IN_REVIEW, by=therapist)

    answer = signed_in(owner).post(page(therapist), SENT | {"to": colleague.pk}, follow=True)

    assert "1 request is handed over." in answer.content.decode()
    assert f"{stuck.reference}: {colleague} is not free" in answer.content.decode()
    assert requests_of(therapist) == {stuck.reference}
    assert other.reference in requests_of(colleague)


def test_where_every_request_stays_nothing_is_called_done(clinic, owner, therapist, colleague, signed_in):
    make_visit(therapist, START + DAY, at=NOON)
    make_visit(colleague, START + DAY, at=NOON)

    answer = signed_in(owner).post(page(therapist), SENT | {"to": colleague.pk}, follow=True)

    assert [each.level_tag for each in answer.context["messages"]] == ["error"]


@pytest.mark.parametrize("sent", [{}, {"to": ""}, {"to": "0"}, SENT, {"to": "theirs"} | SENT, {"to": "editors"} | SENT])
def test_without_a_colleague_and_a_reason_nothing_moves(clinic, owner, therapist, editor, signed_in, sent):
    bring_to(S.IN_REVIEW, by=therapist)
    numbers = {"theirs": therapist.pk, "editors": editor.pk}
    sent = sent | ({"to": numbers[sent["to"]]} if sent.get("to") in numbers else {})

    answer = signed_in(owner).post(page(therapist), sent)

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert sent.get("reason", "") in answer.content.decode()
    assert len(requests_of(therapist)) == 1


def test_only_an_owner_does_that(clinic, therapist, colleague, signed_in):
    bring_to(S.IN_REVIEW, by=therapist)

    answer = signed_in(colleague).post(page(therapist), SENT | {"to": colleague.pk})

    assert (answer.status_code, requests_of(colleague)) == (403, set())


def test_the_page_of_whoever_sees_patients_leads_there_also_while_they_are_only_away(
    clinic, owner, therapist, editor, signed_in
):
    browser = signed_in(owner)

    pages = [Page(browser.get(f"/admin/clinic/user/{person.pk}/change/")) for person in (therapist, editor)]

    links = [[tag.attrs["href"] for tag in each.all("a") if tag.text == "Open requests"] for each in pages]
    assert links == [[page(therapist)], []]
    assert "Whoever is only away keeps their account." in browser.get(page(therapist)).content.decode()


def closing(person):
    return {"username": person.username, "email": person.email, "display_name": person.display_name, "is_staff": "on"}


def becoming_an_editor(person):
    return closing(person) | {"is_active": "on", "groups": [Group.objects.get(name="Editor").pk]}


def leave(person, *, closes):
    if closes:
        person.is_active = False
        person.save()
    else:
        person.groups.set(Group.objects.filter(name="Editor"))


@pytest.mark.parametrize("change", [closing, becoming_an_editor])
def test_whoever_sees_no_patients_any_more_leaves_requests_that_somebody_is_led_to(
    clinic, owner, therapist, colleague, signed_in, change
):
    browser = signed_in(owner)
    bring_to(S.IN_REVIEW, by=therapist)

    answers = [
        browser.post(f"/admin/clinic/user/{person.pk}/change/", change(person)) for person in (therapist, colleague)
    ]

    therapist.refresh_from_db()
    assert therapist.is_active == (change is becoming_an_editor)
    assert [answer["Location"] for answer in answers] == [page(therapist), "/admin/clinic/user/"]


@pytest.mark.parametrize("closes", [True, False])
def test_the_first_pages_count_what_they_hold(clinic, owner, therapist, colleague, signed_in, closes):
    bring_to(S.NEEDS_INFO, by=therapist)
    before = [signed_in(person).get(address).content.decode() for person, address in first_pages(owner, colleague)]
    leave(therapist, closes=closes)

    after = [signed_in(person).get(address).content.decode() for person, address in first_pages(owner, colleague)]

    words = f"1 open request is still with {therapist}, who sees no patients here any more."
    assert [(words in html, "Nobody waits for us." in html) for html in before] == [(False, True)] * 2
    assert [(words in html, "Nobody waits for us." in html) for html in after] == [(True, False)] * 2
    assert [page(therapist) in html for html in after] == [True, False]


@pytest.mark.parametrize("closes", [True, False])
def test_until_they_are_handed_over_all_who_triage_hear_of_them(clinic, therapist, colleague, closes):
    theirs = bring_to(S.IN_REVIEW, by=therapist)
    OutgoingMail.objects.all().delete()
    emails.staff_nudge(theirs, at=NOON)
    leave(therapist, closes=closes)
    theirs = ConsultationRequest.objects.get(pk=theirs.pk)

    for tell in (emails.staff_nudge, emails.staff_update, emails.staff_corrected):
        tell(theirs, at=NOON)

    assert list(OutgoingMail.objects.order_by("pk").values_list("event", "to")) == [
        ("staff_nudge", therapist.email),
        *[(event, colleague.email) for event in ("staff_nudge", "staff_update", "staff_corrected")],
    ]


def test_an_update_of_what_nobody_has_is_told_to_nobody(clinic, colleague):
    arrived = make_arrived()
    OutgoingMail.objects.all().delete()

    emails.staff_update(arrived, at=NOON)

    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("alone", [True, False])
def test_the_only_owner_stays_one(clinic, owner, colleague, signed_in, alone):
    if not alone:
        colleague.groups.add(Group.objects.get(name="Owner"))

    answer = signed_in(owner).post(f"/admin/clinic/user/{owner.pk}/change/", becoming_an_editor(owner))

    assert ("They are the only owner." in answer.content.decode()) == alone
    assert owner.groups.filter(name="Owner").exists() == alone


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_give_it_up_at_once_one_stays(clinic, owner, signed_in):
    other = make_person("Owner")
    browsers = {person: signed_in(person) for person in (owner, other)}

    def give_up(person):
        return browsers[person].post(f"/admin/clinic/user/{person.pk}/change/", becoming_an_editor(person))

    def at_the_same_moment():
        try:
            return give_up(other)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as another:
        with transaction.atomic():
            first = give_up(owner)
            giving_up = another.submit(at_the_same_moment)
            sleep(0.5)
        second = giving_up.result()

    assert first.status_code == 302
    assert "They are the only owner." in second.content.decode()
    assert list(User.objects.filter(groups__name="Owner")) == [other]
