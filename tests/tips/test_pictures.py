"""From an upload to a name and files, and from a name to the markup and the files that readers get."""

import fcntl
import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import ExifTags, Image, ImageCms

from tests.factories import NOON, make_tip
from tests.tips.files import BLUE, RED, halves, is_plain_webp, jpeg, png, saved
from tips import pdf
from tips.markdown import plain_text, to_html
from tips.models import Picture, TipKind
from tips.pictures import Refused, made_from, markdown_for, picture_html

NAME = "3f2a9c1be4d0-1600x900"
YEAR = 365 * 24 * 60 * 60


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT / "pictures"


def opened(made, kind=None):
    own = max((kind for kind in made.files if kind.endswith(".webp")), key=lambda kind: int(kind[:-5]))
    return Image.open(io.BytesIO(made.files[kind or own]))


def is_near(colour, other):
    return all(abs(one - two) < 12 for one, two in zip(colour[:3], other, strict=True))


def keep(data, by, **facts):
    return Picture.keep(made_from(data), **{"title": "Knee", "alt": "A knee", "by": by, "at": NOON} | facts)


# From an upload to files


def test_a_picture_waits_until_another_process_has_made_its_own(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    with ThreadPoolExecutor() as threads, open(tmp_path / "painting", "w") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        waiting = threads.submit(made_from, png())
        with pytest.raises(TimeoutError):
            waiting.result(timeout=1.5)

        fcntl.flock(theirs, fcntl.LOCK_UN)

        assert waiting.result(timeout=20).files


@pytest.mark.parametrize(
    ("size", "made"),
    [
        ((3000, 2000), ("1600x1067", ["480.webp", "800.webp", "1200.webp", "1600.webp", "print.jpg"])),
        ((1000, 500), ("1000x500", ["480.webp", "800.webp", "1000.webp", "print.jpg"])),
        ((480, 300), ("480x300", ["480.webp", "print.jpg"])),
        ((90, 60), ("90x60", ["90.webp", "print.jpg"])),
        ((1, 1), ("1x1", ["1.webp", "print.jpg"])),
        ((1000, 9000), ("267x2400", ["267.webp", "print.jpg"])),
        ((9000, 1), ("1600x1", ["480.webp", "800.webp", "1200.webp", "1600.webp", "print.jpg"])),
    ],
)
def test_a_picture_comes_in_the_fixed_widths_and_is_never_enlarged(size, made):
    picture = made_from(saved(Image.new("RGB", size, RED), "PNG"))

    assert (picture.name[33:], list(picture.files)) == made
    assert [opened(picture, kind).width for kind in picture.files if kind[0] != "p"] == [
        int(kind[:-5]) for kind in picture.files if kind[0] != "p"
    ]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_kind_is_known_by_its_bytes_and_comes_out_in_its_colours(kind):
    picture = made_from(saved(halves(), kind))

    shown = opened(picture).convert("RGB")
    assert (is_near(shown.getpixel((150, 200)), RED), is_near(shown.getpixel((450, 200)), BLUE)) == (True, True)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16"])
def test_every_kind_of_png_keeps_its_light_and_dark(mode):
    light = {"I;16": 50_000, "1": 1, "P": 200}.get(mode, 200)
    image = Image.new(
        mode, (100, 100), (200, 255) if mode == "LA" else (200, 200, 200, 255) if mode == "RGBA" else light
    )
    if mode == "P":
        image.putpalette([value for value in range(256) for _ in range(3)])

    picture = made_from(saved(image, "PNG"))

    expected = 255 if mode == "1" else 195 if mode == "I;16" else 200
    assert is_near(opened(picture).convert("RGB").getpixel((50, 50)), (expected,) * 3)


def test_a_jpeg_for_a_press_is_shown_in_the_colours_of_a_screen():
    picture = made_from(saved(halves(mode="CMYK"), "JPEG"))

    assert is_near(opened(picture).convert("RGB").getpixel((150, 200)), RED)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_stays_so_and_is_white_on_paper(kind):
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))

    picture = made_from(saved(clear, kind))

    assert (opened(picture).getpixel((50, 50))[3], opened(picture, "print.jpg").getpixel((50, 50))) == (0, (255,) * 3)


