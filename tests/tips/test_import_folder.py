import pytest
from django.core.management import CommandError

from tests.factories import make_person
from tests.tips.exports import picture
from tests.tips.importing import notes_of, rows, taken, text_of, told
from tips.models import FormerAddress, ImportedTip, Tip, Topic

pytestmark = pytest.mark.django_db

JEKYLL = """---
layout: post
title: "Knees: what helps"
date: 2019-05-12 08:00:00 +0200
categories: [Knees, Lower back]
tags: stairs, walking
permalink: /2019/05/knees/
redirect_from:
  - /knees.html
excerpt: Small steps.
image: /assets/knee.png
mood: calm
---
# What to do

Start *low*, then read [about hips](hips.md), [the plan]({{ site.baseurl }}/plan/) or [the shop](/shop/).

![A low step]({{ "/assets/step.png" | relative_url }}){: .wide}

{% include video.html id="1" %}

* one
    * two

| Week | Sets |
|------|------|
| 1    | 2    |

<div class="note"><b>Raw</b> words</div>
"""
HUGO = """+++
title = "Hips"
slug = "calm-hips"
draft = true
date = 2020-01-02T03:04:05Z
aliases = ["/old/hips/", "https://other.example/hips/"]
description = "Circles."
[taxonomies]
tags = ["Hips"]
+++
Small circles. {{< youtube abc >}}
"""
PLAIN = "# A readme\n\nNothing for readers.\n"


@pytest.fixture
def nora(db, settings, tmp_path_factory):
    """An editor; what she imports is kept for one test."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    return make_person("Editor", username="nora")


@pytest.fixture
def texts(tmp_path):
    """A folder with a text of each kind, and pictures."""
    folder = tmp_path / "texts"
    put(folder, "_posts/2019-05-12-knees.md", JEKYLL)
    put(folder, "_posts/hips.md", HUGO)
    put(folder, "README.md", PLAIN)
    put(folder, "plan/index.md", "---\ntitle: The plan\n---\nGo on.\n")
    put(folder, "_site/2019/05/knees.md", JEKYLL)
    put(folder, "assets/knee.png", picture(shade=1))
    put(folder, "assets/step.png", picture(shade=2))
    return folder


def put(folder, name, content):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_files_become_drafts_in_the_order_of_their_names(texts, nora):
    lines = taken(texts)

    assert list(Tip.objects.order_by("pk").values_list("slug", "status")) == [
        ("knees", "draft"),
        ("calm-hips", "draft"),
        ("plan", "draft"),
    ]
    assert lines[-3:] == [
        "Not taken: 1 × file without facts at its head",
        "New topics: Knees, Lower back, stairs, walking, Hips",
        "In all: 3 drafts, 5 new topics, 2 pictures, 4 former addresses.",
    ]


def test_a_trial_of_a_folder_changes_nothing(texts):
    before = rows()

    lines = told(texts)

    assert rows() == before
    assert lines[-1] == "In all: 3 drafts, 5 new topics, 2 pictures, 4 former addresses."


def test_a_jekyll_text_is_the_markdown_of_this_house(texts, nora):
    lines = taken(texts)

    text = text_of("knees")
    name = text.body.partition("picture:")[2].partition(")")[0]
    assert (text.title, text.summary, bool(text.hero)) == ("Knees: what helps", "Small steps.", True)
    assert (
        text.body
        == f"""## What to do

Start *low*, then read [about hips](/tips/calm-hips/), [the plan](/tips/plan/) or the shop.

![A low step](picture:{name})

- one
  - two

| Week | Sets |
| --- | --- |
| 1 | 2 |

