"""Writing in the admin: what is kept, what is shown again, what is only shown."""

import re
from datetime import date
from html import escape, unescape

import pytest
from django.utils import timezone

from clinic.models import ClinicSettings
from tests.factories import DAY, NOON, make_person, make_tip
from tips.models import FormerAddress, Guide, Tip, TipKind, TipRevision, TipStatus, Topic

pytestmark = pytest.mark.django_db

CANARY = '<script>alert("x")</script>'
ADD = "/admin/tips/tip/add/"
LIST = "/admin/tips/tip/"
PREVIEW = "/admin/articles/preview/"
TEXT = {
    "title": "Stronger knees",
    "summary": "Three ways.",
    "body": "## Why\n\nStand *tall*.",
    "sources": "A study.",
    "call_to_action": "Ask us.",
}


def change(tip):
    return f"/admin/tips/{tip.kind}/{tip.pk}/change/"


def form(author, /, **fields):
    """What the form of a tip sends; a browser sends line ends in its own way."""
    facts = {"slug": "stronger-knees", "author": author.pk, "publish_at": "", "expire_at": ""}
    sent = facts | TEXT | fields
    return {name: value.replace("\n", "\r\n") if isinstance(value, str) else value for name, value in sent.items()}


def as_it_stands(tip, /, **fields):
    text = Tip.objects.get(pk=tip.pk).latest
    stands = {name: getattr(text, name) for name in TEXT}
    publish_at = tip.publish_at.astimezone(ClinicSettings.current().tzinfo) if tip.publish_at else None
    return form(
        tip.author,
        **stands
        | {"slug": tip.slug, "publish_at": f"{publish_at:%Y-%m-%dT%H:%M}" if publish_at else ""}
        | {"based_on": tip.version}
        | fields,
    )


def wrong_fields(response):
    return re.findall(r'class="form-row errors field-(\w+)"', response.content.decode())


def stored():
    return list(TipRevision.objects.order_by("pk").values_list("tip__slug", "tip__status", "number", "title"))


def editing_page(client, tip):
    return client.get(change(tip)).content.decode()


# Writing


def test_an_editor_s_new_tip_is_a_draft_in_their_name(clinic, editor, signed_in):
    knees = Topic.objects.create(name="Knees", slug="knees")

    response = signed_in(editor).post(ADD, form(editor, topics=[knees.pk]))

    tip = Tip.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/admin/articles/{tip.pk}/")
    assert stored() == [("stronger-knees", "draft", 1, "Stronger knees")]
    assert (tip.kind, tip.author, list(tip.topics.all()), tip.latest.written_by) == ("tip", editor, [knees], editor)
    assert {name: getattr(tip.latest, name).replace("\r\n", "\n") for name in TEXT} == TEXT


def test_a_new_guide_is_a_guide(clinic, editor, signed_in):
    signed_in(editor).post("/admin/tips/guide/add/", form(editor))

    assert list(Guide.objects.values_list("kind", "slug", "status")) == [("guide", "stronger-knees", "draft")]


def test_the_form_of_a_new_tip_names_its_writer_as_author(clinic, editor, signed_in):
    make_person("Editor")

    html = signed_in(editor).get(ADD).content.decode()

    assert re.findall(r'<option value="(\d+)" selected>', html.split('name="author"')[1].split("</select>")[0]) == [
        str(editor.pk)
    ]


@pytest.mark.parametrize("role", ["Editor", "Therapist", "Clinical reviewer"])
def test_those_who_write_may_change_a_draft_of_another(clinic, signed_in, role):
    tip, writer = make_tip(published_at=None, slug="a"), make_person(role)

    signed_in(writer).post(change(tip), as_it_stands(tip, title="Changed"))

    assert stored() == [("a", "draft", 1, "A stronger back"), ("a", "draft", 2, "Changed")]
    assert tip.latest.written_by == writer