def test_the_transparent_colour_of_a_palette_stays_transparent():
    image = Image.new("P", (100, 100), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])

    picture = made_from(saved(image, "PNG", transparency=0))

    assert opened(picture).getpixel((50, 50))[3] == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_taken_sideways_is_put_upright(orientation):
    # How a camera that was held like this stores it.
    ways = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = halves(400, 600) if orientation == 1 else halves(400, 600).transpose(ways[orientation])
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    picture = made_from(saved(stored, "JPEG", exif=exif, quality=95))

    shown = opened(picture)
    assert (picture.name[33:], is_near(shown.getpixel((100, 300)), RED)) == ("400x600", True)
    assert is_near(shown.getpixel((300, 300)), BLUE)


def test_the_colours_that_a_profile_means_are_those_that_are_shown():
    # A profile whose red is everybody's blue.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"****", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"****", b"bXYZ", 1)

    picture = made_from(saved(Image.new("RGB", (100, 100), (255, 0, 0)), "PNG", icc_profile=swapped))

    assert is_near(opened(picture).getpixel((50, 50)), (0, 0, 255))


def test_nothing_that_the_camera_wrote_is_kept():
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "CanaryCam"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSMapDatum] = "CanaryPlace"
    data = saved(halves(), "JPEG", exif=exif, comment=b"CanaryWords", icc_profile=b"CanaryColours")

    picture = made_from(data)

    assert re.findall(rb"Canary(\w+?)(?:\0|\xff)", data) != []
    assert [kind for kind, file in picture.files.items() if b"Canary" in file or b"Exif" in file] == []
    assert [is_plain_webp(file) for kind, file in picture.files.items() if kind != "print.jpg"] == [True, True]


def test_a_name_follows_from_the_content():
    names = {made_from(data).name for data in (jpeg(), jpeg(), png())}

    assert (len(names), {name[32:] for name in names}) == (2, {"-600x400"})


def test_more_than_fifteen_megabytes_are_refused_before_anything_looks_at_them():
    with pytest.raises(Refused, match="more than 15 MB"):
        made_from(bytes(15_000_001))


# Kept


@pytest.mark.django_db
def test_a_picture_is_kept_with_its_files_and_who_sent_it(editor, media):
    picture = keep(jpeg(), editor)

    assert (picture.title, picture.alt, picture.uploaded_by, picture.uploaded_at) == ("Knee", "A knee", editor, NOON)
    kinds = ["480.webp", "600.webp", "print.jpg"]
    assert sorted(file.name for file in media.iterdir()) == [f"{picture.name}-{kind}" for kind in kinds]


@pytest.mark.django_db
def test_the_same_picture_sent_again_is_the_one_there_is(editor, reviewer):
    first = keep(jpeg(), editor)

    again = keep(jpeg(), reviewer, title="Another title")

    assert (again, again.title, again.uploaded_by, Picture.objects.count()) == (first, "Knee", editor, 1)


@pytest.mark.django_db
def test_lost_files_are_there_again_once_the_picture_is_sent_again(editor, media):
    picture = keep(jpeg(), editor)
    for file in media.iterdir():
        file.unlink()

    keep(jpeg(), editor)

    assert len(list(media.glob(f"{picture.name}-*"))) == 3


@pytest.mark.django_db
def test_where_files_cannot_be_written_there_is_no_picture(editor, media):
    media.parent.mkdir()
    media.write_text("a file where the folder should be")

    with pytest.raises(FileExistsError):
        keep(jpeg(), editor)

    assert Picture.objects.count() == 0


# Shown


@pytest.mark.django_db
def test_a_file_is_served_for_ever_and_may_do_nothing(clinic, client, editor):
    picture = keep(jpeg(), editor)

    response = client.get(f"/media/pictures/{picture.name}-480.webp")

    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(response.content)).size == (480, 320)
    assert set(response["Cache-Control"].split(", ")) == {"public", "immutable", f"max-age={YEAR}"}
    assert set(response["Content-Security-Policy"].split("; ")) == {"default-src 'none'", "sandbox"}
    assert (response["X-Content-Type-Options"], response.cookies, response["Vary"]) == (
        "nosniff",
        {},
        "Accept-Encoding",
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        "{}-481.webp",
        "{}-600.png",
        "{}-print.jpg",
        "{}.webp",
        "x{}-480.webp",
        "{}-480.webp/",
        "..%2F{}-480.webp",
        "{}-0480.webp",
        "{}-٤٨٠.webp",
        "{}-480.webp%0A",
        "../pictures/{}-480.webp%00",
        ".{}-480.webp",
        "",
    ],
)
def test_nothing_else_is_served(clinic, client, editor, wrong):
    picture = keep(jpeg(), editor)

    response = client.get(f"/media/pictures/{wrong.format(picture.name)}")

    assert response.status_code in {400, 404}


