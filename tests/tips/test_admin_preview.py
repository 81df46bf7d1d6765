"""What nobody does in the admin, and the preview beside the text."""

import re

import pytest

from tests.factories import make_person, make_tip
from tests.tips.test_admin import LIST, PREVIEW, TEXT, change, editing_page, form, stored
from tips.models import Tip, TipKind, TipRevision, Topic

pytestmark = pytest.mark.django_db


def unchanged():
    return (list(Tip.objects.values()), stored())


@pytest.mark.parametrize("superuser", [False, True])
def test_nobody_deletes_a_tip(clinic, signed_in, superuser):
    tip = make_tip()
    person = make_person("Editor", is_superuser=superuser)
    client, before = signed_in(person), unchanged()

    one = client.post(f"{LIST}{tip.pk}/delete/", {"post": "yes"})
    client.post(LIST, {"action": "delete_selected", "_selected_action": [tip.pk], "post": "yes"})

    assert one.status_code == 403
    assert unchanged() == before
    assert "delete" not in client.get(LIST).content.decode().split('id="changelist-form"')[1].lower()


def test_an_editor_does_not_delete_a_topic(clinic, editor, signed_in):
    knees = Topic.objects.create(name="Knees", slug="knees")

    response = signed_in(editor).post(f"/admin/tips/topic/{knees.pk}/delete/", {"post": "yes"})

    assert (response.status_code, list(Topic.objects.all())) == (403, [knees])


def test_the_address_of_a_topic_stays(clinic, editor, signed_in):
    knees = Topic.objects.create(name="Knees", slug="knees")

    signed_in(editor).post(f"/admin/tips/topic/{knees.pk}/change/", {"name": "Knee pain", "slug": "knee-pain"})

    knees.refresh_from_db()
    assert (knees.name, knees.slug) == ("Knee pain", "knees")


def test_a_guide_is_not_edited_as_a_tip(clinic, editor, signed_in):
    guide = make_tip(kind=TipKind.GUIDE)
    before = unchanged()

    signed_in(editor).post(f"{LIST}{guide.pk}/change/", form(editor))

    assert unchanged() == before


# Preview


@pytest.mark.parametrize("role", ["Editor", "Therapist", "Clinical reviewer"])
def test_the_preview_shows_the_text_as_readers_would_see_it_and_saves_nothing(clinic, signed_in, role):
    response = signed_in(make_person(role)).post(PREVIEW, TEXT)

    html = " ".join(response.content.decode().split())
    parts = [
        "<h1>Stronger knees</h1>",
        '<p class="lead">Three ways.</p>',
        '<h2 id="why">Why</h2>',
        "<em>tall</em>",
        "A study.",
    ]
    assert [part for part in parts if part not in html] == []
    assert (Tip.objects.count(), TipRevision.objects.count()) == (0, 0)


@pytest.mark.parametrize(("kind", "says"), [("tip", "Tips"), ("guide", "Guide")])
def test_the_preview_of_what_is_new_says_whether_it_is_a_guide(clinic, editor, signed_in, kind, says):
    client = signed_in(editor)
    form = client.get(f"/admin/tips/{kind}/add/").content.decode()
    address = re.search(r'formaction="([^"]*)"', form)[1]

    html = client.post(address, TEXT).content.decode()

    kicker = re.search(r'<p class="kicker">(.*?)</p>', html, re.DOTALL)[1]
    assert re.sub(r"<[^>]*>", "", kicker).strip() == says


def test_the_preview_of_a_hostile_text_is_as_harmless_as_its_page(clinic, editor, signed_in):
    hostile = '<script>alert(1)</script>[x](javascript:alert(1))<svg onload="x">'

    html = signed_in(editor).post(PREVIEW, dict.fromkeys(TEXT, hostile)).content.decode()

    assert (html.count("<script"), html.count("<svg onload"), 'href="javascript' in html) == (0, 0, False)
    assert "&lt;script&gt;" in html


def test_a_preview_of_nothing_is_an_empty_page(clinic, editor, signed_in):
    html = signed_in(editor).post(PREVIEW, {}).content.decode()

    assert "<h1></h1>" in html


def framing(response):
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    return (response["X-Frame-Options"], policy["frame-ancestors"])


def test_only_the_preview_may_be_framed_and_only_by_us(client, clinic, editor, signed_in):
    tip = make_tip(author=editor)
    desk = signed_in(editor)

    preview = framing(desk.post(PREVIEW, TEXT))
    others = {framing(desk.get(change(tip))), framing(desk.get(LIST)), framing(client.get(tip.get_absolute_url()))}

    assert preview == ("SAMEORIGIN", "'self'")
    assert others == {("DENY", "'none'")}


def test_the_preview_is_posted_to_and_not_asked_for(clinic, editor, signed_in):
    response = signed_in(editor).get(PREVIEW)

    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_those_who_do_not_write_are_refused_a_preview(clinic, owner, signed_in):
    response = signed_in(owner).post(PREVIEW, TEXT)

    assert (response.status_code, "Stronger knees" in response.content.decode()) == (403, False)


def test_those_who_do_not_write_are_offered_no_preview(clinic, owner, signed_in):
    tip = make_tip()

    html = editing_page(signed_in(owner), tip)

    assert "data-preview" not in html
