"""Hostile requests made up from the site's own addresses and fields; the same number makes the same request."""

import random
import re
from urllib.parse import quote_from_bytes

from django.contrib import admin
from django.urls import get_resolver

from appointments.forms import STEPS
from tests.appointments.pages import TYPED

from .hostile_requests import HARMS
from .hostile_shapes import BOUNDARY, CONTENT_TYPES, HEADERS, PARTS, TOKEN
from .wire import CSRF, FORM, Hostile

METHODS = ["GET"] * 8 + ["POST"] * 9 + ["HEAD", "PUT", "DELETE"]
PEOPLE = ["stranger", "therapist", "editor", "owner"]
# What the pages and Django's admin read from a query.
ASKED = [
    "q",
    "page",
    "p",
    "o",
    "e",
    "all",
    "_popup",
    "_to_field",
    "_changelist_filters",
    "next",
    "tip",
    "change",
    "reference",
    "show",
    "after",
    "x",
]
LOOKUPS = ["exact", "in", "isnull", "gte", "startswith", "regex", "year", "range", "password", "0", ""]
OF_THE_ADMIN = [
    "_save", "_publish", "_archive", "_continue", "_saveasnew", "action", "index", "select_across", "_selected_action",
    "form-TOTAL_FORMS", "form-INITIAL_FORMS", "form-0-id", "form-0-opens", "password1", "password2", "old_password",
    "login", "password", "next", "question", "text", "reason", "next_step", "answer", "post",
]  # fmt: skip
NUMBERS = ["0", "-1", "1", "2", "1e9", "NaN", "Infinity", "9" * 19, "9" * 200, "0x10", "%D9%A3", "1.5", "2**63"]
TEN_MEGABYTES = "goal=" + "x" * 10_000_000


def routes(patterns=None, prefix="/"):
    """Every address of the site, with its variable parts in angles or brackets."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern).lstrip("^").rstrip("$")
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def fields():
    """Every name that a form of the site or of its admin sends."""
    asked = {name for form in STEPS.values() for name in form.base_fields}
    stored = {field.name for model in admin.site._registry for field in model._meta.get_fields()}
    return sorted(asked | stored | {f"{name}_{part}" for name in stored for part in "01"}) + OF_THE_ADMIN


class Generator:
    def __init__(self, seed, known):
        self.seed = seed
        self.known = [str(value) for value in known.values()]
        self.routes = sorted(set(routes()))
        self.fields = [*fields(), "carried", "stopped", "seen"]
        self.good = [
            value if isinstance(value, str) else value[0] for page in TYPED.values() for value in page.values()
        ]

    def request(self, number):
        self.chance = random.Random(f"{self.seed} {number}")  # noqa: S311 - repeatable, not secret
        one_of = self.chance.choice
        who = one_of(PEOPLE)
        route = one_of([each for each in self.routes if who == "stranger" or each.startswith("/admin/")])
        facts = {"method": one_of(METHODS), "who": who, "target": self.target(route)}
        if facts["method"] in {"POST", "PUT"}:
            facts |= self.body()
        if self.chance.random() < 0.25:
            facts["headers"] = tuple({line.partition(":")[0]: line for line in self.chance.sample(HEADERS, 2)}.values())
        return Hostile(f"number {number} of seed {self.seed}", **facts)

    def target(self, route):
        path = re.sub(r"<[^>]*>|\(\?P<[^>]*>[^)]*\)", lambda _: self.piece(), route)
        pairs = [f"{self.asked()}={self.value()}" for _ in range(self.chance.choice([0, 0, 1, 2, 5]))]
        return f"{path}?{'&'.join(pairs)}" if pairs else path

    def piece(self):
        """A part of an address: half of the time something that is there, so that what lies behind it is met too."""
        return self.chance.choice(self.known) if self.chance.random() < 0.5 else self.value()

    def asked(self):
        name = self.chance.choice(ASKED + self.fields)
        return f"{name}__{self.chance.choice(LOOKUPS)}" if self.chance.random() < 0.3 else name

    def value(self):
        kind = self.chance.random()
        if kind < 0.45:
            return self.chance.choice(list(HARMS.values()))
        if kind < 0.6:
            return self.chance.choice(NUMBERS)
        if kind < 0.8:
            return quote_from_bytes(self.chance.choice(self.good + self.known).encode())
        return quote_from_bytes(self.chance.randbytes(self.chance.choice([1, 3, 8, 60])))

    def body(self):
        kind = self.chance.random()
        if kind < 0.02:
            return {"body": TEN_MEGABYTES}
        if kind < 0.1:
            return {"body": TOKEN + self.part(), "content_type": BOUNDARY}
        pairs = [f"{self.chance.choice(self.fields)}={self.value()}" for _ in range(self.chance.choice([1, 3, 8, 20]))]
        body = "&".join(pairs)
        if kind < 0.2:
            return {"body": f"csrfmiddlewaretoken={CSRF}&{body}", "content_type": self.chance.choice(CONTENT_TYPES)}
        return {"body": body, "content_type": FORM}

    def part(self):
        name = self.chance.choice(self.fields)
        return f'--x\r\nContent-Disposition: form-data; name="{name}"' + self.chance.choice(PARTS)
