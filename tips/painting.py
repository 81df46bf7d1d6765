"""An upload painted anew, pixel by pixel, in a process of its own that is given little time and little memory.

Run as a script: the upload comes in, and out comes JSON with the picture's size, a WebP file for each
width and a JPEG for paper, or the reason why not. Whatever a file was made to do to a decoder ends with this process.
"""

import base64
import io
import json
import re
import resource
import signal
import sys
import warnings

from PIL import Image, ImageCms, UnidentifiedImageError
from PIL.ExifTags import Base

FORMATS = ["JPEG", "PNG", "WEBP", "GIF"]
WIDTHS = [480, 800, 1200, 1600]
TALLEST = 2400
PRINTED = "print.jpg"
PRINTED_PIXELS = 800
MOST_PIXELS = 40_000_000
MOST_BYTES_HELD = 180_000_000
MOST_SECONDS = 1.5

# How a picture is put upright, by the orientation that its camera noted.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_THE_SIDE = {5, 6, 7, 8}


def main() -> None:
    restrain()
    json.dump(painted(sys.stdin.buffer.read()), sys.stdout)


def restrain() -> None:
    """Memory beyond the limit is refused; work beyond it ends the process."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES_HELD, MOST_BYTES_HELD))
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)


def painted(data: bytes) -> dict[str, object]:
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            picture = _upright(image)
    except UnidentifiedImageError:
        return {"refused": "drawing" if re.search(rb"<svg[\s>]", data[:4096], re.IGNORECASE) else "kind"}
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {"refused": "large"}
    except Exception:  # noqa: BLE001 - a decoder may fail with anything
        return {"refused": "damaged"}
    files = {f"{width}.webp": _webp(picture, width) for width in widths(picture.width)} | {PRINTED: _jpeg(picture)}
    return {"size": picture.size, "files": {kind: base64.b64encode(file).decode() for kind, file in files.items()}}


def widths(own: int) -> list[int]:
    """The fixed widths below a picture's own, and its own."""
    return [width for width in WIDTHS if width < own] + [own]


def _upright(image: Image.Image) -> Image.Image:
    """As it is meant to be seen, in plain colours, no larger than anybody is served, and without a word beside it."""
    orientation = image.getexif().get(Base.Orientation)
    box = (TALLEST, WIDTHS[-1]) if orientation in ON_THE_SIDE else (WIDTHS[-1], TALLEST)
    scale = min(1, *(most / side for most, side in zip(box, image.size, strict=True)))
    width, height = (max(1, round(side * scale)) for side in image.size)
    # A JPEG can be decoded at a half, a quarter or an eighth of its size.
    image.draft(None, (width, height))
    plain = _in_plain_colours(image, (width, height))
    return plain.transpose(TURNS[orientation]) if orientation in TURNS else plain


def _in_plain_colours(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits for each grey, of which a screen shows eight.
        plain = image.point(lambda grey: grey / 256).convert("L")
    elif image.mode == "RGBA" or (image.mode in {"L", "RGB", "CMYK"} and "transparency" not in image.info):
        plain = image
    else:
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    plain = plain.resize(size, Image.Resampling.LANCZOS, reducing_gap=2)
    return _in_srgb(plain, image.info.get("icc_profile"))


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours that were meant, where a profile says so: else a phone's photographs turn pale."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        return ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (OSError, ImageCms.PyCMSError):
        return image.convert(mode)


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    return picture.resize((width, max(1, round(picture.height * width / picture.width))), Image.Resampling.LANCZOS)


def _webp(picture: Image.Image, width: int) -> bytes:
    file = io.BytesIO()
    _scaled(picture, width).save(file, "WEBP", quality=80, method=2, exif=b"", icc_profile=b"", xmp=b"")
    return file.getvalue()


def _jpeg(picture: Image.Image) -> bytes:
    """On white. A PDF takes it as it is, and would be ten times as large with a WebP."""
    file = io.BytesIO()
    small = _scaled(picture, min(picture.width, PRINTED_PIXELS)).convert("RGBA")
    Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


if __name__ == "__main__":
    main()
