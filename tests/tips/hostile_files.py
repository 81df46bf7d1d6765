"""Files that nobody sends by mistake, and some that cameras write; each with what becomes of it."""

import io
import struct
import zipfile
import zlib

from PIL import ExifTags, Image

from tests.tips.files import BLUE, chunk, grey, halves, jpeg, jpeg_with, png, png_of, saved, segment

SCRIPT = b"<html><script>document.title='CANARY'</script>"
WORD = b"CANARY"
MANY = 12_000_000


def bombs():
    text = zlib.compress(bytes(100_000_000), 9)
    words = chunk(b"zTXt", b"words\0\0" + zlib.compress(bytes(1_000_000), 9))
    return {
        "png that says it is 50,000 wide and high": ("large", png_of(grey(), size=(50_000, 50_000))),
        "png of 50,000 by 50,000, all there": (
            "large",
            png_of(chunk(b"IDAT", zlib.compress(bytes(100_000_000), 9)), size=(50_000, 50_000), depth=1),
        ),
        "png as large as is allowed, in all colours": ("large", saved(Image.new("RGBA", (6_300, 6_300)), "PNG")),
        "png as large as is allowed, grey": ("shown", png_of(grey((6_300, 6_300)), size=(6_300, 6_300))),
        "png with words of 100 MB": ("damaged", png_of(chunk(b"zTXt", b"words\0\0" + text), grey())),
        "png with words of 1 MB, a thousand times": ("damaged", png_of(*[words] * 1_000, grey())),
        "png with colours of 100 MB": ("damaged", png_of(chunk(b"iCCP", b"colours\0\0" + text), grey())),
        "png of a million empty parts": ("damaged", png_of(*[chunk(b"teSt")] * (MANY // 12), grey())),
        "png of a million empty rows": ("shown", png_of(*[chunk(b"IDAT")] * (MANY // 12), grey())),
        "gif of 65,535 by 65,535": ("large", b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + gif()[13:]),
        "gif with a remark without end": ("shown", gif(b"!\xfe" + (b"\xff" + b"x" * 255) * (MANY // 256) + b"\0")),
        "gif of a thousand frames": ("shown", frames("GIF", 1_000)),
        "webp of a thousand frames": ("shown", frames("WEBP", 1_000)),
        "webp that says it is 16,383 wide and high": ("large", webp_of(16_383)),
        "jpeg that says it is 65,500 wide and high": ("large", jpeg_of(65_500)),
        "jpeg painted over thousands of times": ("damaged", passes(20_000)),
        "jpeg of a million empty parts": ("large", jpeg_with(*[segment(0xE5, b"")] * (MANY // 4))),
        "jpeg with colours of 10 MB": ("shown", jpeg(icc_profile=bytes(10_000_000))),
        "jpeg whose notes tell all the same long word": ("shown", jpeg_with(notes())),
    }


def gif(remark=b""):
    plain = saved(halves(8, 8), "GIF")
    start = plain.index(b",\0\0\0\0")
    return plain[:start] + remark + plain[start:]


def frames(kind, number, **options):
    other = Image.new("RGB", (8, 8), BLUE)
    more = [other if even % 2 else halves(8, 8) for even in range(number - 1)]
    return saved(halves(8, 8), kind, save_all=True, append_images=more, duration=50, **options)


def webp_of(side):
    canvas = (side - 1).to_bytes(3, "little")
    inside = saved(halves(8, 8), "WEBP")[12:]
    body = b"VP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + canvas + canvas
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6) + b"ANMF" + struct.pack("<I", 16 + len(inside)) + bytes(6)
    body += b"\7\0\0\7\0\0" + bytes(4) + inside
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def jpeg_of(side):
    plain = jpeg()
    at = plain.index(b"\xff\xc0")
    return plain[: at + 5] + struct.pack(">HH", side, side) + plain[at + 9 :]


def passes(number):
    """A progressive JPEG whose last pass comes again and again."""
    plain = saved(halves(1_600, 1_600), "JPEG", progressive=True)
    last = plain[plain.rindex(b"\xff\xda") : -2]
    return plain[:-2] + last * number + plain[-2:]


def notes():
    """Exif whose every tag has the same 60,000 bytes."""
    tags = 400
    table = b"".join(struct.pack("<HHII", tag, 7, 50_000, 8 + 2 + tags * 12 + 4) for tag in range(1, tags + 1))
    return segment(0xE1, b"Exif\0\0II*\0" + struct.pack("<IH", 8, tags) + table + bytes(4) + bytes(50_000))


def carriers():
    """Pictures that are something else as well; the picture is shown, and the rest is gone."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "CANARY"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSMapDatum] = "CANARY"
    page = io.BytesIO()
    with zipfile.ZipFile(page, "w") as archive:
        archive.writestr("index.html", SCRIPT)
    return {
        "png with a page behind it": png() + SCRIPT,
        "png with a page in its words": png_of(chunk(b"tEXt", b"Comment\0" + SCRIPT), grey()),
        "png with a page in its colours": png_of(chunk(b"PLTE", SCRIPT[:48]), grey()),
        "png with an archive behind it": png() + page.getvalue(),
        "jpeg that is a program": jpeg(comment=b"*/=0;document.title='CANARY'/*"),
        "jpeg with a page behind it": jpeg() + SCRIPT,
        "jpeg with a place": jpeg(exif=exif),
        "gif that is a program": gif(b"!\xfe\x20" + b"*/=0;document.title='CANARY';/*ab"[:32] + b"\0"),
        "webp with a page in its notes": saved(halves(), "WEBP", exif=b"Exif\0\0II*\0" + SCRIPT, xmp=SCRIPT),
        "webp with a page behind it": saved(halves(), "WEBP") + SCRIPT,
    }


def odd_ones():
    """What cameras, presses and old programs write: harmless, and shown."""
    sideways, nowhere = Image.Exif(), Image.Exif()
    sideways[ExifTags.Base.Orientation], nowhere[ExifTags.Base.Orientation] = 6, 99
    palette = halves(mode="P")
    return {
        "jpeg of four inks": saved(halves(mode="CMYK"), "JPEG"),
        "jpeg taken sideways": jpeg(exif=sideways),
        "jpeg taken in no way there is": jpeg(exif=nowhere),
        "jpeg with colours that are none": jpeg(icc_profile=WORD * 100),
        "jpeg with notes that break off": jpeg_with(segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")),
        "png of sixteen bits": saved(Image.new("I;16", (600, 400), 40_000), "PNG"),
        "png of a palette with a clear colour": saved(palette, "PNG", transparency=0),
        "png that moves": frames("PNG", 20),
        "webp that moves": frames("WEBP", 20),
        "gif that moves": frames("GIF", 20),
    }


def broken():
    whole = png()
    return {
        "half a jpeg": jpeg()[:3_000],
        "half a png": whole[: len(whole) // 2],
        "half a webp": saved(halves(), "WEBP", lossless=True)[:60],
        "half a gif": saved(halves(), "GIF")[:900],
        "png with a wrong sum": whole.replace(b"IDAT", b"IDAT\0", 1),
        "png of nothing": png_of(),
    }


def others():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("knee.jpg", jpeg())
    return {
        "nothing": b"",
        "a byte": b"\xff",
        "start of a jpeg": b"\xff\xd8\xff\xe0",
        "page": SCRIPT,
        "program": b"document.title='CANARY'",
        "tiff": saved(halves(), "TIFF"),
        "bmp": saved(halves(), "BMP"),
        "ico": saved(halves(64, 64), "ICO"),
        "ppm": saved(halves(), "PPM"),
        "tga": saved(halves(), "TGA"),
        "pdf": saved(halves(), "PDF"),
        "eps": saved(halves(), "EPS"),
        "eps that starts a program": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%touch CANARY) (w) file\n",
        "psd": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 8, 8, 8, 3) + bytes(64),
        "zip": archive.getvalue(),
        "compressed drawing": zlib.compress(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64),
        "avif": saved(halves(), "AVIF"),
        "xbm": saved(halves(mode="1"), "XBM"),
    }


def drawings():
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload=\"document.title='CANARY'\"><script>1</script></svg>"
    return {
        "drawing": svg,
        "drawing with a prologue": b"<?xml version='1.0'?><!DOCTYPE svg><!-- x -->\n" + svg,
        "drawing that loads another": svg.replace(b"<script>", b"<image href='file:///etc/passwd'/><script>"),
        "drawing in capitals behind a mark": b"\xef\xbb\xbf" + svg.replace(b"svg", b"SVG"),
    }


def files():
    made = bombs()
    for fate, group in [
        ("shown", carriers()),
        ("shown", odd_ones()),
        ("damaged", broken()),
        ("kind", others()),
        ("drawing", drawings()),
    ]:
        made |= {name: (fate, data) for name, data in group.items()}
    return made