def test_the_form_shows_the_newest_text_and_not_the_live_one(clinic, editor, signed_in):
    tip = make_tip(author=editor)
    tip.revise(by=editor, at=NOON, **TEXT)

    html = editing_page(signed_in(editor), tip)

    assert ('value="Stronger knees"' in html, "A stronger back" in html.split("<form")[-1]) == (True, False)


def test_a_live_tip_shows_its_old_text_until_the_new_one_is_published(clinic, editor, signed_in, client):
    tip = make_tip(author=editor, slug="a", text={"title": "Live"})

    signed_in(editor).post(change(tip), as_it_stands(tip, title="Waiting"))

    assert stored() == [("a", "draft", 1, "Live"), ("a", "draft", 2, "Waiting")]
    assert "<h1>Live</h1>" in client.get("/tips/a/").content.decode()


def test_saving_a_tip_from_a_browser_without_a_change_keeps_no_new_text(clinic, editor, signed_in):
    tip = make_tip(author=editor, slug="a", text={"body": "One.\n\nTwo.", "sources": "First.\nSecond."})

    signed_in(editor).post(change(tip), as_it_stands(tip))

    assert stored() == [("a", "approved", 1, "A stronger back")]


def test_a_new_address_of_what_readers_know_leaves_the_old_one_leading_there(clinic, editor, signed_in):
    tip = make_tip(author=editor, slug="kept")

    signed_in(editor).post(change(tip), as_it_stands(tip, slug="moved"))

    assert Tip.objects.get().slug == "moved"
    assert [(each.path, each.tip) for each in FormerAddress.objects.all()] == [("/tips/kept/", tip)]
    assert tip.steps.get().comment == "address: kept → moved"


def test_the_address_of_what_was_taken_down_once_goes_on_leading_there(clinic, editor, signed_in):
    tip = make_tip(slug="known")
    tip.archive(by=editor, at=NOON)
    tip.take_up_again(by=editor, at=NOON)

    signed_in(editor).post(change(tip), as_it_stands(tip, slug="moved"))

    assert [(each.path, each.tip) for each in FormerAddress.objects.all()] == [("/tips/known/", tip)]


def test_back_at_its_old_address_it_leads_there_no_more(clinic, editor, signed_in):
    tip = make_tip(author=editor, slug="first")
    client = signed_in(editor)
    client.post(change(tip), as_it_stands(tip, slug="second"))
    tip.refresh_from_db()

    client.post(change(tip), as_it_stands(tip, slug="first"))

    assert [each.path for each in FormerAddress.objects.all()] == ["/tips/second/"]


def test_an_address_that_leads_to_another_page_is_refused(clinic, editor, signed_in):
    FormerAddress.objects.create(path="/tips/old/", tip=make_tip())

    response = signed_in(editor).post(ADD, form(editor, slug="old"))

    assert (wrong_fields(response), len(stored())) == (["slug"], 1)


def test_topics_and_parts_of_the_body_are_kept_and_written_down(clinic, editor, signed_in):
    knees = Topic.objects.create(name="Knees", slug="knees")
    tip = make_tip(author=editor, regions=["hip"])

    signed_in(editor).post(change(tip), as_it_stands(tip, topics=[knees.pk], regions=["knee", "lower_leg"]))

    assert ([row.region for row in tip.regions.all()], list(tip.topics.all())) == (["knee", "lower_leg"], [knees])
    assert tip.steps.get().comment.splitlines() == [
        "topics: – → Knees",
        "parts of the body: Hip or groin → Knee, Lower leg or foot",
    ]


def test_no_topic_is_made_in_a_window_whose_answer_would_not_appear(clinic, editor, signed_in):
    client = signed_in(editor)

    pages = [client.get(ADD).content.decode(), editing_page(client, make_tip(author=editor))]

    assert [("add_id_topics" in html, "A new one is made under Topics." in html) for html in pages] == [
        (False, True)
    ] * 2


def test_the_address_of_a_draft_may_change(clinic, editor, signed_in):
    tip = make_tip(author=editor, published_at=None)

    signed_in(editor).post(change(tip), as_it_stands(tip, slug="moved"))

    assert Tip.objects.get().slug == "moved"


