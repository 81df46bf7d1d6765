"""Whatever staff do leaves exactly the rows that it should, and whoever touches a sealed row is found out."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction

from clinic import appendonly, audit, audit_chain
from clinic.models import AuditAction, AuditEntry, AuditSeal
from tests.factories import NOON, SAID, make_person

from .sizes import size
from .staff import Desk

pytestmark = [pytest.mark.torture, pytest.mark.django_db]

ROWS = 40


def test_what_staff_do_leaves_exactly_the_rows_it_should(clinic, settings, record_property):
    settings.ACCOUNT_RATE_LIMITS = False
    desk, acts = Desk(random.Random(20_260_302)), size("staff acts")  # noqa: S311 - the same in every run
    done, wrong = Counter(), []

    for _ in range(acts):
        act, expected, left = desk.one_act()
        done[act] += 1
        if expected != left:
            wrong.append((act, desk.name, expected, left))

    record_property("done", f"{acts} acts of {len(done)} kinds, {AuditEntry.objects.count()} rows")
    assert wrong == []
    assert len(done) == len(desk.acts)
    kept = repr(list(AuditEntry.objects.values_list("reference", "network", "route", "detail")))
    said = [word for word in map(str, SAID.values()) if len(word) > 5]
    named = [word for person in desk.people.values() for word in (person.email, person.display_name, person.username)]
    assert [word for word in [*said, *named, "nunez", "Call after five"] if word in kept] == []


class Tampering:
    """One change to sealed rows, as somebody would make it who can write the database and has lifted its guards."""

    def __init__(self, random):
        self.random = random
        self.entries = list(AuditEntry.objects.order_by("pk").values())
        self.seals = list(AuditSeal.objects.order_by("sequence").values())
        self.ways = [self.change, self.remove, self.add, self.swap, self.change_a_seal, self.remove_a_seal, self.cut]

    def change(self):
        entry = self.random.choice(self.entries)
        field, value = self.random.choice([
            ("at", entry["at"] + timedelta(microseconds=self.random.choice([-1, 1, 10**9]))),
            ("by_id", self.random.choice([None, *{each["by_id"] for each in self.entries}] )),
            ("action", self.random.choice(AuditAction.values)),
            ("reference", entry["reference"][:-1] + "Z"),
            ("network", "203.0.113.0/24"),
            ("route", entry["route"] + " "),
            ("number", f"{self.random.randrange(16**16):016x}"),
            ("detail", entry["detail"] | {"rows": self.random.randrange(10**6)}),
        ])  # fmt: skip
        if entry[field] == value:
            return self.change()
        AuditEntry.objects.filter(pk=entry["id"]).update(**{field: value})
        return f"{field} changed"

    def remove(self):
        AuditEntry.objects.filter(pk=self.random.choice(self.entries)["id"]).delete()
        return "row removed"

    def add(self):
        """Between others: every second number is free."""
        entry = self.random.choice(self.entries[:-1])
        AuditEntry.objects.create(**entry | {"id": entry["id"] + 1})
        return "row added"

    def swap(self):
        one, other = self.random.sample(self.entries, 2)
        AuditEntry.objects.filter(pk__in=[one["id"], other["id"]]).delete()
        AuditEntry.objects.create(**one | {"id": other["id"]})
        AuditEntry.objects.create(**other | {"id": one["id"]})
        return "rows swapped"

    def change_a_seal(self):
        seal = self.random.choice(self.seals)
        changed = self.random.choice([{"hash": "0" * 64}, {"entry": seal["entry"] + 1}, {"sequence": -1}])
        AuditSeal.objects.filter(sequence=seal["sequence"]).update(**changed)
        return f"{next(iter(changed))} of a seal changed"

    def remove_a_seal(self):
        AuditSeal.objects.filter(sequence=self.random.choice(self.seals)["sequence"]).delete()
        return "seal removed"

    def cut(self):
        """The end, with its seals: only a head that was noted elsewhere knows of it."""
        sequence = self.random.choice(self.seals)["sequence"]
        AuditEntry.objects.filter(pk__gte=self.seals[sequence - 1]["entry"]).delete()
        AuditSeal.objects.filter(sequence__gte=sequence).delete()
        return "end cut off"


def test_every_tampering_with_sealed_rows_is_found(db, tmp_path, record_property):
    people = [make_person("Therapist") for _ in range(3)]
    for number in range(ROWS):
        entry = audit.record(AuditAction.OPENED, by=people[number % 3], at=NOON, reference=f"CR-{number:06}", n=number)
        with connection.cursor() as cursor:
            cursor.execute(NEXT_BUT_ONE[connection.vendor].format(entry.pk + 1))
    heads = tmp_path / "heads"
    audit_chain.seal()
    audit_chain.note_head(heads, at=NOON)
    appendonly.lift()
    assert (audit_chain.verify(heads).breaks, audit_chain.verify(heads).sealed) == (0, ROWS)
    tampering, done, missed = Tampering(random.Random(47)), Counter(), []  # noqa: S311 - the same in every run

    for _ in range(size("tamperings")):
        with transaction.atomic():
            how = tampering.random.choice(tampering.ways)()
            done[how] += 1
            if not audit_chain.verify(heads).breaks:
                missed.append(how)
            transaction.set_rollback(True)

    record_property("done", f"{done.total()} tamperings of {len(done)} kinds")
    assert missed == []
    assert audit_chain.verify(heads).breaks == 0


# Leaves a number out, so that a row can be put between two others.
NEXT_BUT_ONE = {
    "sqlite": "UPDATE sqlite_sequence SET seq = {} WHERE name = 'clinic_auditentry'",
    "postgresql": "SELECT setval(pg_get_serial_sequence('clinic_auditentry', 'id'), {})",
}
