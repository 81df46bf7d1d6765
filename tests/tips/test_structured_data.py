"""What machines read of a page: it fits schema.org's published vocabulary, says what people read, and cannot break out."""

import json
from datetime import date, datetime, time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

from clinic.models import OpeningHours
from tests.factories import DAY, NOON, make_clinic, make_person, make_tip
from tips.models import TipKind, Topic

pytestmark = pytest.mark.django_db

VOCABULARY = json.loads((Path(__file__).parent / "data" / "schema_org.json").read_text())
LINKED_DATA = ("type", "application/ld+json")


class Scripts(HTMLParser):
    """What a browser takes for the content of each script, and what it was told about it."""

    def __init__(self, page):
        super().__init__()
        self.scripts, self.inside = [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append([attrs, ""])

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1][1] += data


def graph(client, address):
    """The things that a page tells machines of."""
    found = Scripts(client.get(address).content.decode()).scripts
    assert [attrs for attrs, _ in found] == [[LINKED_DATA]]
    document = json.loads(found[0][1])
    assert document["@context"] == "https://schema.org"
    return document["@graph"]


# The vocabulary


def ancestry(name):
    return {name}.union(*(ancestry(parent) for parent in VOCABULARY["types"][name]))


def types_of(thing):
    named = thing["@type"] if isinstance(thing["@type"], list) else [thing["@type"]]
    return set().union(*(ancestry(each) if each in VOCABULARY["types"] else {f"no type {each}"} for each in named))


def reads_as(parse):
    def reads(text):
        try:
            return parse(text).isoformat() == text
        except ValueError:
            return False

    return reads


DATA = {
    "Text": lambda text: text.strip() == text != "",
    "URL": lambda text: text.startswith(("https://", "http://")) and " " not in text,
    "Date": reads_as(date.fromisoformat),
    "DateTime": lambda text: reads_as(datetime.fromisoformat)(text) and datetime.fromisoformat(text).tzinfo is not None,
    "Time": reads_as(time.fromisoformat),
    "DayOfWeek": lambda text: text.removeprefix("https://schema.org/") in VOCABULARY["members"]["DayOfWeek"],
}


def fits(value, ranges):
    if isinstance(value, dict):
        return bool(types_of(value) & set(ranges))
    if isinstance(value, int):
        return "Integer" in ranges
    return any(DATA[each](value) for each in ranges if each in DATA)


def problems(thing):
    """Where a thing, or one inside it, departs from the vocabulary."""
    found = [name for name in types_of(thing) if name.startswith("no type")]
    if "@id" in thing and not DATA["URL"](thing["@id"]):
        found.append(f"no address {thing['@id']}")
    for name, values in thing.items():
        if name.startswith("@"):
            continue
        known = VOCABULARY["properties"].get(name)
        if known is None or not types_of(thing) & set(known["domain"]):
            found.append(f"{thing['@type']} has no {name}")
            continue
        for value in values if isinstance(values, list) else [values]:
            found += problems(value) if isinstance(value, dict) else []
            found += [] if fits(value, known["range"]) else [f"{name} cannot be {value!r}"]
    return found


@pytest.fixture
def full_clinic(db):
    make_clinic(address="1 Elm Street, Winter Park, FL", weekdays=range(7))


@pytest.mark.parametrize("reviewed", [True, False])
@pytest.mark.parametrize("kind", TipKind)
def test_what_an_article_tells_machines_fits_the_vocabulary(client, full_clinic, kind, reviewed):
    topics = [Topic.objects.create(name=name, slug=name) for name in ("backs", "knees")]
    author = make_person("Editor", credentials="PT")
    tip = make_tip(kind=kind, author=author, topics=topics, independently_reviewed=reviewed)

    things = graph(client, tip.get_absolute_url())

    assert [problem for thing in things for problem in problems(thing)] == []
    assert [thing["@type"] for thing in things] == [["Article", "MedicalWebPage"], "BreadcrumbList"]


def test_what_home_tells_machines_fits_the_vocabulary(client, full_clinic):
    things = graph(client, "/")

    assert [problem for thing in things for problem in problems(thing)] == []
    assert [thing["@type"] for thing in things] == ["MedicalBusiness"]


