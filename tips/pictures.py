"""The pictures of tips: an upload in, a name and a WebP file for each width out, and the markup that shows them.

A name says which picture it is and how large, so that a page can show it without asking anybody.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.turns import turn_at_file

from . import painting

# Long enough that nobody makes another picture of the same name.
NAME = r"[0-9a-f]{12,32}-[1-9][0-9]{0,3}x[1-9][0-9]{0,3}"
WIDTH = r"[1-9][0-9]{0,3}"
MOST_BYTES = 15_000_000
# Long after the painter has ended itself, also where many pages are asked for meanwhile.
PATIENCE_SECONDS = 30
LARGE = gettext_lazy("This picture has too many pixels. Save it smaller: 1,600 across are enough.")
DAMAGED = gettext_lazy(
    "This picture cannot be read: it is damaged, incomplete or too large. Save it again, 1,600 pixels across, as JPEG."
)
REFUSALS = {
    "drawing": gettext_lazy("Drawings of this kind can carry programs. Save it as PNG and send that."),
    "kind": gettext_lazy("This is no picture that we can show. Save it as JPEG, PNG or WebP and send that."),
    "large": LARGE,
    "damaged": DAMAGED,
}


class Refused(ValueError):
    """This file becomes no picture; the sentence says why and what to do."""


class Made(NamedTuple):
    name: str
    files: dict[str, bytes]


def made_from(data: bytes) -> Made:
    """The picture in these bytes, by what they are and not by what they are called. Raises `Refused`."""
    if len(data) > MOST_BYTES:
        raise Refused(_("This file has more than 15 MB. Save the picture smaller: 1,600 pixels across are enough."))
    try:
        # However many are sent at once, and to whichever process, the machine gives the memory of one.
        with turn_at_file(settings.DATA_DIR / "painting", waiting=lambda: None):
            painter = subprocess.run(  # noqa: S603 - our own script
                [sys.executable, "-I", painting.__file__], input=data, capture_output=True, timeout=PATIENCE_SECONDS
            )
        said = json.loads(painter.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        # It was ended for all that it wanted to do.
        raise Refused(DAMAGED) from error
    if "refused" in said:
        raise Refused(REFUSALS[said["refused"]])
    width, height = said["size"]
    name = f"{hashlib.sha256(data).hexdigest()[:32]}-{width}x{height}"
    return Made(name, {kind: base64.b64decode(file) for kind, file in said["files"].items()})


def is_name(text: str) -> bool:
    return re.fullmatch(NAME, text) is not None


def size(name: str) -> tuple[int, int]:
    width, height = name.split("-")[1].split("x")
    return int(width), int(height)


def folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "pictures"


def file_name(name: str, kind: str) -> str:
    """`kind` is a width and `.webp`, or what is printed."""
    return f"{name}-{kind}"


def address_of(name: str, width: int) -> str:
    return reverse("tips:picture", args=[name, width])


def widest_address(name: str) -> str:
    return address_of(name, max(painting.widths(size(name)[0]))) if is_name(name) else ""


def picture_html(name: str, alt: str, *, sizes: str, eager: bool = False) -> SafeString:
    """The picture in a page; nothing for what is no picture's name."""
    if not is_name(name):
        return SafeString("")
    width, height = size(name)
    addresses = {each: address_of(name, each) for each in painting.widths(width)}
    return format_html(
        '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" loading="{}" decoding="async" alt="{}">',
        addresses[min(addresses, key=lambda each: abs(each - 800))],
        ", ".join(f"{address} {each}w" for each, address in addresses.items()),
        sizes,
        width,
        height,
        "eager" if eager else "lazy",
        alt,
    )


def markdown_for(name: str, alt: str) -> str:
    """What shows the picture in a text; nothing in `alt` is read as a mark."""
    words = re.sub(r"([\\`*_\[\]<&])", r"\\\1", alt)
    return f"![{words}](picture:{name})"
