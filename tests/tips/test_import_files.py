"""Pictures, encodings and broken files."""

import tracemalloc

import pytest
from django.core.management import CommandError

from tests.factories import make_person
from tests.tips.exports import SITE, attachment, export, item, put_picture
from tests.tips.importing import notes_of, taken, text_of, told, written
from tips.importing.wordpress import Export
from tips.models import Picture, Tip

pytestmark = pytest.mark.django_db


@pytest.fixture
def nora(db, settings, tmp_path_factory):
    """An editor; what she imports is kept for one test."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    return make_person("Editor", username="nora")


# Pictures


def image(address):
    return f'<img src="{address}" alt="A">'


def test_a_smaller_copy_is_replaced_by_the_picture_itself(tmp_path, nora):
    put_picture(tmp_path, "a.png", shade=1)
    put_picture(tmp_path, "a-300x200.png", shade=2)
    put_picture(tmp_path, "b-30x20.png", shade=3)
    uploads = f"{SITE}/wp-content/uploads"
    both = f"{image(uploads + '/a-300x200.png')} {image(uploads + '/a.png')} {image(uploads + '/b-30x20.png?w=9')}"

    taken(written(tmp_path, item(1, title="T", content=both)))

    first, second, third = text_of("post-1").body.split()
    assert first == second != third


def test_pictures_are_looked_for_in_the_folder_that_is_named(tmp_path, nora):
    elsewhere = tmp_path / "elsewhere"
    put_picture(elsewhere, "a.png")
    path = written(tmp_path, item(1, title="T", content=image(f"{SITE}/wp-content/uploads/a.png")))

    lines = taken(path, "--files", str(elsewhere))

    assert lines[-1] == "In all: 1 draft, 0 new topics, 1 picture, 1 former address."


def test_no_picture_is_taken_from_outside_of_the_folder(tmp_path, nora):
    inside = tmp_path / "inside"
    put_picture(inside, "a.png")
    secret = put_picture(tmp_path, "secret.png")
    (inside / "wp-content/uploads/link.png").symlink_to(secret)
    (inside / "wp-content/uploads/loop.png").symlink_to(inside / "wp-content/uploads/loop.png")
    uploads = f"{SITE}/wp-content/uploads"
    addresses = [
        f"{uploads}/../../../wp-content/uploads/secret.png",
        f"{uploads}/%2e%2e/%2e%2e/%2e%2e/wp-content/uploads/secret.png",
        f"{uploads}/{secret}",
        f"{uploads}/link.png",
        f"{uploads}/loop.png",
        f"{uploads}/{'a' * 300}.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
    ]
    path = written(inside, item(1, title="T", content=" ".join(map(image, addresses)) + "x"))

    lines = taken(path)

    assert text_of("post-1").body == "x"
    reasons = [note.rpartition("(")[2].rstrip(").") for note in notes_of(lines, "T")]
    assert reasons == [
        "it leads out of the folder",
        "it leads out of the folder",
        "it is not in the folder",
        "it leads out of the folder",
        "it is not in the folder",
        "it is not in the folder",
        "it has no address",
    ]
    assert lines[-1].startswith("In all: 1 draft, 0 new topics, 0 pictures")


def test_a_file_that_is_no_picture_is_told_in_a_trial_already(tmp_path, nora):
    (tmp_path / "a.png").write_bytes(b"not at all")
    path = written(tmp_path, item(1, title="T", content=f"x {image('a.png')}"))

    trial, lines = told(path), taken(path)

    (note,) = notes_of(lines, "T")
    assert note.startswith("A picture is not kept: a.png (This is no picture")
    assert notes_of(trial, "T") == [note]
    assert text_of("post-1").body == "x"


def test_a_picture_is_kept_with_its_name_and_what_it_shows(tmp_path, nora):
    put_picture(tmp_path, "low-step.png")
    path = written(tmp_path, item(1, title="T", content=image(f"{SITE}/wp-content/uploads/low-step.png")))

    told(path)
    before = Picture.objects.count()
    taken(path)

    kept = Picture.objects.get()
    assert (before, kept.title, kept.alt, kept.uploaded_by) == (0, "low-step", "A", nora)
    assert text_of("post-1").body == f"![A](picture:{kept.name})"
    assert f'<img src="/media/pictures/{kept.name}' in text_of("post-1").html


def test_a_picture_above_the_text_that_nothing_describes_is_decorative(tmp_path, nora):
    put_picture(tmp_path, "a.png")
    path = written(tmp_path, item(1, title="T", content="x", meta=[("_thumbnail_id", "9")]), attachment(9, "a.png"))

    lines = taken(path)

    assert notes_of(lines, "T") == ["Nothing says what the picture above the text shows; it is marked as decorative."]
    assert text_of("post-1").hero_is_decorative is True


# Encodings and broken files

ODD = "Zoë’s “knee” – naïve"


@pytest.mark.parametrize(
    ("encoding", "declared", "line"),
    [
        ("utf-8", "UTF-8", None),
        ("utf-8-sig", "UTF-8", None),
        ("utf-16", "UTF-16", None),
        ("utf-16-le", "UTF-16", None),
        ("utf-16-be", "UTF-16", None),
        ("windows-1252", "windows-1252", None),
        ("windows-1252", "UTF-8", "export.xml is not all UTF-8; the rest was read as Windows-1252."),
        ("utf-8", "windows-1252", "export.xml is not CP1252; it was read as UTF-8."),
        ("utf-8", "no-such-encoding", None),
    ],
)
def test_a_file_is_read_in_whatever_encoding_it_really_is(tmp_path, nora, encoding, declared, line):
    path = tmp_path / "export.xml"
    path.write_bytes(export(item(1, title=ODD, content=ODD), encoding=declared).encode(encoding))

    lines = taken(path)

    assert (text_of("post-1").title, text_of("post-1").body) == (ODD, ODD)
    assert [each for each in lines if "export.xml" in each] == ([line] if line else [])


def test_a_few_foreign_bytes_do_not_spoil_the_rest(tmp_path, nora):
    path = tmp_path / "export.xml"
    path.write_bytes(export(item(1, title=ODD, content="OLD")).encode().replace(b"OLD", ODD.encode("windows-1252")))

    lines = taken(path)

    assert (text_of("post-1").title, text_of("post-1").body) == (ODD, ODD)
    assert "export.xml is not all UTF-8; the rest was read as Windows-1252." in lines


def test_control_characters_are_taken_out_and_counted(tmp_path, nora):
    path = written(tmp_path, item(1, title="A\x08B", content="x\x00\x0b&#8;y &#x1F;"), "<title>&#1;</title>")

    lines = taken(path)

    assert (text_of("post-1").title, text_of("post-1").body) == ("AB", "xy")
    assert "export.xml: 6 control characters were taken out." in lines


BOMB = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
XXE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
REFUSED = "defines entities or refers to other files, which no WordPress export does; it was not read."
BROKEN = "may have been cut off while it was downloaded. Export it again."


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace("<rss", f"{BOMB}<rss", 1).replace("Once", "&b;"), REFUSED),
        (lambda text: text.replace("<rss", f"{XXE}<rss", 1).replace("Once", "&x;"), REFUSED),
        (lambda text: text.replace("<rss", '<!DOCTYPE r SYSTEM "http://x.example/r.dtd"><rss', 1), REFUSED),
        (lambda text: text[:-200], BROKEN),
        (lambda text: text.replace("<title>", "<title>&nbsp;", 1), BROKEN),
        (lambda text: "", BROKEN),
        (lambda text: "\x89PNG not at all", BROKEN),
        (
            lambda text: "<rss><channel><item/></channel></rss>",
            "is no WordPress export (Tools → Export in WordPress makes one).",
        ),
    ],
)
def test_a_broken_or_a_hostile_file_gets_a_sentence_and_changes_nothing(tmp_path, nora, change, sentence):
    path = tmp_path / "export.xml"
    path.write_text(change(export(item(1, title="Once", content="x"))))

    with pytest.raises(CommandError) as refusal:
        taken(path)

    assert str(refusal.value).startswith("export.xml ")
    assert str(refusal.value).endswith(sentence)
    assert Tip.objects.count() == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--write"], "Say with --author whose name the texts carry whose author has no account here."),
        (["--author", "nobody"], "There is no staff account “nobody”."),
        (["--author", "patient"], "There is no staff account “patient”."),
        (["--files", "/no/such/folder"], "/no/such/folder is no folder."),
    ],
)
def test_what_was_said_wrongly_gets_a_sentence(tmp_path, options, sentence):
    make_person(username="patient", is_staff=False)
    path = written(tmp_path, item(1, title="T", content="x"))

    with pytest.raises(CommandError, match=f"^{sentence}$"):
        told(path, *options)


def test_a_path_where_nothing_is_gets_a_sentence(tmp_path):
    with pytest.raises(CommandError, match="There is no file or folder /nowhere"):
        told("/nowhere.xml")


def test_of_a_large_file_one_post_at_a_time_is_in_memory(tmp_path):
    pages = (item(each, title="T", content="<p>" + "word " * 20_000 + "</p>") for each in range(100))
    path = written(tmp_path, *pages)
    tracemalloc.start()

    read = sum(1 for _ in Export(path).articles())

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == 100
    assert path.stat().st_size > 10_000_000 > 3 * peak