@pytest.mark.parametrize(
    ("thing", "problem"),
    [
        ({"@type": "Artikel"}, "no type Artikel"),
        ({"@type": "Article", "lastReviewed": "2026-03-02"}, "Article has no lastReviewed"),
        ({"@type": "Article", "madeUp": "x"}, "Article has no madeUp"),
        ({"@type": "WebPage", "lastReviewed": "March 2, 2026"}, "lastReviewed cannot be 'March 2, 2026'"),
        ({"@type": "Article", "datePublished": "2026-03-02T10:00:00"}, "datePublished cannot be '2026-03-02T10:00:00'"),
        ({"@type": "Article", "author": "Robin"}, "author cannot be 'Robin'"),
        ({"@type": "Article", "author": {"@type": "Person", "name": ""}}, "name cannot be ''"),
        ({"@type": "Article", "url": "/tips/"}, "url cannot be '/tips/'"),
        ({"@type": "OpeningHoursSpecification", "dayOfWeek": "Mon"}, "dayOfWeek cannot be 'Mon'"),
        ({"@type": "OpeningHoursSpecification", "opens": "8:00"}, "opens cannot be '8:00'"),
    ],
)
def test_what_departs_from_the_vocabulary_is_found_out(thing, problem):
    assert problems(thing) == [problem]


# What it says


def test_an_article_tells_machines_what_it_tells_people(client, clinic, reviewer):
    author = make_person("Editor", display_name="Nora Fields", credentials="PT")
    tip = make_tip(
        slug="calm",
        author=author,
        topics=[Topic.objects.create(name="Backs", slug="backs")],
        independently_reviewed=True,
        clinical_reviewer=make_person("Clinical reviewer", display_name="Jo Adeyemi", credentials="PT, OCS"),
        text={"title": "Calm", "summary": "Rest."},
    )
    address = f"{settings.BASE_URL}/tips/calm/"

    page, trail = graph(client, tip.get_absolute_url())

    assert page == {
        "@type": ["Article", "MedicalWebPage"],
        "url": address,
        "mainEntityOfPage": address,
        "headline": "Calm",
        "description": "Rest.",
        "inLanguage": "en",
        "keywords": ["Backs"],
        "author": {"@type": "Person", "name": "Nora Fields", "honorificSuffix": "PT"},
        "datePublished": (NOON - DAY).isoformat(),
        "dateModified": (NOON - DAY).isoformat(),
        "publisher": {
            "@type": "MedicalBusiness",
            "@id": f"{settings.BASE_URL}/#clinic",
            "name": "Elm Street Clinic",
            "url": f"{settings.BASE_URL}/",
        },
        "reviewedBy": {"@type": "Person", "name": "Jo Adeyemi", "honorificSuffix": "PT, OCS"},
        "lastReviewed": (NOON - DAY).date().isoformat(),
    }
    assert [(step["position"], step["name"], step["item"]["@id"]) for step in trail["itemListElement"]] == [
        (1, "Elm Street Clinic", f"{settings.BASE_URL}/"),
        (2, "Tips", f"{settings.BASE_URL}/tips/"),
        (3, "Calm", address),
    ]


def test_nobody_is_named_as_a_reviewer_who_was_not_independent(client, clinic, reviewer):
    tip = make_tip(clinical_reviewer=reviewer, last_reviewed=NOON.date(), next_review=NOON.date() + 9 * DAY)

    page, _ = graph(client, tip.get_absolute_url())

    assert {"reviewedBy", "lastReviewed"} & page.keys() == set()


def test_home_tells_machines_who_and_where_and_when(client):
    make_clinic(weekdays=[0], address="1 Elm Street")
    OpeningHours(weekday=0, opens=time(19), closes=time(20, 30)).save()

    (business,) = graph(client, "/")

    monday = {"@type": "OpeningHoursSpecification", "dayOfWeek": "https://schema.org/Monday"}
    assert business == {
        "@type": "MedicalBusiness",
        "@id": f"{settings.BASE_URL}/#clinic",
        "name": "Elm Street Clinic",
        "description": "Strong again.",
        "url": f"{settings.BASE_URL}/",
        "telephone": "+14076985558",
        "address": "1 Elm Street",
        "openingHoursSpecification": [
            monday | {"opens": "08:00:00", "closes": "18:00:00"},
            monday | {"opens": "19:00:00", "closes": "20:30:00"},
        ],
    }


def test_a_clinic_that_has_said_little_is_not_made_up(client):
    make_clinic(phone="", tagline="", weekdays=[])

    (business,) = graph(client, "/")

    assert sorted(business) == ["@id", "@type", "name", "url"]


def test_a_preview_tells_machines_nothing(client, clinic, editor):
    link = make_tip(author=editor).preview_links.create(made_by=editor, made_at=NOON + 9999 * DAY)

    page = client.get(link.get_absolute_url()).content.decode()

    assert ("<h1>" in page, Scripts(page).scripts) == (True, [])


@pytest.mark.parametrize(
    "words",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>",
        '"\\',
        "&lt;/script&gt;",
        "🙂 漢字",
    ],
)
def test_no_words_break_out_of_the_data(client, clinic, words):
    tip = make_tip(text={"title": words, "summary": words})

    page, trail = graph(client, tip.get_absolute_url())

    assert (page["headline"], page["description"], trail["itemListElement"][-1]["name"]) == (words, words, words)