def test_a_clinical_reviewer_changes_what_a_live_tip_says_and_not_when_it_is_seen(clinic, signed_in):
    tip = make_tip(slug="a", regions=["hip"])
    before = Tip.objects.values("slug", "publish_at", "expire_at", "author", "live").get()

    signed_in(make_person("Clinical reviewer")).post(
        change(tip), as_it_stands(tip, slug="b", expire_at="2026-03-03T00:00", regions=["knee"], title="Changed")
    )

    assert Tip.objects.values("slug", "publish_at", "expire_at", "author", "live").get() == before
    assert [row.region for row in tip.regions.all()] == ["hip"]
    assert stored()[-1] == ("a", "draft", 2, "Changed")


def test_a_therapist_does_not_touch_what_readers_see(clinic, therapist, signed_in):
    tip = make_tip(slug="a")
    before = Tip.objects.values().get(), stored()

    response = signed_in(therapist).post(change(tip), as_it_stands(tip, title="Changed"))

    assert (response.status_code, (Tip.objects.values().get(), stored())) == (409, before)
    assert "Changed" in response.content.decode()


@pytest.mark.parametrize("role", ["Editor", "Clinical reviewer"])
def test_what_was_taken_down_is_not_written_in(clinic, signed_in, role):
    tip = make_tip(slug="a", status=TipStatus.ARCHIVED)
    before = Tip.objects.values().get(), stored()

    response = signed_in(make_person(role)).post(change(tip), as_it_stands(tip, title="Changed"))

    assert (response.status_code, (Tip.objects.values().get(), stored())) == (409, before)
    assert "Changed" in response.content.decode()


# What is wrong is said beside the field, and nothing typed is lost


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"title": ""}, ["title"]),
        ({"title": "x" * 121}, ["title"]),
        ({"summary": "x" * 301}, ["summary"]),
        ({"body": ""}, ["body"]),
        ({"body": "x" * 60_001}, ["body"]),
        ({"slug": "not an address!"}, ["slug"]),
        ({"slug": "taken"}, ["slug"]),
        ({"slug": ""}, ["slug"]),
        ({"author": "999999"}, ["author"]),
        ({"topics": ["999999"]}, ["topics"]),
        ({"regions": ["several"]}, ["regions"]),
        ({"hero": "3f2a9c1be4d0-1600x900"}, ["hero"]),
        ({"publish_at": "soon"}, ["publish_at"]),
        ({"title": "", "body": ""}, ["title", "body"]),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_everything_typed_is_shown_again(
    clinic, editor, signed_in, wrong, fields
):
    make_tip(slug="taken", published_at=None)
    before = stored()
    sent = form(editor, **wrong)

    response = signed_in(editor).post(ADD, sent)

    html = unescape(response.content.decode()).replace("\r\n", "\n")
    typed = [sent[name].replace("\r\n", "\n") for name in TEXT]
    assert (response.status_code, wrong_fields(response), stored()) == (200, fields, before)
    assert [words for words in typed if words not in html] == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"publish_at": "2026-03-02T12:00", "expire_at": "2026-03-02T12:00"}, "It must expire after it is published."),
    ],
)
def test_dates_in_the_wrong_order_are_refused_in_words(clinic, editor, signed_in, wrong, words):
    response = signed_in(editor).post(ADD, form(editor, **wrong))

    html = response.content.decode()
    assert (words in html, escape(TEXT["title"]) in html, stored()) == (True, True, [])


@pytest.mark.parametrize("publish_at", ["", "2190-01-01T08:00"])
def test_a_published_page_cannot_lose_its_date(clinic, editor, signed_in, publish_at):
    tip = make_tip(author=editor, slug="a")

    response = signed_in(editor).post(change(tip), as_it_stands(tip, publish_at=publish_at, title="Changed"))

    assert wrong_fields(response) == ["publish_at"]
    assert stored() == [("a", "approved", 1, "A stronger back")]


# Only shown


