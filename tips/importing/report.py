"""What an import did or would do, in plain words."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .text import counted


@dataclass
class Taken:
    title: str
    address: str
    notes: list[str]


@dataclass
class Report:
    taken: list[Taken] = field(default_factory=list)
    instead: Counter[str] = field(default_factory=Counter)  # authors without an account here
    here: int = 0
    changed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    not_taken: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    addresses: int = 0
    numbered: int = 0  # addresses such as /?p=12
    pictures: int = 0

    def lines(self, *, wrote: bool) -> Iterator[str]:
        if not wrote:
            yield "A trial: nothing was changed. --write does it."
        for each in self.taken:
            yield f"\n{each.title}  →  {each.address}"
            yield from (f"  - {note}" for note in each.notes)
        yield ""
        yield from self._rest()
        yield (
            f"In all: {counted(len(self.taken), 'draft')}, {counted(len(self.topics), 'new topic')}, "
            f"{counted(self.pictures, 'picture')}, {counted(self.addresses, 'former address', 'former addresses')}."
        )

    def _rest(self) -> Iterator[str]:
        yield from self.notes
        if self.here:
            yield f"Already here, and left alone: {self.here}"
        if self.changed:
            yield "Changed there since they were imported; what is here was left as it is:"
            yield from (f"  {each}" for each in self.changed)
        if self.refused:
            yield "Could not be taken:"
            yield from (f"  {each}" for each in self.refused)
        if self.not_taken:
            yield "Not taken: " + ", ".join(f"{number} × {what}" for what, number in sorted(self.not_taken.items()))
        for name, number in sorted(self.instead.items()):
            yield f"{name} has no account here; --author is named instead: {counted(number, 'draft')}"
        if self.topics:
            yield f"New topics: {', '.join(self.topics)}"
        if self.numbered:
            yield f"Addresses with a number (/?p=12) lead nowhere any more: {self.numbered}"
