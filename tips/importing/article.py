"""One text as it was found elsewhere, whatever kind of place that was."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

LONGEST_SOURCE = 300


class Unreadable(Exception):
    """What was given cannot be read; the sentence says why, and what to do."""


@dataclass(frozen=True)
class Article:
    """A text and its facts, before anything is changed in them."""

    source: str  # what it is recognised by when it comes again
    fingerprint: str
    base: str  # the address that its links start from
    title: str
    html: str
    excerpt: str = ""
    slug: str = ""
    authors: tuple[str, ...] = ()  # what its author is called there: account, e-mail address
    topics: tuple[tuple[str, str], ...] = ()  # address and name
    addresses: tuple[str, ...] = ()  # where readers found it
    also: tuple[str, ...] = ()  # what else a link to it may say
    hero: str = ""
    hero_alt: str = ""
    notes: tuple[str, ...] = ()  # what was lost while it was read


@dataclass
class Place:
    """What is known of the place beside its articles; complete once they were all read."""

    hosts: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)  # attachment -> its address
    described: dict[str, str] = field(default_factory=dict)  # attachment -> what it shows
    notes: list[str] = field(default_factory=list)
    not_taken: Counter[str] = field(default_factory=Counter)


class Source(Protocol):
    """Somewhere that articles come from; they can be gone through more than once."""

    place: Place

    def articles(self) -> Iterator[Article]: ...


def digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()


def source_of(name: str) -> str:
    return name if len(name) <= LONGEST_SOURCE else f"sha256:{digest(name)}"