def test_a_page_offers_every_width_and_knows_the_size_beforehand():
    html = picture_html("3f2a9c1be4d0-900x600", 'A "knee"', sizes="50vw")

    address = "/media/pictures/3f2a9c1be4d0-900x600"
    assert html == (
        f'<img src="{address}-800.webp" srcset="{address}-480.webp 480w, {address}-800.webp 800w, {address}-900.webp 900w" '
        'sizes="50vw" width="900" height="600" loading="lazy" decoding="async" alt="A &quot;knee&quot;">'
    )


def test_the_first_picture_of_a_page_does_not_wait():
    html = picture_html(NAME, "", sizes="100vw", eager=True)

    assert ('loading="eager"' in html, 'alt=""' in html) == (True, True)


@pytest.mark.parametrize("name", ["", "knee.png", "../x", f"{NAME}\n", f"{NAME}x", NAME.upper(), "3f2a9c1be4d0-0x9"])
def test_what_is_no_name_shows_nothing(name):
    assert picture_html(name, "A knee", sizes="100vw") == ""


def test_a_picture_in_a_text_is_shown_by_its_name():
    html = to_html(f"Look: ![a *bent* <knee>](picture:{NAME})")

    expected = picture_html(NAME, "a bent <knee>", sizes="(min-width: 43rem) 40rem, 94vw")
    assert html == f"<p>Look: {expected}</p>\n"


@pytest.mark.parametrize(
    "source",
    [
        "https://a.example/x.png",
        "//a.example/x.png",
        "/media/pictures/x.webp",
        "x.png",
        "picture:x",
        f"PICTURE:{NAME}",
        f"picture:{NAME}?x",
        f"picture:/{NAME}",
        f"picture:{NAME}%22",
        f"picture:%0A{NAME}",
        f"http:picture:{NAME}",
        "",
    ],
)
def test_any_other_source_is_not_loaded_and_leaves_its_words(source):
    html = to_html(f"Look: ![a <knee>]({source})")

    assert html == "<p>Look: a &lt;knee&gt;</p>\n"


@pytest.mark.parametrize(
    "alt", ["", "A knee, bent", "[x](y)", "![a](b)", "*a* _b_ `c`", "\\", "a\\]", "<b>&amp;</b>", '"a" | b', "漢字 é"]
)
def test_the_line_to_copy_shows_the_picture_with_exactly_its_words(alt):
    html = to_html(markdown_for(NAME, alt))

    assert html == f"<p>{picture_html(NAME, alt, sizes='(min-width: 43rem) 40rem, 94vw')}</p>\n"


def test_the_words_of_a_picture_are_not_read_with_the_text():
    words = plain_text(f"Look: ![a knee](picture:{NAME})")

    assert words == "Look: "


# On paper


@pytest.mark.django_db
def test_a_guide_on_paper_has_its_pictures_with_their_words(clinic, editor):
    name = keep(jpeg(), editor).name
    body = (
        f"![A bent knee](picture:{name})\n\n![](picture:{name})\n\n## ![](picture:{name})\n\n[![](picture:{name})](/)"
    )

    document = pdf.guide(make_tip(kind=TipKind.GUIDE, text={"body": body}), day=NOON.date())

    assert (document.count(b"/Alt(A bent knee)"), document.count(b"/Alt("), b"/DCTDecode" in document) == (1, 1, True)


@pytest.mark.django_db
def test_a_guide_on_paper_has_the_picture_above_its_text(clinic, editor):
    name = keep(jpeg(), editor).name
    described, decorative = {"hero_alt": "A bent knee"}, {"hero_is_decorative": True}

    documents = [
        pdf.guide(make_tip(kind=TipKind.GUIDE, text={"hero": name} | said), day=NOON.date())
        for said in (described, decorative)
    ]

    assert [b"/DCTDecode" in document for document in documents] == [True, True]
    assert [document.count(b"/Alt(A bent knee)") for document in documents] == [1, 0]


@pytest.mark.django_db
@pytest.mark.parametrize("source", [f"picture:{NAME}", "https://a.example/x.png"])
def test_a_picture_that_is_not_there_leaves_its_words_on_paper(clinic, source):
    set_in = pdf.markup(f'Look: ![a "knee"]({source}) ![]({source})')

    assert set_in == '#("Look: ")#emph[#("a \\"knee\\"")]#(" ")#parbreak()\n'
    assert pdf.guide(make_tip(kind=TipKind.GUIDE, text={"body": f"![a]({source})"}), day=NOON.date()).startswith(
        b"%PDF-"
    )
