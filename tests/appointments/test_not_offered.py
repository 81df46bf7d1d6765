"""What the page of a request does not offer is refused to whoever sends it all the same."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.admin.acts import ACTS

from .desk import address, offered
from .pages import Page
from .stages import S, bring_to, everything, make_arrived

pytestmark = pytest.mark.django_db

TYPED = {
    "question": "Which side?",
    "reason": "too_far",
    "next_step": "other_clinic",
    "text": "The left.",
    "phone": "(407) 698-5558",
    "mode": "clinic",
    "all_the_same": "on",
}


@pytest.mark.parametrize("who", ["therapist", "colleague", "owner"])
@pytest.mark.parametrize("stands", ["suspect", *S])
def test_an_act_that_the_page_does_not_offer_is_refused(clinic, request, signed_in, therapist, colleague, who, stands):
    consultation = make_arrived(suspicion="links") if stands == "suspect" else bring_to(stands, by=therapist)
    browser, page = signed_in(request.getfixturevalue(who)), address(consultation)
    agreed = (timezone.now() + timedelta(days=30)).replace(minute=0)
    typed = TYPED | {"start": f"{agreed:%Y-%m-%dT%H:%M}", "to": colleague.pk}
    not_offered = ACTS.keys() - offered(Page(browser.get(page)))
    before = everything()

    answers = [browser.post(f"{page}{act}/", typed | typed_for(act)).status_code for act in sorted(not_offered)]

    assert everything() == before
    assert set(answers) <= {200, 409}
    assert 409 in answers


def typed_for(act):
    return {} if act == "decline" else {"reason": "A real person."}
