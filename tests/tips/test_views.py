import re
from datetime import date, timedelta
from html import escape, unescape
from urllib.parse import unquote

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.models import ClinicSettings
from clinic.regions import Region
from tests.factories import DAY, HOUR, NOON, make_person, make_tip
from tips.models import LISTED_AFTER, TipKind, TipStatus, Topic
from tips.views import TIPS_A_PAGE

pytestmark = pytest.mark.django_db

CARD = re.compile(r'<h3>\s*<a href="([^"]+)">([^<]*)</a>')
NOTICE = "This page is due for review."


def page(client, address, **query):
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


def cards(html):
    return [unescape(title) for _, title in CARD.findall(html)]


def make_topic(name):
    return Topic.objects.create(name=name, slug=name.lower().replace(" ", "-"))


def article(**fields):
    """The addresses that a tip's or guide's text is shown at, as its kind has them."""
    tip = make_tip(**fields)
    return [tip.get_absolute_url(), *([f"/guides/{tip.slug}.pdf"] if tip.kind == TipKind.GUIDE else [])]


# List, topic and pages


def test_the_list_shows_published_tips_newest_first_and_no_guide(client, clinic):
    make_tip(text={"title": "Older"}, published_at=NOON - 2 * DAY)
    make_tip(text={"title": "Newer"}, published_at=NOON)
    make_tip(text={"title": "A guide"}, kind=TipKind.GUIDE)
    make_tip(text={"title": "A draft"}, published_at=None)

    html = page(client, "/tips/")

    assert cards(html) == ["Newer", "Older"]


def test_a_card_shows_summary_minutes_and_topics(client, clinic):
    tip = make_tip(slug="calm", topics=[make_topic("Knees")], text={"title": "Calm", "summary": "Rest <b>& go</b>."})

    html = page(client, "/tips/")

    card = " ".join(html.split('<li class="card">')[1].split("</li>")[0].split())
    assert CARD.findall(html) == [(tip.get_absolute_url(), "Calm")]
    assert [part for part in ("Rest &lt;b&gt;&amp; go&lt;/b&gt;.", "1 min read", "· Knees") if part not in card] == []


def test_the_list_is_paged_and_its_last_page_holds_the_rest(client, clinic, editor):
    for number in range(TIPS_A_PAGE + 1):
        make_tip(author=editor, text={"title": f"Tip {number}"}, published_at=NOON + timedelta(minutes=number))

    first, second = (page(client, "/tips/", page=number) for number in (1, 2))

    assert (cards(first)[0], len(cards(first)), cards(second)) == (f"Tip {TIPS_A_PAGE}", TIPS_A_PAGE, ["Tip 0"])
    assert ("Page 1 of 2" in first, "Page 2 of 2" in second) == (True, True)


@pytest.mark.parametrize(
    ("asked", "shown"), [("abc", 1), ("", 1), ("0", 2), ("-1", 2), ("99999", 2), ("9" * 5000, 1), ("1e9", 1), ("²", 1)]
)
def test_a_page_that_is_not_there_gives_one_that_is(client, clinic, editor, asked, shown):
    for _ in range(TIPS_A_PAGE + 1):
        make_tip(author=editor)

    html = page(client, "/tips/", page=asked)

    assert f"Page {shown} of 2" in html


def test_a_topic_lists_its_own_tips_only(client, clinic):
    knees, backs = make_topic("Knees"), make_topic("Backs")
    make_tip(topics=[knees, backs], text={"title": "Both"})
    make_tip(topics=[backs], text={"title": "Backs only"})
    make_tip(topics=[knees], text={"title": "A draft"}, published_at=None)

    html = page(client, "/tips/topics/knees/")

    assert (cards(html), "<h1>Knees</h1>" in " ".join(html.split()).replace("> ", ">").replace(" <", "<")) == (
        ["Both"],
        True,
    )


def test_a_topic_has_its_guides_as_well_and_the_list_of_tips_has_none(client, clinic):
    hips = make_topic("Hips")
    make_tip(topics=[hips], kind=TipKind.GUIDE, text={"title": "A guide"})

    pages = [page(client, address) for address in ("/tips/topics/hips/", "/tips/")]

    assert [cards(html) for html in pages] == [["A guide"], []]
    assert ["There is nothing here yet." in html for html in pages] == [False, True]


