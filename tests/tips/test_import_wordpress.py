from pathlib import Path
from time import process_time

import pytest

from tests.factories import NOON, make_person, make_tip
from tests.tips.exports import SITE, item, put_picture, write_large_export
from tests.tips.importing import notes_of, rows, taken, text_of, told, written
from tips.models import FormerAddress, Tip, TipKind, TipRevision, TipStatus, Topic

pytestmark = pytest.mark.django_db

EXPORT = Path(__file__).parent / "data" / "wordpress.xml"


@pytest.fixture
def nora(db, settings, tmp_path_factory):
    """An editor; what she imports is kept for one test."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    return make_person("Editor", username="nora")


@pytest.fixture
def small(tmp_path):
    """A realistic export, with two of its three pictures beside it."""
    path = tmp_path / "export.xml"
    path.write_bytes(EXPORT.read_bytes())
    put_picture(tmp_path, "2019/05/step.png")
    put_picture(tmp_path, "2019/05/hero.png", shade=9)
    return path


# A realistic export


def test_a_trial_changes_nothing_and_says_what_would_be_done(small):
    before = rows()

    lines = told(small)

    assert rows() == before
    assert lines[0] == "A trial: nothing was changed. --write does it."
    assert lines[-1] == "In all: 3 drafts, 2 new topics, 2 pictures, 2 former addresses."


def test_posts_become_drafts_that_no_reader_sees(small, nora):
    taken(small)

    assert list(Tip.objects.order_by("pk").values_list("slug", "status", "live")) == [
        ("knees", TipStatus.DRAFT, None),
        ("hips", TipStatus.DRAFT, None),
        ("the-plan", TipStatus.DRAFT, None),
    ]
    assert [tip.revisions.count() for tip in Tip.objects.all()] == [1, 1, 1]
    assert list(Tip.objects.published(at=NOON)) == []


def test_a_classic_post_is_markdown_with_its_links_and_pictures(small, nora):
    taken(small)

    text = text_of("knees")
    name = text.body.partition("picture:")[2].partition(")")[0]
    assert (text.title, text.summary) == ("Knees & stairs: what helps", "Small steps & patience.")
    assert (text.hero != "", text.hero_alt, text.hero_is_decorative) == (True, "Somebody on a staircase", False)
    assert (
        text.body
        == f"""Stairs ask a lot of a knee. It doesn’t have to hurt.\\
Start with **low steps**.

## What to do

![A low step](picture:{name})

*A step of 10 cm*

- Step up slowly
  - with the sore leg first
- Step down slowly

