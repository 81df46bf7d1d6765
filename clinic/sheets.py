"""Tables as files for a spreadsheet, in which nothing is computed: a text that would be a formula begins with an apostrophe. Pure."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

from .wording import on_one_line

# What a spreadsheet takes for the beginning of a formula or of a command, also in its full-width forms.
BEGINNINGS = set("=+-@|%−＝＋－＠")
# Carries no look of its own: some programs look past it.
UNSEEN = {"Cf", "Zs", "Cc", "Mn"}


def inert(text: str) -> str:
    """The same text on one line, and no formula in any spreadsheet. What begins with an apostrophe gets a second one."""
    line = on_one_line(text)
    seen = next((each for each in unicodedata.normalize("NFKC", line) if unicodedata.category(each) not in UNSEEN), "")
    return f"'{line}" if seen in BEGINNINGS or line.startswith("'") else line


def sheet(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """With every cell in quotes, and marked as UTF-8 for programs that would not know."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    for row in (head, *rows):
        writer.writerow([inert(str(cell)) for cell in row])
    return "\ufeff" + file.getvalue()
