"""Addresses at which something once was: they lead to where it is now, or say that it is gone."""

import re
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from clinic.models import ClinicSettings
from tests.factories import DAY, HOUR, NOON, make_tip
from tips.models import FormerAddress, TipKind, TipStatus

pytestmark = pytest.mark.django_db

NOT_THERE = "There is no such page"


def former(path, tip):
    return FormerAddress.objects.create(path=path, tip=tip)


def rename(tip, slug, *, by):
    tip.arrange(by=by, at=NOON, topics=[], regions=[], slug=slug)


def led_to(answer):
    return (answer.status_code, answer.get("Location"))


# Moved


def test_each_address_that_a_tip_ever_had_leads_to_its_newest_in_one_hop(client, clinic, editor):
    tip = make_tip(author=editor, slug="first")
    for slug in ("second", "third"):
        rename(tip, slug, by=editor)

    answers = [client.get(address) for address in ("/tips/first/", "/tips/second/")]

    assert [led_to(answer) for answer in answers] == [(301, "/tips/third/")] * 2
    assert client.get("/tips/third/").status_code == 200


def test_an_address_that_comes_back_answers_itself_again(client, clinic, editor):
    tip = make_tip(author=editor, slug="first")
    for slug in ("second", "first"):
        rename(tip, slug, by=editor)

    answers = [client.get(address) for address in ("/tips/first/", "/tips/second/")]

    assert [led_to(answer) for answer in answers] == [(200, None), (301, "/tips/first/")]


def test_a_redirect_is_not_kept_by_browsers_for_ever(client, clinic):
    former("/tips/old/", make_tip())

    answer = client.get("/tips/old/")

    assert answer["Cache-Control"] == "max-age=3600"


def test_a_guide_takes_its_pdf_along(client, clinic, editor):
    guide = make_tip(author=editor, slug="first", kind=TipKind.GUIDE)
    rename(guide, "second", by=editor)

    answers = [client.get(address) for address in ("/guides/first/", "/guides/first.pdf")]

    assert [led_to(answer) for answer in answers] == [(301, "/guides/second/"), (301, "/guides/second.pdf")]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("/2019/05/knees/", "/2019/05/knees/"),
        ("/2019/05/knees/", "/2019/05/knees"),
        ("/2019/05/knees", "/2019/05/knees/"),
        ("/2019/05/knees.html", "/2019/05/knees.html"),
        ("/2019/05/knees/", "/2019/05/knees/?utm_source=mail"),
        ("/blog/Knie-Übung/", quote("/blog/Knie-Übung/")),
        ("/blog/Knie-Übung/", quote("/blog/Knie-Übung/").lower().replace("knie", "Knie")),
        ("/wp-content/knees.pdf", "/wp-content/knees.pdf"),
        ("/tips/Old_One/", "/tips/Old_One/"),
        ("/" + "a" * 298 + "/", "/" + "a" * 298 + "/"),
    ],
)
def test_an_address_of_the_site_before_leads_to_the_tip(client, clinic, settings, debug, stored, asked):
    settings.DEBUG = debug
    tip = make_tip(slug="knees")
    former(stored, tip)

    answer = client.get(asked)

    assert led_to(answer) == (301, "/tips/knees/")


def test_of_two_that_differ_by_a_slash_each_leads_to_its_own(client, clinic):
    former("/knees", make_tip(slug="a"))
    former("/knees/", make_tip(slug="b"))

    answers = [client.get(address) for address in ("/knees", "/knees/")]

    assert [led_to(answer) for answer in answers] == [(301, "/tips/a/"), (301, "/tips/b/")]


@pytest.mark.parametrize("asked", ["/2019/05/KNEES/", "/2019/05/", "/2019/05/knees/x/", "/" + "a" * 300 + "/"])
def test_an_address_that_is_not_the_one_leads_nowhere(client, clinic, asked):
    former("/2019/05/knees/", make_tip())

    answer = client.get(asked)

    assert (answer.status_code, NOT_THERE in answer.content.decode()) == (404, True)