def test_the_owner_reads_all_of_a_tip_and_can_change_nothing(clinic, owner, signed_in):
    tip = make_tip(text=TEXT)
    client = signed_in(owner)

    html = client.get(change(tip)).content.decode()
    posted = client.post(change(tip), as_it_stands(tip, title="Changed"))

    main = html.split('id="content-main"')[1]
    assert [words for words in TEXT.values() if words.splitlines()[-1] not in main] == []
    assert re.findall(r'<(?:textarea|select|input type="(?:text|submit)")', main) == []
    assert (posted.status_code, [title for *_, title in stored()]) == (403, ["Stronger knees"])


def test_the_owner_writes_no_tip(clinic, owner, signed_in):
    response = signed_in(owner).post(ADD, form(owner))

    assert (response.status_code, stored()) == (403, [])


@pytest.mark.parametrize("address", [LIST, ADD, "/admin/tips/guide/"])
def test_a_stranger_is_asked_to_sign_in(client, clinic, address):
    response = client.get(address, follow=True)

    assert response.redirect_chain[-1][0].split("?")[0] == "/admin/sign-in/"


def test_a_stranger_is_shown_no_preview(client, clinic):
    response = client.post(PREVIEW, TEXT)

    assert (response.status_code, 'action="/admin/sign-in/"' in response.content.decode()) == (403, True)


def test_a_title_of_markup_is_shown_as_text_in_list_form_and_history(clinic, editor, signed_in):
    client = signed_in(editor)
    client.post(ADD, form(editor, title=CANARY, summary=CANARY, sources=CANARY))
    tip = Tip.objects.get()

    pages = [
        client.get(address).content.decode()
        for address in (
            LIST,
            change(tip),
            f"/admin/articles/{tip.pk}/history/",
            f"/admin/articles/{tip.pk}/",
            "/admin/articles/",
        )
    ]

    assert [CANARY in html for html in pages] == [False] * 5
    assert [escape(CANARY) in html for html in pages] == [True] * 5


def test_the_list_says_where_each_tip_stands_by_its_newest_title(clinic, editor, signed_in):
    now = timezone.now()
    make_tip(author=editor, text={"title": "Draft one"}, published_at=None)
    make_tip(author=editor, text={"title": "Later one"}, published_at=now + DAY)
    make_tip(author=editor, text={"title": "Past one"}, published_at=NOON, expire_at=NOON + DAY)
    make_tip(author=editor, text={"title": "Put away"}, status=TipStatus.ARCHIVED)
    make_tip(author=editor, text={"title": "Live one"})
    make_tip(author=editor).revise(by=editor, at=NOON, **TEXT)
    make_tip(author=editor, text={"title": "A guide"}, kind=TipKind.GUIDE)

    html = signed_in(editor).get(LIST).content.decode()

    rows = re.findall(r'field-title"><a[^>]*>([^<]*)</a></th><td class="field-standing">([^<]*)<', html)
    assert rows == [
        ("Stronger knees", "Live · Draft"),
        ("Live one", "Live"),
        ("Put away", "Archived"),
        ("Past one", "Expired"),
        ("Later one", "Scheduled"),
        ("Draft one", "Draft"),
    ]


def test_the_list_says_in_short_when_each_is_reviewed_next(clinic, editor, signed_in):
    make_tip(author=editor, next_review=date(2027, 9, 12))
    make_tip(author=editor)

    html = signed_in(editor).get(LIST).content.decode()

    assert re.findall(r'field-due[^"]*">([^<]*)<', html) == ["-", "Sep 12, 2027"]


def test_a_tip_found_by_two_of_its_titles_is_listed_once(clinic, editor, signed_in):
    tip = make_tip(author=editor)
    tip.revise(by=editor, at=NOON, **TEXT | {"title": "A stronger neck"})

    html = signed_in(editor).get(LIST, {"q": "stronger"}).content.decode()

    assert re.findall(r'field-title"><a[^>]*>([^<]*)</a>', html) == ["A stronger neck"]