def test_a_topic_that_is_not_there_is_not_found(client, clinic):
    make_topic("Knees")

    response = client.get("/tips/topics/elbows/")

    assert response.status_code == 404


def test_a_region_lists_its_own_tips_only_and_marks_itself(client, clinic):
    make_tip(regions=[Region.LOWER_LEG, Region.HIP], text={"title": "Both"})
    make_tip(regions=[Region.HIP], text={"title": "Hips only"})
    make_tip(regions=[Region.LOWER_LEG], text={"title": "A draft"}, published_at=None)

    html = " ".join(page(client, "/tips/regions/lower_leg/").split())

    assert (cards(html), "<h1>Lower leg or foot</h1>" in html) == (["Both"], True)
    assert re.findall(r'<a href="/tips/regions/([^/]+)/" aria-current="page">', html) == ["lower_leg"]


@pytest.mark.parametrize("path", ["/tips/?q=zz", "/tips/regions/hip/"])
def test_the_ways_to_choose_are_named_and_never_push_down_what_was_found(client, clinic, path):
    make_tip(topics=[make_topic("Hips")], regions=[Region.HIP])

    html = page(client, path)

    assert re.findall(r"<details([^>]*)>", html) == [' class="choose"']
    assert re.findall(r'<nav aria-labelledby="([^"]+)">\s*<h2 id="([^"]+)">([^<]+)</h2>', html) == [
        ("by-topic", "by-topic", "Topics"),
        ("by-region", "by-region", "Parts of the body"),
    ]


def test_only_regions_with_something_to_read_are_offered(client, clinic):
    make_tip(regions=[Region.KNEE])
    make_tip(regions=[Region.BACK], published_at=None)
    make_tip(regions=[Region.HIP], kind=TipKind.GUIDE)

    html = page(client, "/tips/")

    assert re.findall(r'href="/tips/regions/([^/]+)/"', html) == ["hip", "knee"]


def test_a_region_that_is_not_there_is_not_found(client, clinic):
    assert client.get("/tips/regions/elbow/").status_code == 404


def test_only_topics_with_something_to_read_are_offered(client, clinic):
    make_tip(topics=[make_topic("Knees")])
    make_tip(topics=[make_topic("Backs")], published_at=None)
    make_tip(topics=[make_topic("Hips")], kind=TipKind.GUIDE)

    html = page(client, "/tips/")

    assert re.findall(r'href="/tips/topics/([^/]+)/"', html) == ["hips", "knees"]


@pytest.mark.parametrize("address", ["/tips/", "/tips/topics/knees/", "/tips/?q=tip"])
def test_more_tips_take_no_more_queries(client, clinic, editor, address):
    knees = make_topic("Knees")
    make_tip(author=editor, topics=[knees], text={"title": "Tip"})
    page(client, address)
    with CaptureQueriesContext(connection) as for_one:
        page(client, address)
    for _ in range(9):
        make_tip(author=make_person("Editor"), topics=[knees], text={"title": "Tip"})
    # Read once more, since what is shown has changed.
    ClinicSettings.current()

    with CaptureQueriesContext(connection) as for_ten:
        html = page(client, address)

    assert (len(cards(html)), len(for_ten)) == (10, len(for_one))


# Articles


def test_an_article_shows_its_text_and_who_stands_behind_it(client, clinic):
    make_tip(
        slug="calm",
        author=make_person("Editor", display_name="Nora Fields"),
        clinical_reviewer=make_person("Clinical reviewer", display_name="Jo Adeyemi", credentials="PT, OCS"),
        independently_reviewed=True,
        last_reviewed=date(2026, 2, 3),
        next_review=date(2099, 2, 4),
        text={
            "body": "## Why\n\nStand *tall*.",
            "sources": "A *study*.\nAnother.",
            "call_to_action": "Tell us about it.",
        },
    )

    html = " ".join(page(client, "/tips/calm/").split())

    parts = [
        "<h1>A stronger back</h1>",
        '<p class="lead">Three calm exercises.</p>',
        "By Nora Fields · 1 min read",
        "Last reviewed by Jo Adeyemi, PT, OCS on February 3, 2026, next review February 4, 2099.",
        '<h2 id="why">Why</h2> <p>Stand <em>tall</em>.</p>',
        "<li><p>A <em>study</em>.</p> </li>",
        "<p>Tell us about it.</p>",
        'href="/consultation/?tip=calm"',
        '<a href="tel:+1-407-698-5558">(407) 698-5558</a>',
        "Get help now if",
        '<a href="#top">To top</a>',
    ]  # fmt: skip
    assert [part for part in parts if part not in html] == []


