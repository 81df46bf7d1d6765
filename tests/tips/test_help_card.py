"""The card of warning signs on a page: there is one, with the signs of the safety screen, and it says once whom to call."""

import re

import pytest
import typst

from appointments.forms import SCREEN
from clinic.models import ClinicSettings, forget
from tests.factories import make_tip
from tests.tips.test_views import page
from tips.models import TipKind

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("own", [[], ["you limp"], ["you limp", "you fall"]])
def test_every_page_has_one_card_with_the_signs_of_the_screen_first_and_says_once_whom_to_call(client, clinic, own):
    ClinicSettings.objects.update(emergency_number="112", emergency_words="Call 112 now.")
    forget()
    card = "::: help\n{}\n:::\n\nThen.".format("\n".join(f"- {sign}" for sign in own))
    tip = make_tip(text={"body": card if own else "Walk."})

    html = page(client, tip.get_absolute_url())

    (said,) = re.findall(r'<section class="help-now".*?</section>', html, re.DOTALL)
    assert re.findall(r"<li>(.*?)</li>", said) == [sign.card for sign in SCREEN.card()] + own
    assert (html.count("Get help now if"), html.count('href="tel:112"'), said.count('href="tel:112"')) == (1, 1, 1)
    assert "<figure" not in said


def test_a_second_card_of_a_text_has_its_own_signs_alone(client, clinic):
    tip = make_tip(text={"body": "::: help\n- you limp\n:::\n\n::: help\n- you fall\n:::\n"})

    html = page(client, tip.get_absolute_url())

    cards = [
        re.findall(r"<li>(.*?)</li>", card) for card in re.findall(r'class="help-now".*?</section>', html, re.DOTALL)
    ]
    assert cards == [[*(sign.card for sign in SCREEN.card()), "you limp"], ["you fall"]]


@pytest.mark.parametrize("own", [[], ["you limp"]])
def test_a_guide_on_paper_names_the_signs_once_and_first_in_its_own_card(client, clinic, monkeypatch, own):
    card = "".join(f"::: help\n- {sign}\n:::\n" for sign in own)
    guide = make_tip(kind=TipKind.GUIDE, slug="rest", text={"title": f"Signs on paper {own}", "body": f"{card}\nWalk."})

    pages, compiles = [], typst.compile
    monkeypatch.setattr(typst, "compile", lambda page, **given: pages.append(page.decode()) or compiles(page, **given))

    client.get(f"{guide.get_absolute_url().rstrip('/')}.pdf")

    signs = [sign.card for sign in SCREEN.card()] + own
    said = [words for words in re.findall(r'#\("([^"]*)"\)', pages[0]) if words in {"Get help now if", *signs}]
    assert said == ["Get help now if", *signs]
