"""The safety screen: which signs are asked about, and what the answers lead to.

Pure. The items are data, in one reviewed file beside this module, checked when they are
loaded. The screen sends people to care elsewhere before they wait for us; it is no
diagnosis, and "None of these" is never read as a clearance.
"""

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path

ITEMS_FILE = Path(__file__).with_name("safety_items.toml")

# As much as a request keeps of it.
LONGEST_VERSION = 20

# Answers beside the items themselves.
NONE = "none"
NOT_SURE = "not_sure"


class Level(Enum):
    EMERGENCY = "emergency"
    TODAY = "today"
    DAYS = "days"


class Outcome(Enum):
    """What the answers of a screen lead to."""

    STOP = "stop"
    ADVISE = "advise"
    GO_ON = "go_on"


class BadItems(ValueError):
    """The file of items is not sound; the site does not start with it."""


@dataclass(frozen=True)
class Item:
    """One sign, as it is asked about."""

    id: str
    level: Level
    text: str
    regions: frozenset[str]
    source: str
    read_on: date
    source_read: bool
    card: str = ""
    # What to leave off until a doctor has looked.
    until_seen: str = ""
    only_under_18: bool = False
    # Where the source can be read, as far as an address is known.
    links: tuple[str, ...] = ()

    def concerns(self, region: str, *, under_18: bool) -> bool:
        return region in self.regions and (under_18 or not self.only_under_18)


@dataclass(frozen=True)
class Screen:
    """The items of one version."""

    version: str
    items: tuple[Item, ...]

    def emergencies(self, region: str, *, under_18: bool) -> list[Item]:
        return [item for item in self._asked(region, under_18) if item.level is Level.EMERGENCY]

    def urgent(self, region: str, *, under_18: bool) -> list[Item]:
        return [item for item in self._asked(region, under_18) if item.level is not Level.EMERGENCY]

    def card(self) -> list[Item]:
        """The signs of the "get help now" card."""
        return [item for item in self.items if item.card]

    def emergencies_among(self, ids: Iterable[str]) -> list[Item]:
        """Whether or not they are asked about: a page may be older than the region that was chosen since."""
        return [item for item in self.named(ids) if item.level is Level.EMERGENCY]

    def named(self, ids: Iterable[str]) -> list[Item]:
        wanted = set(ids)
        return [item for item in self.items if item.id in wanted]

    def unknown(self, ids: Iterable[str]) -> list[str]:
        """Signs of another version that this one does not know."""
        return sorted(set(ids) - {NONE, NOT_SURE} - {item.id for item in self.items})

    def outcome(self, chosen: Collection[str], *, seen: Collection[str] = ()) -> Outcome:
        """Stop for an emergency item that has not been seen to; advise for anything else but a plain "none".

        `chosen` holds item ids, `NONE` and `NOT_SURE`; an item ticked beside "none" counts as the item.
        `seen` holds the items for which the person has already been seen: they close, and make the request urgent.
        """
        ticked = self.named(chosen)
        if any(item.level is Level.EMERGENCY and item.id not in seen for item in ticked):
            return Outcome.STOP
        return Outcome.ADVISE if ticked or seen or NOT_SURE in chosen else Outcome.GO_ON

    def is_for_today(self, chosen: Collection[str]) -> bool:
        """Whether the advice cannot wait some days: doubt never makes it milder."""
        ticked = self.named(chosen)
        return not ticked or NOT_SURE in chosen or any(item.level is not Level.DAYS for item in ticked)

    def _asked(self, region: str, under_18: bool) -> list[Item]:
        return [item for item in self.items if item.concerns(region, under_18=under_18)]


def load(text: str, *, regions: Collection[str]) -> Screen:
    """Read and check the items. `regions` are the ones a patient can choose. Raises `BadItems`."""
    try:
        data = tomllib.loads(text)
        groups = {name: frozenset(members) for name, members in data["regions"].items()}
        items = tuple(_item(raw, groups) for raw in data["item"])
        version = _version(data)
    except (KeyError, TypeError, ValueError) as error:
        raise BadItems(f"the safety items cannot be read: {error}") from error
    _check(items, frozenset(regions))
    return Screen(version, items)


def _version(data: dict) -> str:
    """Its name, and what its words come to: another word is another version, also where nobody gave it another name."""
    version = f"{data['version']}-{hashlib.sha256(json.dumps(data, default=str).encode()).hexdigest()[:8]}"
    if len(version) > LONGEST_VERSION:
        raise ValueError(f"{data['version']} is too long a name for a version")
    return version


def _item(raw: dict, groups: dict[str, frozenset[str]]) -> Item:
    regions = frozenset().union(*(groups.get(name, {name}) for name in raw["regions"]))
    return Item(**raw | {"level": Level(raw["level"]), "regions": regions, "links": tuple(raw.get("links", ()))})


def _check(items: tuple[Item, ...], regions: frozenset[str]) -> None:
    ids = [item.id for item in items]
    if len(ids) != len(set(ids)):
        raise BadItems("two safety items have the same id")
    for item in items:
        if not (item.text and item.source and item.regions):
            raise BadItems(f"{item.id} lacks its words, its source or its regions")
        if unknown := item.regions - regions:
            raise BadItems(f"{item.id} names regions that nobody can choose: {sorted(unknown)}")
    for region in regions:
        if not any(item.level is Level.EMERGENCY and region in item.regions for item in items):
            raise BadItems(f"no emergency item is asked for {region}")
