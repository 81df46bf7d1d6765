"""A request that a colleague has: what anybody else may do with it, and how it becomes theirs."""

from datetime import time

import pytest

from appointments.models import WorkingHours
from tests.factories import make_person

from .agreeing import make_new
from .desk import address, offered
from .pages import Page
from .stages import S, bring_to, make_arrived

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ["colleague", "owner"])
def test_a_colleagues_request_is_handed_over_to_oneself_first(clinic, signed_in, therapist, colleague, owner, role):
    person = {"colleague": colleague, "owner": owner}[role]
    consultation, browser = bring_to(S.IN_REVIEW, by=therapist), signed_in(person)
    sentence = f"{therapist} has this request. To act on it, hand it over to yourself first."
    before = Page(browser.get(address(consultation)))

    browser.post(address(consultation, "hand_over"), {"to": person.pk, "reason": "Sam is ill."})

    after = Page(browser.get(address(consultation)))
    assert (sentence in before.texts("p"), sentence in after.texts("p")) == (True, False)
    # The owner of this clinic sees no patients, and offers nobody a time with themselves.
    acts = {"ask", "decline", "spam"} | ({"propose", "book"} if role == "colleague" else set())
    assert {"propose", "book", *acts} & offered(before) == set()
    assert {"propose", "book", *acts} & offered(after) == acts


def test_an_owner_who_sees_no_patients_offers_none_a_time_with_themselves(clinic, signed_in, therapist, owner):
    consultation = make_arrived()

    acts = {person: offered(Page(signed_in(person).get(address(consultation)))) for person in (therapist, owner)}

    assert acts[therapist] - acts[owner] == {"propose", "book"}
    assert acts[owner] - acts[therapist] == set()


@pytest.mark.parametrize("role", ["keeps hours", "works alone"])
def test_an_owner_who_sees_patients_does(clinic, signed_in, owner, role):
    if role == "keeps hours":
        make_person("Therapist")
        WorkingHours.objects.create(therapist=owner, weekday=0, starts=time(8), ends=time(12))

    acts = offered(Page(signed_in(owner).get(address(make_arrived()))))

    assert {"propose", "book"} <= acts


def test_the_page_says_with_whom_the_times_are(clinic, signed_in, therapist):
    consultation = make_new()

    page = Page(signed_in(therapist).get(address(consultation)))

    assert f"Free with {therapist}, and as the patient wishes" in page.texts("legend")
    assert f"Agreed time with {therapist}:" in page.texts("label")
