"""Until somebody stands for the safety screen no patient is asked by it, and the site says so; a demonstration is marked instead."""

from dataclasses import replace

import pytest

from appointments.forms import SCREEN
from appointments.models import ConsultationRequest
from appointments.views import pages
from clinic.models import Approval, ClinicSettings, Subject, User, forget
from clinic.opening import version_of
from tests.clinic.test_opening import approve
from tests.factories import NOON, approve_screen, make_clinic, make_person

from .pages import CHECK, SENT, TYPED, Page, address, fill

pytestmark = pytest.mark.django_db

NOT_YET = "We do not take requests here yet. Please call us."


@pytest.fixture
def new_clinic(db):
    return make_clinic(approved=False)


def start(client):
    page = Page(client.get("/consultation/"))
    return NOT_YET in page.texts("strong"), [link.attrs["href"] for link in page.all("a", class_="button")]


def test_the_start_page_says_so_and_offers_the_phone_and_the_signs_and_no_form(new_clinic, client):
    page = Page(client.get("/consultation/"))

    assert NOT_YET in page.texts("strong")
    assert page.texts("p", class_="call") == ["Call us: (407) 698-5558"]
    assert page.texts("h2", id="help-now") == ["Get help now if"]
    assert page.all("a", class_="button") == []


def test_a_page_of_the_form_leads_to_the_start(new_clinic, client):
    answers = [client.get(address("who")), client.post(address("who"), TYPED["who"])]

    assert [answer.url for answer in answers] == ["/consultation/"] * 2


def test_the_form_is_open_when_two_stand_for_the_screen_one_of_them_a_clinician(new_clinic, client, signed_in):
    seen = []
    for person in (make_person("Owner"), make_person("Therapist"), make_person("Therapist", credentials="PT")):
        seen.append(start(client))
        approve(signed_in(person))
    forget()

    assert seen == [(True, [])] * 3
    assert start(client) == (False, [address("who")])


def test_it_stays_open_when_one_of_them_leaves(clinic, client):
    assert not User.objects.filter(is_active=True).exists()
    assert start(client) == (False, [address("who")])


def test_a_new_version_is_approved_anew_and_who_is_half_way_loses_nothing(new_clinic, client, monkeypatch):
    approve_screen()
    fill(client)
    monkeypatch.setattr(pages, "SCREEN", replace(SCREEN, version="2099-01-1"))
    refused = client.post(CHECK)
    monkeypatch.undo()

    answer = client.post(CHECK, Page(refused).fields)

    assert (refused.status_code, Page(refused).notes) == (503, [NOT_YET])
    assert (answer.url, ConsultationRequest.objects.count()) == (SENT, 1)


def test_a_demonstration_takes_sample_requests_without(new_clinic, client):
    ClinicSettings.objects.update(is_demo=True)
    forget()

    assert start(client) == (False, [address("who")])


def test_the_owners_pause_speaks_first(new_clinic, client):
    ClinicSettings.objects.update(is_paused=True, pause_words="Back on Monday.")
    forget()

    assert "Back on Monday." in Page(client.get("/consultation/")).texts("strong")


@pytest.mark.parametrize(
    ("is_demo", "is_given", "says"), [(False, False, True), (False, True, False), (True, False, False)]
)
def test_the_privacy_notice_says_whose_words_it_has(client, owner, is_demo, is_given, says):
    make_clinic(is_demo=is_demo)
    if is_given:
        Approval.objects.create(subject=Subject.PRIVACY, version=version_of(Subject.PRIVACY), by=owner, at=NOON)
        forget()

    assert ("came with the software" in client.get("/privacy/").content.decode()) == says
