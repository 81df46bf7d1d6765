"""The picture above a text: chosen from those that are kept, and described or said to be decorative."""

import json
import re
from io import BytesIO

import pytest
from PIL import Image

from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_admin import ADD, as_it_stands, change, form, wrong_fields
from tips.forms import PICTURES_OFFERED
from tips.models import Picture, Tip, TipKind, TipStatus

pytestmark = pytest.mark.django_db

NAME = "3f2a9c1be4d0-1600x900"


@pytest.fixture
def picture(editor):
    return Picture.objects.create(name=NAME, title="Band", alt="A band", uploaded_by=editor, uploaded_at=NOON)


@pytest.mark.parametrize(
    ("known", "typed", "wrong", "kept"),
    [
        ("", {}, ["hero_alt"], []),
        ("", {"hero_is_decorative": "on"}, [], [""]),
        ("A band", {}, [], ["A band"]),
        ("A band", {"hero_alt": "Two knees"}, [], ["Two knees"]),
        ("A band", {"hero_is_decorative": "on"}, [], [""]),
        ("A band", {"hero_is_decorative": "on", "hero_alt": "Two knees"}, ["hero_is_decorative"], []),
    ],
)
def test_a_picture_is_described_or_said_to_be_decorative(clinic, editor, picture, signed_in, known, typed, wrong, kept):
    Picture.objects.update(alt=known)

    answer = signed_in(editor).post(ADD, form(editor, hero=NAME, **typed))

    assert (wrong_fields(answer) if answer.status_code == 200 else []) == wrong
    assert [tip.latest.hero_alt for tip in Tip.objects.all()] == kept


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


def picture_of(client, tip):
    """Where the page says that it can be shown by a picture."""
    html = client.get(tip.get_absolute_url()).content.decode()
    return re.findall('<meta property="og:image" content="http://localhost:8000([^"]+)">', html)


@pytest.mark.parametrize("kind", ["tip", "guide"])
def test_without_one_the_title_is_the_picture_by_which_others_show_it(clinic, client, kind):
    tip = make_tip(kind=kind, text={"title": '#panic("no") ' + "Knees " * 17})

    [address] = picture_of(client, tip)
    answer = client.get(address)

    size = Image.open(BytesIO(answer.content)).size
    assert (answer.status_code, answer["Content-Type"], size) == (200, "image/png", (1200, 630))
    assert "immutable" in answer["Cache-Control"]


def test_a_picture_of_a_title_is_shown_no_longer_than_the_title(clinic, client, editor):
    tip = make_tip(author=editor, text={"title": "Knees"})
    hidden = make_tip(author=editor, text={"title": "Hips"})
    old, taken_down = picture_of(client, tip) + picture_of(client, hidden)

    tip.revise(by=editor, at=NOON, title="Elbows", summary="S", body="B", sources="")
    Tip.objects.filter(pk=tip.pk).update(status=TipStatus.IN_CLINICAL)
    tip.refresh_from_db()
    reviewer = make_person("Clinical reviewer")
    tip.approve_clinical(tip.latest, next_review=NOON.date() + DAY, by=reviewer, at=NOON)
    Tip.objects.filter(pk=hidden.pk).update(status=TipStatus.ARCHIVED)
    [new] = picture_of(client, tip)

    assert [client.get(each).status_code for each in (old, taken_down, new)] == [404, 404, 200]


def test_a_tip_and_a_guide_of_one_address_have_a_picture_each(client, clinic):
    pages = [make_tip(kind=kind, slug="knees", text={"title": kind.label}) for kind in TipKind]

    shown_at = [picture_of(client, page) for page in pages]

    answers = [client.get(address) for [address] in shown_at]
    assert [(answer.status_code, answer["Content-Type"]) for answer in answers] == [(200, "image/png")] * 2
    assert answers[0].content != answers[1].content


@pytest.mark.parametrize(("address", "title"), [("/", "Strong again."), ("/tips/", "Tips")])
def test_other_pages_say_their_title_and_address_to_those_who_show_them(clinic, client, address, title):
    html = client.get(address).content.decode()

    said = dict(re.findall('<meta property="og:([a-z_]+)" content="([^"]+)">', html))
    assert (said["title"], said["url"], "description" in said) == (title, f"http://localhost:8000{address}", True)


def test_its_own_picture_is_offered_however_many_have_come_since(clinic, editor, picture, signed_in):
    Picture.objects.bulk_create(
        Picture(name=f"{number:012x}-800x600", title="Newer", uploaded_by=editor, uploaded_at=NOON)
        for number in range(PICTURES_OFFERED)
    )
    tip = make_tip(author=editor, text={"hero": NAME, "hero_alt": "A band"})
    client = signed_in(editor)

    client.post(change(tip), as_it_stands(tip, hero=NAME, hero_alt="A band", title="Changed"))

    assert (tip.latest.title, tip.latest.hero) == ("Changed", NAME)


@pytest.mark.parametrize(
    ("had", "sent_with", "typed", "kept"),
    [
        ({"hero_alt": "A band"}, "Two knees", {}, ("Two knees", False)),
        ({"hero_alt": "A band"}, "Two knees", {"hero_alt": "Three"}, ("Three", False)),
        ({"hero_alt": "Words of its own"}, "Two knees", {}, ("Two knees", False)),
        ({"hero_is_decorative": True}, "Two knees", {}, ("Two knees", False)),
        ({"hero_is_decorative": True}, "", {}, ("", True)),
        ({"hero_alt": "A band"}, "", {"hero_alt": "", "hero_is_decorative": "on"}, ("", True)),
    ],
)
def test_another_picture_does_not_keep_what_was_said_of_the_one_before(
    clinic, editor, picture, signed_in, had, sent_with, typed, kept
):
    other = "a" * 12 + "-800x600"
    Picture.objects.create(name=other, title="Other", alt=sent_with, uploaded_by=editor, uploaded_at=NOON)
    tip = make_tip(author=editor, text={"hero": NAME} | had)
    stands = {"hero_alt": had.get("hero_alt", "")} | ({"hero_is_decorative": "on"} if "hero_alt" not in had else {})

    signed_in(editor).post(change(tip), as_it_stands(tip, hero=other, **stands | typed))

    assert (tip.latest.hero, (tip.latest.hero_alt, tip.latest.hero_is_decorative)) == (other, kept)


def test_another_picture_that_came_without_words_is_asked_for_them(clinic, editor, picture, signed_in):
    other = "a" * 12 + "-800x600"
    Picture.objects.create(name=other, title="Other", uploaded_by=editor, uploaded_at=NOON)
    tip = make_tip(author=editor, text={"hero": NAME, "hero_alt": "A band"})

    answer = signed_in(editor).post(change(tip), as_it_stands(tip, hero=other, hero_alt="A band"))

    assert (wrong_fields(answer), tip.latest.hero) == (["hero_alt"], NAME)
    assert 'value="A band"' not in answer.content.decode()
