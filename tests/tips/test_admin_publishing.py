"""Publishing, archiving and taking up again in the admin, and the preview beside the text."""

import pytest

from tests.factories import NOON, make_person, make_tip
from tests.tips.test_admin import ADD, LIST, PREVIEW, TEXT, as_it_stands, change, editing_page, form, stored
from tips.models import Tip, TipKind, TipRevision, Topic

pytestmark = pytest.mark.django_db

BUTTONS = ("_publish", "_archive", "_take_up")


def press(client, tip, button, **fields):
    return client.post(change(tip), as_it_stands(tip, **{button: "x"} | fields), follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def buttons(html):
    return [name for name in BUTTONS if f'name="{name}"' in html]


def unchanged():
    return (list(Tip.objects.values()), stored())


# Publishing


def test_an_editor_writes_and_publishes_at_once(client, clinic, editor, signed_in):
    response = signed_in(editor).post(ADD, form(editor, _publish="x"), follow=True)

    assert said(response) == ["Published."]
    assert stored() == [("stronger-knees", "approved", 1, "Stronger knees")]
    assert "<h1>Stronger knees</h1>" in client.get("/tips/stronger-knees/").content.decode()


def test_publishing_a_live_tip_again_shows_readers_the_new_text(client, clinic, editor, signed_in):
    tip = make_tip(author=editor, slug="a")

    response = press(signed_in(editor), tip, "_publish", title="Changed")

    assert said(response) == ["Published."]
    assert stored() == [("a", "approved", 1, "A stronger back"), ("a", "approved", 2, "Changed")]
    assert "<h1>Changed</h1>" in client.get("/tips/a/").content.decode()


def test_a_date_to_come_is_kept_and_readers_wait(client, clinic, editor, signed_in):
    tip = make_tip(author=editor, slug="a", published_at=None)

    response = press(signed_in(editor), tip, "_publish", publish_at="2126-03-02T12:00")

    assert said(response) == ["It will appear at the time you set."]
    # Noon where the clinic is, which is not where the server's clock is.
    assert Tip.objects.get().publish_at.isoformat() == "2126-03-02T17:00:00+00:00"
    assert client.get("/tips/a/").status_code == 404


def test_archived_a_tip_is_gone_for_readers_and_kept_for_editors(client, clinic, editor, signed_in):
    tip = make_tip(author=editor, slug="a")

    response = press(signed_in(editor), tip, "_archive")

    assert said(response) == ["Archived. Readers no longer see it."]
    assert stored() == [("a", "archived", 1, "A stronger back")]
    assert client.get("/tips/a/").status_code == 404


def test_taken_up_again_a_tip_is_a_draft_and_can_be_published_again(client, clinic, editor, signed_in):
    tip = make_tip(author=editor, slug="a")
    tip.archive()
    desk = signed_in(editor)

    responses = [press(desk, tip, "_take_up"), press(desk, tip, "_publish")]

    assert [said(response) for response in responses] == [["It is a draft again."], ["Published."]]
    assert "<h1>A stronger back</h1>" in client.get("/tips/a/").content.decode()


@pytest.mark.parametrize(
    ("state", "button", "reason"),
    [
        ("archived", "_publish", "A page that is archived cannot become approved."),
        ("archived", "_archive", "A page that is archived cannot become archived."),
        ("draft", "_take_up", "A page that is draft cannot become draft."),
        ("approved", "_take_up", "A page that is approved cannot become draft."),
    ],
)
def test_a_move_that_is_not_open_is_refused_in_words(clinic, editor, signed_in, state, button, reason):
    tip = make_tip(author=editor, published_at=None if state == "draft" else NOON)
    if state == "archived":
        tip.archive()
    before = unchanged()

    response = press(signed_in(editor), tip, button)

    assert said(response) == [reason]
    assert unchanged() == before


def test_what_would_expire_before_it_is_seen_is_saved_and_not_published(clinic, editor, signed_in):
    tip = make_tip(author=editor, slug="a", published_at=None)

    response = press(signed_in(editor), tip, "_publish", expire_at="2026-01-01T12:00", title="Changed")

    assert said(response) == ["It would expire before it is published. Change one of the two dates."]
    assert stored() == [("a", "draft", 1, "A stronger back"), ("a", "draft", 2, "Changed")]


def test_a_text_with_a_mistake_is_not_published(clinic, editor, signed_in):
    tip = make_tip(author=editor, published_at=None)
    before = unchanged()

    press(signed_in(editor), tip, "_publish", title="")

    assert unchanged() == before


def test_a_guide_that_cannot_be_a_pdf_is_saved_and_not_published(clinic, editor, signed_in):
    guide = make_tip(author=editor, slug="a", kind=TipKind.GUIDE, published_at=None)

    response = press(signed_in(editor), guide, "_publish", body="> " * 5000 + "x")

    assert [words.split(":")[0] for words in said(response)] == ["This text cannot be made into a PDF"]
    assert stored() == [("a", "draft", 1, "A stronger back"), ("a", "draft", 2, "A stronger back")]


# Who may


@pytest.mark.parametrize("role", ["Therapist", "Clinical reviewer"])
@pytest.mark.parametrize("button", BUTTONS)
def test_those_who_only_write_are_offered_no_such_button_and_refused_if_they_press_it(clinic, signed_in, role, button):
    tip = make_tip(published_at=None)
    if button == "_take_up":
        tip.archive()
    desk, before = signed_in(make_person(role)), unchanged()

    offered = buttons(editing_page(desk, tip))
    response = press(desk, tip, button, title="Changed")

    assert (offered, response.status_code) == ([], 403)
    assert unchanged() == before


@pytest.mark.parametrize("role", ["Therapist", "Clinical reviewer", "Owner"])
def test_nobody_else_publishes_a_new_tip_at_once(clinic, signed_in, role):
    writer = make_person(role)

    response = signed_in(writer).post(ADD, form(writer, _publish="x"))

    assert (response.status_code, unchanged()) == (403, ([], []))


@pytest.mark.parametrize(
    ("state", "offered"),
    [("draft", ["_publish", "_archive"]), ("approved", ["_publish", "_archive"]), ("archived", ["_take_up"])],
)
def test_an_editor_is_offered_the_moves_that_are_open(clinic, editor, signed_in, state, offered):
    tip = make_tip(author=editor, published_at=None if state == "draft" else NOON)
    if state == "archived":
        tip.archive()

    html = editing_page(signed_in(editor), tip)

    assert buttons(html) == offered


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


def test_the_preview_of_a_hostile_text_is_as_harmless_as_its_page(clinic, editor, signed_in):
    hostile = '<script>alert(1)</script>[x](javascript:alert(1))<svg onload="x">'

    html = signed_in(editor).post(PREVIEW, dict.fromkeys(TEXT, hostile)).content.decode()

    assert (html.count("<script"), html.count("<svg"), 'href="javascript' in html) == (0, 0, False)
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
