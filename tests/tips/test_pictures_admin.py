"""Sending a picture, describing it, and finding the line that shows it."""

import io
import re
from html import unescape

import pytest
from PIL import Image

from tests.factories import NOON, make_person
from tests.tips.files import halves, jpeg, saved
from tips.models import Picture
from tips.pictures import made_from, markdown_for

pytestmark = pytest.mark.django_db

LIST, ADD = "/admin/tips/picture/", "/admin/tips/picture/add/"
FACTS = {"title": "Knee on stairs", "alt": "A knee [bent]"}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def file(data, name="knee.jpg"):
    sent = io.BytesIO(data)
    sent.name = name
    return sent


def page_of(picture):
    return f"{LIST}{picture.pk}/change/"


def kept(by, **facts):
    return Picture.keep(made_from(jpeg()), **FACTS | facts, by=by, at=NOON)


def wrong_fields(response):
    return re.findall(r'class="form-row errors field-(\w+)"', response.content.decode())


def stored():
    return list(Picture.objects.order_by("pk").values_list("title", "alt"))


@pytest.mark.parametrize("role", ["Editor", "Clinical reviewer", "Therapist"])
def test_who_writes_sends_a_picture_and_is_given_its_line(clinic, signed_in, role):
    client = signed_in(make_person(role))

    page = client.post(ADD, FACTS | {"file": file(jpeg())}, follow=True)

    picture = Picture.objects.get()
    assert (page.redirect_chain, stored()) == ([(page_of(picture), 302)], [("Knee on stairs", "A knee [bent]")])
    text = unescape(page.content.decode())
    assert (
        f"![A knee \\[bent\\]](picture:{picture.name})" in text,
        f'src="/media/pictures/{picture.name}-' in text,
    ) == (
        True,
        True,
    )


def test_an_owner_and_a_stranger_send_none(clinic, client, signed_in, owner):
    answers = [each.post(ADD, FACTS | {"file": file(jpeg())}).status_code for each in (signed_in(owner), client)]

    assert (answers, stored()) == ([403, 403], [])


def test_a_picture_is_known_by_its_bytes_whatever_it_is_called(clinic, signed_in, editor):
    signed_in(editor).post(ADD, FACTS | {"file": file(saved(halves(), "PNG"), "../../evil.html")})

    assert [re.sub("^[0-9a-f]{32}", "", picture.name) for picture in Picture.objects.all()] == ["-600x400"]


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"title": ""}, ["title"]),
        ({"alt": ""}, ["alt"]),
        ({"is_decorative": "on"}, ["is_decorative"]),
        ({"file": None}, ["file"]),
        ({"file": b""}, ["file"]),
        ({"file": b"<svg onload='alert(1)'>"}, ["file"]),
        ({"alt": "x" * 201}, ["alt"]),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(clinic, signed_in, editor, sent, wrong):
    fields = FACTS | {"file": jpeg()} | sent
    fields = {
        name: file(value) if isinstance(value, bytes) else value for name, value in fields.items() if value is not None
    }

    response = signed_in(editor).post(ADD, fields)

    assert (response.status_code, wrong_fields(response), stored()) == (200, wrong, [])


def test_a_photograph_from_a_camera_is_taken(clinic, signed_in, editor):
    photograph = saved(Image.effect_noise((2_400, 1_600), 90), "PNG")

    signed_in(editor).post(ADD, FACTS | {"file": file(photograph)})

    assert (len(photograph) > 3_000_000, len(stored())) == (True, 1)


@pytest.mark.parametrize(("megabytes", "answer"), [(16, (200, ["file"])), (40, (413, []))])
def test_a_file_that_is_too_large_is_refused(clinic, signed_in, editor, megabytes, answer):
    response = signed_in(editor).post(ADD, FACTS | {"file": file(bytes(megabytes * 1_000_000))})

    assert (response.status_code, wrong_fields(response)) == answer


def test_a_picture_that_says_nothing_needs_no_words(clinic, signed_in, editor):
    signed_in(editor).post(ADD, {"title": "A line", "alt": "", "is_decorative": "on", "file": file(jpeg())})

    assert stored() == [("A line", "")]


def test_the_same_picture_sent_again_leads_to_the_one_there_is(clinic, signed_in, editor, reviewer):
    picture = kept(reviewer)

    page = signed_in(editor).post(ADD, {"title": "Again", "alt": "Other words", "file": file(jpeg())}, follow=True)

    assert (page.redirect_chain, stored()) == ([(page_of(picture), 302)], [("Knee on stairs", "A knee [bent]")])
    assert "This picture was here already, with the words below." in page.content.decode()


def test_a_description_is_changed_and_the_picture_is_not(clinic, signed_in, editor, reviewer):
    picture = kept(reviewer)

    signed_in(editor).post(
        page_of(picture), {"title": "Knee", "alt": "A straight knee", "name": "x", "file": file(b"x")}
    )

    picture.refresh_from_db()
    assert (stored(), picture.name, picture.uploaded_by) == (
        [("Knee", "A straight knee")],
        made_from(jpeg()).name,
        reviewer,
    )


def test_that_a_picture_says_nothing_is_still_chosen_when_its_page_is_opened(clinic, signed_in, editor):
    picture = kept(editor, alt="")

    page = signed_in(editor).get(page_of(picture)).content.decode()

    assert re.search(r'<input type="checkbox" name="is_decorative"[^>]* checked', page)


def test_the_list_shows_each_picture_with_its_words(clinic, signed_in, editor):
    picture = kept(editor)

    page = signed_in(editor).get(LIST, {"q": "stairs"}).content.decode()

    assert (page.count(f'src="/media/pictures/{picture.name}-'), "A knee [bent]" in page) == (1, True)


def test_no_picture_is_deleted(clinic, signed_in, editor):
    picture = kept(editor)

    response = signed_in(editor).post(f"{LIST}{picture.pk}/delete/", {"post": "yes"})

    assert (response.status_code, stored()) == (403, [("Knee on stairs", "A knee [bent]")])


def test_markup_in_a_description_is_shown_as_text(clinic, signed_in, editor):
    picture = kept(editor, title="<script>alert(1)</script>", alt='"><script>alert(2)</script>')

    pages = [signed_in(editor).get(address).content.decode() for address in (LIST, page_of(picture))]

    assert [page.count("<script>alert") for page in pages] == [0, 0]
    assert markdown_for(picture.name, picture.alt) in unescape(pages[1])
