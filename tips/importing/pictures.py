"""Pictures that a text names, looked for in a folder and nowhere else."""

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGEST = 30_000_000
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
            elif found.stat().st_size > LARGEST:
                raise PictureRefused("it is larger than 30 MB")
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


def keep_picture(data: bytes, *, title, alt, by, at) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:12]}-100x100"