**Raw** words"""
    )
    assert notes_of(lines, "Knees") == [
        "Other facts at the head are not kept: mood.",
        'An instruction is not kept: {% include video.html id="1" %}',
        "A link that leads nowhere here is not kept (/shop/).",
        "Nothing says what the picture above the text shows; it is marked as decorative.",
    ]


def test_a_hugo_text_keeps_its_address_summary_and_topics(texts, nora):
    lines = taken(texts)

    tip = Tip.objects.get(slug="calm-hips")
    assert (tip.latest.summary, tip.latest.body) == ("Circles.", "Small circles.")
    assert list(tip.topics.all()) == [Topic.objects.get(name="Hips")]
    assert notes_of(lines, "Hips") == ["It was a draft there.", "An instruction is not kept: {{< youtube abc >}}"]


def test_addresses_that_a_file_names_lead_to_the_tip(texts, nora):
    taken(texts)

    assert list(FormerAddress.objects.values_list("path", "tip__slug")) == [
        ("/2019/05/knees/", "knees"),
        ("/hips/", "calm-hips"),
        ("/knees.html", "knees"),
        ("/old/hips/", "calm-hips"),
    ]


def test_a_second_run_over_a_folder_leaves_every_row_as_it_is(texts, nora):
    taken(texts)
    before = rows()

    lines = taken(texts)

    assert rows() == before
    assert lines[1] == "Already here, and left alone: 3"


def test_a_file_that_changed_is_told_and_not_overwritten(texts, nora):
    taken(texts)
    before = rows()
    put(texts, "_posts/hips.md", HUGO.replace("Small", "Large"))

    lines = taken(texts)

    assert rows() == before
    assert lines[2:4] == [
        "Changed there since they were imported; what is here was left as it is:",
        "  Hips  →  /tips/calm-hips/",
    ]


def test_a_file_is_known_by_its_folder_and_path(texts, nora):
    taken(texts)

    assert list(ImportedTip.objects.values_list("source", flat=True)) == [
        "texts/_posts/2019-05-12-knees.md",
        "texts/_posts/hips.md",
        "texts/plan/index.md",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("---\ntitle: [\n---\nx\n", "a.md was not taken: the facts at its head are broken."),
        ("+++\ntitle = \n+++\nx\n", "a.md was not taken: the facts at its head are broken."),
        ("---\n- a\n---\nx\n", "a.md was not taken: what stands at its head are no facts."),
        (f"---\nt: {'[' * 5000}\n---\nx\n", "a.md was not taken: the facts at its head are broken."),
        ("---\nt: !!python/object/apply:os.system ['true']\n---\n", "“texts/a.md”: it has no text."),
        ("---\ntitle: T\n---\n", "  “T”: it has no text."),
        (b"\xff\xfe-\x00-\x00\x00\xd8", "a.md was not taken: a.md begins as UTF-16 and goes on as something else."),
    ],
)
def test_a_broken_file_gets_a_sentence_and_the_others_are_taken(tmp_path, nora, content, sentence):
    folder = tmp_path / "texts"
    put(folder, "a.md", content)
    put(folder, "b.md", "---\ntitle: Whole\n---\nWords.\n")

    lines = taken(folder)

    assert [line for line in lines if sentence in line] != []
    assert [tip.latest.title for tip in Tip.objects.all()] == ["Whole"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_a_file_is_read_in_its_encoding(tmp_path, nora, encoding):
    put(tmp_path, "a.md", "---\r\ntitle: Zoë’s\r\n---\r\n\r\n“Naïve”\x08\r\n".encode(encoding))

    lines = taken(tmp_path)

    assert (text_of("a").title, text_of("a").body) == ("Zoë’s", "“Naïve”")
    assert "a.md: 1 control character was taken out." in lines


def test_a_bomb_of_aliases_is_a_text_like_any_other(tmp_path, nora):
    bomb = "".join(f"a{each}: &a{each} [{', '.join([f'*a{each - 1}'] * 9)}]\n" for each in range(1, 30))
    put(tmp_path, "a.md", f"---\na0: &a0 x\n{bomb}title: T\ntags: *a29\n---\nWords.\n")

    taken(tmp_path)

    assert [tip.latest.title for tip in Tip.objects.all()] == ["T"]


def test_nothing_is_read_from_outside_of_the_folder(tmp_path, nora):
    folder = tmp_path / "texts"
    secret = put(tmp_path, "secret.md", "---\ntitle: Secret\n---\nWords.\n")
    put(tmp_path, "secret.png", picture())
    put(folder, "a.md", "---\ntitle: T\nimage: ../secret.png\n---\nx ![a](../secret.png)\n")
    (folder / "link.md").symlink_to(secret)

    lines = taken(folder)

    assert [tip.latest.title for tip in Tip.objects.all()] == ["T"]
    assert notes_of(lines, "T") == ["A picture is not kept: ../secret.png (it leads out of the folder)."]
    assert "Not taken: 1 × file that leads out of the folder" in lines


def test_a_picture_beside_the_text_is_found(tmp_path, nora):
    put(tmp_path, "posts/a/index.md", "---\ntitle: T\n---\n![Step](step.png) ![Shared](../shared.png)\n")
    put(tmp_path, "posts/a/step.png", picture(shade=1))
    put(tmp_path, "posts/shared.png", picture(shade=2))

    lines = taken(tmp_path)

    assert notes_of(lines, "T") == []
    assert lines[-1] == "In all: 1 draft, 0 new topics, 2 pictures, 0 former addresses."


def test_a_folder_that_is_not_there_gets_a_sentence(tmp_path):
    with pytest.raises(CommandError, match="There is no file or folder"):
        told(tmp_path / "nowhere")
