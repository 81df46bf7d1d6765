"""The card of warning signs on a page, whoever wrote it: there is one, and it says once whom to call."""

import pytest

from clinic.models import ClinicSettings, forget
from tests.factories import make_tip
from tests.tips.test_views import page

pytestmark = pytest.mark.django_db


def test_a_text_with_a_card_of_its_own_has_no_second_one_and_says_once_whom_to_call(client, clinic):
    ClinicSettings.objects.update(emergency_number="112", emergency_words="Call 112 now.")
    forget()
    tips = [make_tip(text={"body": body}) for body in ("::: help\n- chest pain\n:::\n\nThen.", "Walk.")]

    pages = [" ".join(page(client, tip.get_absolute_url()).split()) for tip in tips]

    call = '<p> <strong>Call 112 now.</strong> <a class="tel" href="tel:112">Call 112</a> </p>'
    assert [(html.count('class="help-now"'), html.count(call)) for html in pages] == [(1, 1), (1, 1)]
    assert f"<ul> <li>chest pain</li> </ul> {call}" in pages[0]
    assert [("Get help now if" in html, "whom-to-call" in html) for html in pages] == [(False, False), (True, False)]
