"""Bytes of any age as clean text: the encoding is found out, and what no text may hold is taken out."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .article import Unreadable
from .text import counted

CHUNK = 1 << 16
# Invisible characters that XML forbids, and references to them.
CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ufeff]|&#(?:[0-8]|1[1-2]|1[4-9]|2[0-9]|3[01]|x0*(?:[0-8bcBC]|[eE]|1[0-9a-fA-F]));"
)
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
UNMARKED = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


@dataclass
class Cleaned:
    """A file's text; `notes` say, once it was read, what had to be done to it."""

    path: Path
    encoding: str
    notes: list[str]

    def chunks(self) -> Iterator[str]:
        removed, kept_back = 0, ""
        for chunk in decoded(self.path, self.encoding):
            # A reference may lie across two chunks.
            whole = kept_back + chunk
            cut = whole.rfind("&", max(len(whole) - 8, 0))
            whole, kept_back = (whole[:cut], whole[cut:]) if cut != -1 else (whole, "")
            clean, found = CONTROLS.subn("", whole)
            removed += found
            yield clean
        clean, found = CONTROLS.subn("", kept_back)
        yield clean
        if removed + found:
            taken = counted(removed + found, "control character was", "control characters were")
            self.notes.append(f"{self.path.name}: {taken} taken out.")

    def text(self) -> str:
        return "".join(self.chunks()).replace("\r\n", "\n").replace("\r", "\n")


def clean_text(path: Path) -> Cleaned:
    with path.open("rb") as file:
        head = file.read(400)
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if head.startswith(mark)), None)
    marked = marked or UNMARKED.get(head[:2])
    if marked:
        if not readable(path, marked):
            raise Unreadable(f"{path.name} begins as {marked.upper()} and goes on as something else.")
        return Cleaned(path, marked, [])
    found = DECLARED.match(head)
    declared = known(found[1].decode() if found else "utf-8")
    encoding = next((name for name in ("utf-8", declared) if readable(path, name)), None)
    if encoding is None:
        return Cleaned(path, "utf-8", [f"{path.name} is not all UTF-8; the rest was read as Windows-1252."])
    notes = [] if encoding == declared else [f"{path.name} is not {declared.upper()}; it was read as UTF-8."]
    return Cleaned(path, encoding, notes)


def known(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"


def readable(path: Path, encoding: str) -> bool:
    try:
        for _ in decoded(path, encoding, errors="strict"):
            pass
    except UnicodeError:
        return False
    return True


def decoded(path: Path, encoding: str, errors: str = "windows-1252") -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def as_windows(error: UnicodeError) -> tuple[str, int]:
    """Old databases hold both: what is no UTF-8 was typed on Windows."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("windows-1252", "replace"), error.end


codecs.register_error("windows-1252", as_windows)