def test_what_answers_by_itself_is_never_led_away(client, clinic):
    tip = make_tip(slug="knees")
    for path in ("/", "/tips/", "/privacy/", "/tips/knees/"):
        former(path, make_tip())

    answers = [client.get(address) for address in ("/", "/tips/", "/privacy/", tip.get_absolute_url())]

    assert [led_to(answer) for answer in answers] == [(200, None)] * 4


@pytest.mark.parametrize(
    "asked", ["//evil.example/knees/", "/%2F/evil.example/", "/\\evil.example/", "/tips/%0d%0aX:y/"]
)
def test_no_address_leads_off_the_site(client, clinic, asked):
    tip = make_tip(slug="knees")
    former(f"{asked.replace('%2F', '/').replace('%0d%0a', '')}", tip)

    answer = client.get(asked)

    assert led_to(answer) in [(404, None), (301, "/tips/knees/")]


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_only_who_comes_to_read_is_led_on(clinic, method):
    former("/2019/05/knees/", make_tip())

    answer = getattr(Client(), method)("/2019/05/knees/")

    assert answer.status_code == 404


def test_somebody_who_only_looks_is_led_on_too(client, clinic):
    former("/2019/05/knees/", make_tip(slug="knees"))

    answer = client.head("/2019/05/knees/")

    assert led_to(answer) == (301, "/tips/knees/")


@pytest.mark.parametrize(("asked", "queries"), [("/nowhere/", 1), ("/2019/05/knees/", 2), ("/" + "a" * 300 + "/", 0)])
def test_looking_for_an_old_address_costs_little(client, clinic, django_assert_num_queries, asked, queries):
    former("/2019/05/knees/", make_tip())
    ClinicSettings.current()

    with django_assert_num_queries(queries):
        client.get(asked)


# Gone


@pytest.mark.parametrize("kind", TipKind)
@pytest.mark.parametrize("how", ["archived", "expired"])
def test_what_was_there_once_is_gone_and_only_its_title_is_repeated(client, clinic, editor, kind, how):
    fields = {
        "archived": {"status": TipStatus.ARCHIVED},
        "expired": {"published_at": timezone.now() - DAY, "expire_at": timezone.now() - HOUR},
    }[how]
    text = {"title": "Old <advice>", "summary": "CANARY", "body": "CANARY", "sources": "CANARY"}
    tip = make_tip(author=editor, kind=kind, slug="old", regions=["knee"], text=text, **fields)
    former("/2019/05/old/", tip)
    make_tip(regions=["knee"], text={"title": "What we say today"})
    addresses = [tip.get_absolute_url(), "/2019/05/old/", *(["/guides/old.pdf"] if kind == TipKind.GUIDE else [])]

    answers = [client.get(address) for address in addresses]

    pages = [answer.content.decode() for answer in answers]
    assert [answer.status_code for answer in answers] == [410] * len(addresses)
    assert ["“Old &lt;advice&gt;” was here." in html for html in pages] == [True] * len(addresses)
    assert ["CANARY" in html for html in pages] == [False] * len(addresses)
    assert [re.findall(r"<h3>\s*<a [^>]*>([^<]*)", html) for html in pages] == [["What we say today"]] * len(addresses)
    assert ['href="/tips/">All tips' in html for html in pages] == [True] * len(addresses)


@pytest.mark.parametrize(
    "fields", [{"published_at": None}, {"published_at": timezone.now() + DAY}], ids=["draft", "scheduled"]
)
def test_no_old_address_tells_of_what_is_not_there_yet(client, clinic, fields):
    former("/2019/05/knees/", make_tip(text={"title": "CANARY"}, **fields))

    answer = client.get("/2019/05/knees/")

    assert (answer.status_code, "CANARY" in answer.content.decode()) == (404, False)


def test_what_is_taken_up_again_is_not_called_gone(client, clinic, editor):
    tip = make_tip(author=editor)
    tip.archive(by=editor, at=NOON)
    tip.take_up_again(by=editor, at=NOON)

    answer = client.get(tip.get_absolute_url())

    assert answer.status_code == 404