def test_an_article_without_a_call_of_its_own_says_what_the_clinic_offers(client, clinic):
    tip = make_tip()

    html = page(client, tip.get_absolute_url())

    assert escape(str(clinic.complimentary)) in html


def test_readers_see_the_live_text_while_another_waits(client, clinic, editor):
    tip = make_tip(author=editor, text={"title": "Live"})
    tip.revise(by=editor, at=NOON, title="Waiting", summary="Waiting", body="Waiting", sources="Waiting")

    html = page(client, tip.get_absolute_url())

    assert ("<h1>Live</h1>" in html, "Waiting" in html) == (True, False)


@pytest.mark.parametrize(("days", "shown"), [(-1, True), (0, True), (1, False)])
def test_from_the_day_of_its_review_a_page_says_that_it_is_due(client, clinic, days, shown):
    today = timezone.localdate(timezone=ClinicSettings.current().tzinfo)
    tip = make_tip(next_review=today + days * DAY)

    html = page(client, tip.get_absolute_url())

    assert (NOTICE in html) == shown


def test_a_page_that_nobody_else_checked_says_so_and_names_no_reviewer(client, clinic):
    silent = make_tip()
    dated = make_tip(last_reviewed=date(2026, 2, 3), next_review=date(2099, 2, 4))

    said = [" ".join(page(client, tip.get_absolute_url()).split()) for tip in (silent, dated)]

    assert [html.count("Not independently reviewed.") for html in said] == [1, 1]
    assert ["No clinician who had no part in it has reviewed this page." in html for html in said] == [True, True]
    assert ["reviewed by" in html for html in said] == [False, False]
    assert ["It was last read through on February 3, 2026, next review February 4, 2099." in html for html in said] == [
        False,
        True,
    ]
    assert "None" not in said[0]


def test_a_page_gives_its_address_to_pass_on_by_hand_or_by_mail(client, clinic):
    tip = make_tip(slug="calm", text={"title": "Calm & “strong”?"})

    html = page(client, tip.get_absolute_url())

    subject, body = re.search(r'href="mailto:\?subject=([^"&]*)&amp;body=([^"&]*)"', html).groups()
    assert f'<span class="address">{django_settings.BASE_URL}/tips/calm/</span>' in html
    assert (unquote(subject), unquote(body)) == ("Calm & “strong”?", f"{django_settings.BASE_URL}/tips/calm/")


def test_a_heading_cannot_take_the_id_of_a_part_of_the_page(client, clinic):
    headings = ["Top", "Main", "Ask", "Sources", "Help now", "Contents", "Related", "Q"]
    tip = make_tip(text={"body": "\n\n".join(f"## {words}\n\nwords" for words in headings)})

    html = page(client, tip.get_absolute_url())

    ids = re.findall(r'\bid="([^"]*)"', html)
    assert sorted(each for each in set(ids) if ids.count(each) > 1) == []


def test_a_long_article_lists_its_headings(client, clinic):
    tip = make_tip(text={"body": "\n\n".join(f"## Part {number}" for number in range(4))})

    html = page(client, tip.get_absolute_url())

    contents = html.split('class="contents"')[1].split("</nav>")[0]
    assert "<ol" not in contents  # Headings may have numbers of their own.
    anchors = re.findall(r'href="#([^"]+)">([^<]+)<', contents)
    assert [words for _, words in anchors] == ["Part 0", "Part 1", "Part 2", "Part 3"]
    assert [anchor for anchor, _ in anchors if f'id="{anchor}"' not in html] == []


