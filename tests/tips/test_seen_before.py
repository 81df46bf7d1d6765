"""What is shown before it is live, to whom and for how long; and what was there before."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import DAY, NOON, make_person, make_tip
from tests.tips.test_admin import TEXT
from tests.tips.test_admin_preview import framing
from tests.tips.test_standing import page
from tips.models import Tip, TipKind, TipRevision, TipStatus, TipStep, Topic

pytestmark = pytest.mark.django_db

STRUCTURED = "application/ld+json"


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Tip, TipRevision, TipStep)]


def lines_of(response):
    return [line.strip() for line in response.content.decode().splitlines() if line.strip()]


def link_to(tip, **fields):
    return tip.preview_links.create(**{"made_by": tip.author, "made_at": timezone.now()} | fields).get_absolute_url()


# The same page


@pytest.mark.parametrize("kind", TipKind)
def test_the_page_of_the_newest_text_is_the_readers_page(clinic, client, editor, signed_in, kind):
    knees = Topic.objects.create(name="Knees", slug="knees")
    make_tip(topics=[knees], text={"title": "Another"})
    tip = make_tip(kind=kind, author=editor, topics=[knees], regions=["knee"], independently_reviewed=True, text=TEXT)
    before = everything()

    newest = lines_of(signed_in(editor).get(f"{page(tip)}preview/"))
    shared = lines_of(client.get(link_to(tip)))

    # Search engines and those who show an address by a picture are told of what is live, and of nothing else.
    read = lines_of(client.get(tip.get_absolute_url()))
    live = [line for line in read if STRUCTURED not in line and "og:image" not in line]
    assert (newest, shared) == (live, live)
    assert everything() == before


def test_the_page_of_the_newest_text_is_framed_by_us_only_and_a_shared_one_by_nobody(clinic, client, editor, signed_in):
    tip = make_tip()

    frames = [framing(signed_in(editor).get(f"{page(tip)}preview/")), framing(client.get(link_to(tip)))]

    assert frames == [("SAMEORIGIN", "'self'"), ("DENY", "'none'")]


@pytest.mark.parametrize(("published_at", "is_offered"), [(None, False), (NOON + 100_000 * DAY, False), (NOON, True)])
def test_an_address_that_opens_nothing_yet_is_not_offered_to_pass_on(clinic, client, published_at, is_offered):
    tip = make_tip(published_at=published_at)
    tip.revise(by=tip.author, at=NOON, **TEXT)

    html = client.get(link_to(tip)).content.decode()

    offered = ["to pass on" in html, "mailto:?" in html]
    assert offered == [is_offered] * 2


# Links


def test_a_shared_page_follows_the_newest_text_whatever_readers_see(clinic, client):
    tip = make_tip(text={"title": "Live"})
    address = link_to(tip)

    tip.revise(by=tip.author, at=NOON, **TEXT)

    assert "<h1>Stronger knees</h1>" in client.get(address).content.decode()
    assert "<h1>Live</h1>" in client.get(tip.get_absolute_url()).content.decode()


def test_a_link_opens_nothing_that_was_taken_down(clinic, client):
    address = link_to(make_tip(status=TipStatus.ARCHIVED))

    assert client.get(address).status_code == 404


def test_who_has_a_link_to_a_new_text_reads_that_it_is_in_work_and_not_who_reviewed_the_old_one(clinic, client):
    tip = make_tip(independently_reviewed=True)
    tip.revise(by=tip.author, at=NOON, **TEXT)

    html = client.get(link_to(tip)).content.decode()

    assert ("In work." in html, "Last reviewed by" in html) == (True, False)


def test_nor_does_the_desk_s_preview_say_that_a_new_text_was_reviewed(clinic, editor, signed_in):
    tip = make_tip(independently_reviewed=True)
    client = signed_in(editor)
    typed = client.post(f"/admin/articles/preview/?tip={tip.pk}", TEXT)
    tip.revise(by=tip.author, at=NOON, **TEXT)
    newest = client.get(f"{page(tip)}preview/")

    shown = [each.content.decode() for each in (typed, newest)]

    assert [("In work." in html, "Last reviewed by" in html) for html in shown] == [(True, False)] * 2


@pytest.mark.parametrize("path", ["links/{}/", "history/{}/"])
def test_what_belongs_to_another_article_is_not_found_beside_this_one(clinic, editor, signed_in, path):
    tip, other = make_tip(), make_tip()
    other.revise(by=editor, at=NOON, **TEXT)
    link_to(other)
    number = other.preview_links.get().pk if "links" in path else 2
    before = everything()

    answers = [signed_in(editor).post(page(tip) + path.format(each)).status_code for each in (number, 0, "9" * 30)]

    assert (answers, everything()) == ([404] * 3, before)
    assert other.preview_links.get().revoked_at is None


@pytest.mark.parametrize("age", [timedelta(days=7, seconds=1), timedelta(days=400)])
def test_an_old_link_opens_nothing_and_is_no_longer_listed(clinic, client, editor, signed_in, age):
    tip = make_tip()
    address = link_to(tip, made_at=timezone.now() - age)

    response, html = client.get(address), signed_in(editor).get(page(tip)).content.decode()

    assert (response.status_code, address in html) == (404, False)


# History


def shown_texts(response):
    return [item["text"].number for item in response.context["texts"]]


def test_history_shows_ten_texts_a_page_each_against_the_one_before(clinic, editor, signed_in):
    tip = make_tip(author=editor, text={"title": "Title 1"})
    for number in range(2, 24):
        tip.revise(by=editor, at=NOON + number * DAY, **TEXT | {"title": f"Title {number}"})
    client = signed_in(editor)

    first, second = (client.get(f"{page(tip)}history/", {"page": number}) for number in (1, 2))

    assert (shown_texts(first), shown_texts(second)) == (list(range(23, 13, -1)), list(range(13, 3, -1)))
    told = [[(each.label, each.lines) for each in item["differences"]] for item in first.context["texts"]]
    assert told == [
        [("title", [[("same", "Title "), ("gone", f"{number - 1}"), ("new", f"{number}")]])]
        for number in range(23, 13, -1)
    ]


@pytest.mark.parametrize(("asked", "page_number"), [("", 1), ("x", 1), ("-1", 3), ("99", 3)])
def test_a_page_of_the_history_that_is_not_there_is_the_nearest(clinic, editor, signed_in, asked, page_number):
    tip = make_tip(author=editor)
    for number in range(22):
        tip.revise(by=editor, at=NOON, **TEXT | {"title": f"Title {number}"})

    response = signed_in(editor).get(f"{page(tip)}history/", {"page": asked})

    assert response.context["page"].number == page_number


@pytest.mark.parametrize(
    ("role", "status", "offered"),
    [
        ("Editor", TipStatus.DRAFT, [1]),
        ("Clinical reviewer", TipStatus.DRAFT, [1]),
        ("Therapist", TipStatus.DRAFT, []),
        ("Owner", TipStatus.DRAFT, []),
        ("Editor", TipStatus.ARCHIVED, []),
    ],
)
def test_an_older_text_is_offered_and_brought_back_by_who_may_write_here(clinic, signed_in, role, status, offered):
    tip = make_tip(text={"title": "First"})
    tip.revise(by=tip.author, at=NOON, **TEXT)
    Tip.objects.filter(pk=tip.pk).update(status=status)
    client = signed_in(make_person(role))

    found = client.get(f"{page(tip)}history/").context["texts"]
    client.post(f"{page(tip)}history/1/")

    assert [item["text"].number for item in found if item["may_be_restored"]] == offered
    assert [text.title for text in tip.revisions.all()] == ["First", "Stronger knees"] + ["First"] * len(offered)
