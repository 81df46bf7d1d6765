"""The picture above a text: chosen from those that are kept, and described or said to be decorative."""

import json
import re

import pytest

from tests.factories import NOON, make_tip
from tests.tips.test_admin import ADD, as_it_stands, change, form, wrong_fields
from tips.forms import PICTURES_OFFERED
from tips.models import Picture, Tip

pytestmark = pytest.mark.django_db

NAME = "3f2a9c1be4d0-1600x900"


@pytest.fixture
def picture(editor):
    return Picture.objects.create(name=NAME, title="Band", alt="A band", uploaded_by=editor, uploaded_at=NOON)


def test_a_picture_has_to_be_described_or_said_to_be_decorative(clinic, editor, picture, signed_in):
    client = signed_in(editor)

    undescribed = client.post(ADD, form(editor, hero=NAME))
    client.post(ADD, form(editor, hero=NAME, hero_is_decorative="on"))

    assert wrong_fields(undescribed) == ["hero_alt"]
    assert [(tip.latest.hero, tip.latest.hero_alt) for tip in Tip.objects.all()] == [(NAME, "")]


def test_readers_see_it_at_once_and_who_shows_the_page_elsewhere_too(clinic, client, picture):
    tip = make_tip(text={"hero": NAME, "hero_alt": "A band around both knees"}, independently_reviewed=True)

    html = client.get(tip.get_absolute_url()).content.decode()

    [shown] = re.findall(r"<img [^>]*>", html)
    address = f"http://localhost:8000/media/pictures/{NAME}-1600.webp"
    assert 'alt="A band around both knees"' in shown
    assert 'loading="eager"' in shown
    assert f'<meta property="og:image" content="{address}">' in html
    told = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)[1])
    assert next(part["image"] for part in told["@graph"] if "image" in part) == address


def test_its_own_picture_is_offered_however_many_have_come_since(clinic, editor, picture, signed_in):
    Picture.objects.bulk_create(
        Picture(name=f"{number:012x}-800x600", title="Newer", uploaded_by=editor, uploaded_at=NOON)
        for number in range(PICTURES_OFFERED)
    )
    tip = make_tip(author=editor, text={"hero": NAME, "hero_alt": "A band"})
    client = signed_in(editor)

    client.post(change(tip), as_it_stands(tip, hero=NAME, hero_alt="A band", title="Changed"))

    assert (tip.latest.title, tip.latest.hero) == ("Changed", NAME)
