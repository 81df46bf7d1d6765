"""Pictures that a text names, looked for in a folder and nowhere else."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tips.models import Picture
from tips.pictures import MOST_BYTES, Refused, made_from

UPLOADS = "wp-content/uploads/"
# What WordPress adds to the names of its smaller copies.
SIZE = re.compile(r"-\d{1,5}x\d{1,5}(?=\.\w+$)")
# Where the generators of pages keep what is served from the top.
TOPS = ("", "static", "assets", "wp-content/uploads", "uploads")


class PictureRefused(Exception):
    """The picture cannot be had; the words end a sentence."""


class Pictures:
    """A folder of pictures; nothing outside of it is ever opened."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def find(self, address: str, *, base: str = "") -> Path:
        path = unquote(urlsplit(address).path)
        if not path or "\x00" in path:
            raise PictureRefused("it has no address")
        places = [*self._below(path), *self._beside(path, base)]
        outside = False
        for place in places:
            try:
                found = place.resolve()
                if not found.is_file():
                    continue
            except (OSError, RuntimeError):  # a name that is too long, links in a circle
                continue
            if not found.is_relative_to(self.root):
                outside = True
            elif found.stat().st_size > MOST_BYTES:
                raise PictureRefused("it is larger than 15 MB")
            else:
                return found
        raise PictureRefused(
            "it leads out of the folder" if outside or ".." in Path(path).parts else "it is not in the folder"
        )

    def _below(self, path: str) -> list[Path]:
        """Below the top, the larger one of a pair first."""
        inner = path.rsplit(UPLOADS, 1)[-1].lstrip("/")
        names = dict.fromkeys([SIZE.sub("", inner), inner])
        return [self.root / top / name for name in names for top in TOPS]

    def _beside(self, path: str, base: str) -> list[Path]:
        return [] if path.startswith("/") or not base else [(self.root / base.lstrip("/")).parent / path]


def keep_picture(data: bytes, *, write: bool, **facts: object) -> str:
    """The name of the picture in these bytes. A trial finds out as much, and keeps nothing."""
    try:
        made = made_from(data)
    except Refused as reason:
        raise PictureRefused(str(reason).rstrip(".")) from reason
    if write:
        Picture.keep(made, **facts)
    return made.name
