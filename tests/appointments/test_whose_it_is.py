"""A request that a colleague has: what anybody else may do with it, and how it becomes theirs."""

import pytest

from .desk import address, offered
from .pages import Page
from .stages import S, bring_to

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
    assert {"propose", "book", "ask", "decline"} & offered(before) == set()
    assert {"propose", "book", "ask", "decline"} <= offered(after)
