import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection, transaction

from appointments.models import Actor, StatusChange
from clinic import appendonly, audit, audit_chain
from clinic.models import Approval, AuditAction, AuditSeal, Subject
from tests.factories import NOON, make_consultation, make_tip

pytestmark = pytest.mark.django_db

MODELS = {model._meta.db_table: model for model in apps.get_models() if getattr(model, "append_only", False)}


def make_revision(person):
    return make_tip(author=person).live


def make_audit_entry(person):
    return audit.record(AuditAction.OPENED, by=person, at=NOON, reference="CR-ACDEFG")


def make_seal(person):
    make_audit_entry(person)
    audit_chain.seal()
    return AuditSeal.objects.get()


def make_status_change(person):
    return StatusChange.objects.create(
        consultation=make_consultation(), from_status="", to_status="new", actor=Actor.PATIENT, at=NOON
    )


def make_step(person):
    return make_tip(author=person).steps.create(from_status="draft", to_status="draft", by=person, at=NOON)


def make_approval(person):
    return Approval.objects.create(subject=Subject.PRIVACY, version="1", by=person, at=NOON)


MAKE = {
    "appointments_statuschange": make_status_change,
    "clinic_approval": make_approval,
    "clinic_auditentry": make_audit_entry,
    "clinic_auditseal": make_seal,
    "tips_tiprevision": make_revision,
    "tips_tipstep": make_step,
}


def key(row):
    return row._meta.pk.column


def rewrite(row):
    """The statement that puts a row in the place of another with its key, where the engine has one."""
    table, columns = row._meta.db_table, ", ".join(f'"{field.column}"' for field in row._meta.fields)
    if connection.vendor == "sqlite":
        return f'INSERT OR REPLACE INTO "{table}" ({columns}) SELECT {columns} FROM "{table}"'  # noqa: S608
    return (
        f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM "{table}" '  # noqa: S608
        f'ON CONFLICT ("{key(row)}") DO UPDATE SET "{key(row)}" = EXCLUDED."{key(row)}"'
    )


def disable(table, verb):
    """Put one guard out of action by the quietest means that the engine offers."""
    name = f"{table}_no_{verb}"
    quiet = {
        "sqlite": f'DROP TRIGGER "{name}"',
        "postgresql": f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"',
    }
    with connection.cursor() as cursor:
        cursor.execute(quiet[connection.vendor])


def refused(statement):
    """True where the database refuses, as it must, because the table is append-only."""
    with pytest.raises(DatabaseError, match="is append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return True


def test_these_tables_and_no_others_are_written_once():
    assert sorted(appendonly.tables()) == sorted(MAKE)


@pytest.mark.parametrize("table", appendonly.tables())
def test_the_database_refuses_to_change_a_row(therapist, table):
    row = MAKE[table](therapist)
    before = list(MODELS[table].objects.values())

    assert refused(f'UPDATE "{table}" SET {key(row)} = {row.pk + 1} WHERE {key(row)} = {row.pk}')  # noqa: S608
    assert list(MODELS[table].objects.values()) == before


@pytest.mark.parametrize("table", appendonly.tables())
def test_the_database_refuses_to_remove_a_row(therapist, table):
    row = MAKE[table](therapist)
    before = list(MODELS[table].objects.values())

    assert refused(f'DELETE FROM "{table}" WHERE {key(row)} = {row.pk}')  # noqa: S608
    assert list(MODELS[table].objects.values()) == before


@pytest.mark.parametrize("table", appendonly.tables())
def test_the_database_refuses_to_put_a_row_in_the_place_of_another(therapist, table):
    row = MAKE[table](therapist)

    assert refused(rewrite(row))


@pytest.mark.parametrize("table", appendonly.tables())
def test_the_database_refuses_to_empty_the_table(therapist, table):
    MAKE[table](therapist)
    connection.check_constraints()  # what is still deferred would stop a TRUNCATE before our guard does
    empty = {"sqlite": f'DELETE FROM "{table}"', "postgresql": f'TRUNCATE "{table}" CASCADE'}  # noqa: S608

    assert refused(empty[connection.vendor])
    assert MODELS[table].objects.exists()


def test_without_its_trigger_a_row_can_be_changed(therapist):
    entry = make_audit_entry(therapist)
    appendonly.lift()

    changed = MODELS["clinic_auditentry"].objects.filter(pk=entry.pk).update(reference="CR-FORGED")

    assert changed == 1


def test_no_guard_is_missing_after_migrating():
    assert appendonly.missing() == []


def test_installing_again_brings_back_what_was_lifted_and_is_safe_to_repeat():
    appendonly.lift()

    appendonly.install()
    appendonly.install()

    assert appendonly.missing() == []


@pytest.mark.parametrize("verb", ["update", "delete"])
@pytest.mark.parametrize("table", appendonly.tables())
def test_a_guard_out_of_action_is_reported_by_the_check(table, verb):
    disable(table, verb)

    with pytest.raises(SystemCheckError) as refusal:
        call_command("check", databases=["default"])

    assert f"(clinic.E001) The append-only trigger {table}_no_{verb} is missing." in str(refusal.value)
    assert "Run manage.py migrate." in str(refusal.value)


def test_a_guard_out_of_action_is_back_after_migrating():
    disable("clinic_auditentry", "update")

    call_command("migrate", verbosity=0)

    assert appendonly.missing() == []
    assert [error.msg for error in appendonly.check_triggers(databases=["default"])] == []


def test_the_check_asks_no_database_that_it_was_not_given(django_assert_num_queries):
    appendonly.lift()

    with django_assert_num_queries(0):
        assert appendonly.check_triggers(databases=None) == []


def test_a_process_with_a_guard_out_of_action_is_not_ready(client):
    disable("clinic_auditentry", "delete")

    answer = client.get("/health/ready/")

    assert (answer.status_code, answer.content.decode().splitlines()[0]) == (
        503,
        "no trigger clinic_auditentry_no_delete",
    )
