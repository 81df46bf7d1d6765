"""What one text says that another does not, as marked words to read."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from .models import TipRevision

# How many unchanged lines are shown around a changed one.
AROUND = 1
# Beyond this a text was made to be slow to compare; it is shown as taken out and put in whole.
MOST_LINES, MOST_WORDS = 500, 600
SAME, GONE, NEW, LEFT_OUT = "same", "gone", "new", "left out"
Part = tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """One field that says something else; its lines are made of parts, each with what became of it."""

    label: str
    lines: list[list[Part]]


def differences(old: "TipRevision | None", new: "TipRevision") -> list[Difference]:
    found = []
    for name, after in new.text.items():
        before = getattr(old, name) if old else ""
        if before != after:
            found.append(Difference(str(new._meta.get_field(name).verbose_name), lines(said(before), said(after))))
    return found


def said(value: Any) -> str:
    return value if isinstance(value, str) else (_("yes") if value else _("no"))


def lines(old: str, new: str) -> list[list[Part]]:
    """Line by line; within lines that were rewritten, word by word."""
    before, after = old.splitlines(), new.splitlines()
    shown: list[list[Part]] = []
    for what, i, j, k, m in _compared(before, after, most=MOST_LINES):
        if what == "equal":
            shown += _shortened(before[i:j], is_first=i == 0, is_last=j == len(before))
        elif what == "replace" and j - i == m - k:
            shown += [_words(*pair) for pair in zip(before[i:j], after[k:m], strict=True)]
        else:
            shown += [[(GONE, line)] for line in before[i:j]] + [[(NEW, line)] for line in after[k:m]]
    return shown


def _compared(before: list[str], after: list[str], *, most: int) -> list[tuple[str, int, int, int, int]]:
    if max(len(before), len(after)) > most:
        return [("replace", 0, len(before), 0, len(after))]
    return SequenceMatcher(None, before, after).get_opcodes()


def _shortened(same: list[str], *, is_first: bool, is_last: bool) -> list[list[Part]]:
    head = [] if is_first else same[:AROUND]
    tail = [] if is_last else same[-AROUND:]
    if len(same) <= len(head) + len(tail) + 1:
        return [[(SAME, line)] for line in same]
    return [[(SAME, line)] for line in head] + [[(LEFT_OUT, "")]] + [[(SAME, line)] for line in tail]


def _words(old: str, new: str) -> list[Part]:
    before, after = re.findall(r"\s+|[^\s]+", old), re.findall(r"\s+|[^\s]+", new)
    parts: list[Part] = []
    for what, i, j, k, m in _compared(before, after, most=MOST_WORDS):
        for kind, words in (
            (SAME if what == "equal" else GONE, before[i:j]),
            (NEW, after[k:m] if what != "equal" else []),
        ):
            parts += [(kind, "".join(words))] if words else []
    return parts