Read [about hips](/tips/hips/), [the plan](/tips/the-plan/) or [call us](https://www.old-clinic.example/contact/).

[https://video.example/watch?v=knees](https://video.example/watch?v=knees)

Some say it is the weather \\[sic]."""
    )


def test_a_post_of_blocks_is_markdown_and_its_first_sentences_are_the_summary(small, nora):
    taken(small)

    text = text_of("hips")
    assert text.summary == "Hips like small circles. They also like a walk."
    assert (
        text.body
        == """Hips like *small* circles. They also like a walk.

## How often

1. Morning
2. Evening, after [the stairs](/tips/knees/)"""
    )


def test_what_was_lost_is_told_post_by_post(small, nora):
    lines = taken(small)

    assert notes_of(lines, "Knees & stairs") == [
        "Not kept: 1 comment.",
        "Custom fields are not kept: reading_level.",
        "A gallery is not kept: step.png, hero.png.",
        'A shortcode is not kept: [contact-form-7 id="5" title="Ask"].',
        "An embedded frame is not kept (https://maps.example/embed?x=1).",
        "A link still leads to the old site: https://www.old-clinic.example/contact/",
    ]
    assert notes_of(lines, "Hips") == [
        "A block that WordPress filled in itself is not kept: latest-posts.",
        "A picture is not kept: https://www.old-clinic.example/wp-content/uploads/2019/05/missing-1024x683.png (it is not in the folder).",
    ]
    assert notes_of(lines, "The plan") == ["It was a draft there."]


def test_what_was_not_taken_is_counted_by_its_kind(small, nora):
    lines = taken(small)

    assert lines[lines.index("  - It was a draft there.") + 2 :] == [
        "Not taken: 2 × attachment, 1 × menu item, 1 × page (--pages takes them), 1 × post that is in the trash",
        "guest has no account here; --author is named instead: 1 draft",
        "maria has no account here; --author is named instead: 2 drafts",
        "New topics: Knees, Stairs & steps",
        "Addresses with a number (/?p=12) lead nowhere any more: 3",
        "In all: 3 drafts, 2 new topics, 2 pictures, 2 former addresses.",
    ]


def test_pages_are_taken_when_they_are_asked_for(small, nora):
    taken(small, "--pages")

    assert text_of("about").body == "We are a clinic."


def test_a_post_carries_the_name_of_the_account_with_its_authors_address(small, nora):
    maria = make_person("Editor", username="m.nunez", email="maria@clinic.example")

    taken(small)

    assert dict(Tip.objects.values_list("slug", "author")) == {"knees": maria.pk, "hips": nora.pk, "the-plan": maria.pk}
    assert text_of("knees").written_by == maria


def test_topics_are_found_by_address_or_name_and_made_where_there_are_none(small, nora):
    knees = Topic.objects.create(name="All about knees", slug="knees")
    stairs = Topic.objects.create(name="STAIRS & STEPS", slug="climbing")

    taken(small)

    assert list(Topic.objects.order_by("pk")) == [knees, stairs]
    assert set(Tip.objects.get(slug="knees").topics.all()) == {knees, stairs}


def test_old_addresses_lead_to_the_new_ones(small, nora):
    taken(small)

    assert list(FormerAddress.objects.values_list("path", "tip__slug")) == [
        ("/2019/05/knees/", "knees"),
        ("/2020/01/hips/", "hips"),
    ]


def test_a_second_run_leaves_every_row_as_it_is(small, nora):
    taken(small)
    before = rows()

    lines = taken(small)

    assert rows() == before
    assert lines[1] == "Already here, and left alone: 3"


def test_a_post_that_changed_there_is_told_and_not_overwritten(small, nora):
    taken(small)
    before = rows()
    small.write_text(small.read_text().replace("small</em> circles", "large</em> circles"))

    lines = taken(small)

    assert rows() == before
    assert lines[1:4] == [
        "Already here, and left alone: 2",
        "Changed there since they were imported; what is here was left as it is:",
        "  Hips  →  /tips/hips/",
    ]


def test_a_site_that_has_moved_to_a_safe_address_is_the_same_site(small, nora):
    taken(small)
    before = rows()
    moved = small.read_text().replace("https://www.old", "http://old")
    small.write_text(moved)

    taken(small)

    assert rows() == before


def test_an_import_that_was_interrupted_goes_on_with_the_same_result(small, nora):
    whole = small.read_text()
    small.write_text(whole.replace("</item>", "</item></channel></rss>", 1).partition("</rss>")[0] + "</rss>")
    taken(small)
    small.write_text(whole)

    lines = taken(small)

    assert lines[lines.index("Already here, and left alone: 1")]
    assert list(Tip.objects.order_by("pk").values_list("slug", flat=True)) == ["knees", "hips", "the-plan"]


# Two hundred posts


def test_two_hundred_posts_are_imported_in_a_minute_twice_with_the_same_result(tmp_path, nora):
    path = write_large_export(tmp_path, posts=200)
    began = process_time()

    first = taken(path)
    after_the_first = rows()
    second = taken(path)

    assert process_time() - began < 60
    assert rows() == after_the_first
    assert first[-1].startswith("In all: 200 drafts, 7 new topics, 66 pictures, 200 former addresses")
    assert "Already here, and left alone: 200" in second
    assert TipRevision.objects.count() == Tip.objects.count() == 200
    assert [body for body in TipRevision.objects.values_list("body", flat=True) if "<" in body or "wp:" in body] == []


# Addresses


@pytest.mark.parametrize("kind", TipKind)
def test_a_taken_address_gets_a_number_and_a_line(tmp_path, nora, kind):
    make_tip(slug="knees", kind=kind)
    path = written(
        tmp_path, item(1, title="Knees", content="x", slug="knees"), item(2, title="Feed", content="y", slug="feed")
    )

    lines = taken(path)

    assert notes_of(lines, "Knees") == ["The address “knees” is taken; it becomes “knees-2”."]
    assert notes_of(lines, "Feed") == ["The address “feed” is taken; it becomes “feed-2”."]
    assert list(Tip.objects.order_by("pk").values_list("slug", flat=True)) == ["knees", "knees-2", "feed-2"]


def test_an_address_that_cannot_stay_is_made_from_the_title(tmp_path, nora):
    path = written(
        tmp_path,
        item(1, title="Back", content="x", slug="%e8%85%b0"),
        item(2, title="膝", content="y", slug="%e8%86%9d"),
    )

    lines = taken(path)

    assert notes_of(lines, "Back")[0] == "The address “腰” cannot stay; it becomes “back”."
    assert list(FormerAddress.objects.values_list("path", "tip__slug")) == [
        ("/2019/05/腰/", "back"),
        ("/2019/05/膝/", "tip"),
    ]


def test_an_old_address_is_given_up_where_something_else_is(tmp_path, nora):
    other = make_tip(slug="other")
    FormerAddress.objects.create(path="/old/", tip=other)
    links = ["/old/", "/privacy/", "/tips/other/", "/" + "a" * 300 + "/", "/same/", "/same/"]
    path = written(
        tmp_path,
        *(item(number, title=f"T{number}", content="x", link=SITE + link) for number, link in enumerate(links)),
    )

    lines = taken(path)

    assert [notes_of(lines, f"T{number}")[-1:] for number in range(6)] == [
        ["The old address /old/ will not lead here: it leads to another tip."],
        ["The old address /privacy/ will not lead here: the site has a page of its own there."],
        ["The old address /tips/other/ will not lead here: another tip is there."],
        [f"The old address {links[3]} will not lead here: it is too long."],
        [],
        ["The old address /same/ will not lead here: it leads to another tip."],
    ]
    assert [row.path for row in FormerAddress.objects.all()] == ["/old/", "/same/"]


# Texts


def test_what_is_too_long_is_cut_at_a_word_and_told(tmp_path, nora):
    content = "\n\n".join(["word " * 100] * 130)
    path = written(tmp_path, item(1, title="long " * 30, content=content, excerpt="much " * 70))

    lines = taken(path)

    text = text_of("post-1")
    assert (len(text.title), len(text.summary), len(text.body) <= 60_000) == (120, 300, True)
    assert [note.partition(";")[0] for note in notes_of(lines, "long")] == [
        "The title was cut",
        "The excerpt was cut",
        f"The text was cut after {len(text.body)} characters.",
    ]


def test_a_post_without_a_title_is_called_by_its_words_and_one_without_a_text_is_not_taken(tmp_path, nora):
    path = written(
        tmp_path,
        item(1, title="", content="Only words."),
        item(2, title="Empty", content="<!-- wp:paragraph --><p></p>"),
    )

    lines = taken(path)

    assert notes_of(lines, "Only words.") == ["It had no title; it is called by its first words."]
    assert lines[lines.index("Could not be taken:") + 1] == "  “Empty”: it has no text."
    assert [tip.latest.title for tip in Tip.objects.all()] == ["Only words."]


def test_a_post_that_is_there_twice_is_taken_once(tmp_path, nora):
    path = written(tmp_path, item(1, title="Once", content="x"), item(1, title="Again", content="y"))

    lines = taken(path)

    assert "  “Again” is there twice; the first was taken." in lines
    assert [tip.latest.title for tip in Tip.objects.all()] == ["Once"]


def test_boxes_in_boxes_beyond_measure_cost_one_line(tmp_path, nora):
    path = written(tmp_path, item(1, title="Deep", content="<div>" * 3000 + "x"), item(2, title="Flat", content="y"))

    lines = taken(path)

    assert "  “Deep”: its boxes lie too deep in each other." in lines
    assert [tip.latest.title for tip in Tip.objects.all()] == ["Flat"]