def test_read_on_offers_the_three_that_share_most_and_of_those_the_newest(client, clinic):
    knees, hips = make_topic("Knees"), make_topic("Hips")
    about = {"topics": [knees, hips], "regions": [Region.KNEE, Region.HIP]}
    tip = make_tip(**about)
    make_tip(**about | {"regions": [Region.KNEE]}, text={"title": "Three, newer"}, published_at=NOON)
    make_tip(**about | {"topics": [hips]}, text={"title": "Three, older"}, published_at=NOON - HOUR)
    make_tip(**about, text={"title": "All four"}, published_at=NOON - 9 * DAY)
    make_tip(topics=[knees], text={"title": "One"}, published_at=NOON)
    make_tip(topics=[make_topic("Elbows")], regions=[Region.ARM], text={"title": "Elsewhere"}, published_at=NOON)

    html = page(client, tip.get_absolute_url())

    assert cards(html) == ["All four", "Three, newer", "Three, older"]


def test_a_region_alone_is_enough_to_be_offered(client, clinic):
    tip = make_tip(regions=[Region.KNEE])
    make_tip(regions=[Region.KNEE], text={"title": "Knees too"})

    html = page(client, tip.get_absolute_url())

    assert cards(html) == ["Knees too"]


def test_read_on_offers_nothing_that_no_list_would_show(client, clinic):
    long_ago = timezone.localdate() - LISTED_AFTER - DAY
    tip = make_tip(regions=[Region.KNEE])
    make_tip(regions=[Region.KNEE], published_at=None)
    make_tip(regions=[Region.KNEE], next_review=long_ago)
    make_tip(regions=[Region.KNEE], status=TipStatus.ARCHIVED)
    make_tip(regions=[Region.KNEE], kind=TipKind.GUIDE)

    html = page(client, tip.get_absolute_url())

    assert (cards(html), "Read on" in html) == ([], False)


def test_a_title_of_markup_is_shown_as_text_everywhere(client, clinic):
    canary = '<script>alert("x")</script>'
    tip = make_tip(text={"title": canary, "summary": canary, "call_to_action": canary, "sources": canary})

    pages = [page(client, address) for address in ("/", "/tips/", tip.get_absolute_url(), "/tips/?q=alert")]

    assert [html.count("<script>") for html in pages] == [0, 0, 0, 0]
    assert [("&lt;script&gt;" in html) for html in pages] == [True] * 4


def test_a_guide_page_offers_its_pdf_and_the_pdf_is_one(client, clinic):
    guide = make_tip(kind=TipKind.GUIDE, slug="rest")

    html, document = page(client, guide.get_absolute_url()), client.get("/guides/rest.pdf")

    assert 'href="/guides/rest.pdf"' in html
    assert (document["Content-Type"], document["Content-Disposition"], document.content[:5]) == (
        "application/pdf",
        'inline; filename="rest.pdf"',
        b"%PDF-",
    )


@pytest.mark.parametrize("kind", TipKind)
@pytest.mark.parametrize("state", ["draft", "scheduled"])
def test_what_was_never_there_is_not_found(client, clinic, kind, state):
    addresses = article(kind=kind, slug="hidden", published_at=None if state == "draft" else timezone.now() + HOUR)

    statuses = {client.get(address).status_code for address in addresses}

    assert statuses == {404}


@pytest.mark.parametrize(
    "address", ["/guides/a-tip/", "/guides/a-tip.pdf", "/tips/a-guide/", "/tips/nothing/", "/tips/A-TIP/"]
)
def test_a_page_has_one_address(client, clinic, address):
    make_tip(slug="a-tip")
    make_tip(slug="a-guide", kind=TipKind.GUIDE)

    response = client.get(address)

    assert response.status_code == 404


@pytest.mark.parametrize(
    "address", ["/tips/", "/tips/topics/knees/", "/tips/a-tip/", "/guides/a-guide/", "/guides/a-guide.pdf"]
)
def test_pages_may_be_asked_for_and_looked_at_but_not_posted_to(client, clinic, address):
    make_tip(slug="a-tip", topics=[make_topic("Knees")])
    make_tip(slug="a-guide", kind=TipKind.GUIDE)
    shown = client.get(address)

    head, posted, removed = client.head(address), client.post(address), client.delete(address)

    assert (head.status_code, head["Content-Type"], head.content) == (200, shown["Content-Type"], b"")
    assert [(refused.status_code, refused["Allow"]) for refused in (posted, removed)] == [(405, "GET, HEAD")] * 2
