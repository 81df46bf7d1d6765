import pytest
from django.db import OperationalError, connection, transaction

from clinic import audit
from clinic.models import AuditAction, AuditEntry
from tests.factories import NOON, SAID, make_consultation

pytestmark = pytest.mark.django_db


def no_record_can_be_kept(execute, sql, params, many, context):
    """The database takes everything but a row of the audit."""
    if sql.startswith('INSERT INTO "clinic_auditentry"'):
        raise OperationalError("the disk is full")
    return execute(sql, params, many, context)


def test_a_record_says_who_did_what_to_which_request_and_when(therapist):
    audit.record(AuditAction.LISTED, by=therapist, at=NOON, reference="CR-ACDEFG", references=["CR-ACDEFG"])

    assert list(AuditEntry.objects.values_list("action", "by", "at", "reference", "detail")) == [
        ("listed", therapist.pk, NOON, "CR-ACDEFG", {"references": ["CR-ACDEFG"]})
    ]


def test_a_record_is_kept_exactly_when_the_act_is(therapist):
    with transaction.atomic():
        audit.record(AuditAction.OPENED, by=therapist, at=NOON, reference="CR-UNDONE")
        transaction.set_rollback(True)
    audit.record(AuditAction.OPENED, by=therapist, at=NOON, reference="CR-DONE")

    assert [str(entry) for entry in AuditEntry.objects.order_by("pk")] == ["Opened CR-DONE"]


@pytest.mark.parametrize("pattern", ["/admin/queue/", "/admin/queue/{}/"])
def test_a_view_that_cannot_be_recorded_is_not_shown(clinic, therapist, signed_in, pattern):
    consultation = make_consultation()
    address = pattern.format(consultation.reference)
    client = signed_in(therapist)
    client.raise_request_exception = False
    shown = client.get(address, follow=True).content.decode()
    assert consultation.reference in shown

    with connection.execute_wrapper(no_record_can_be_kept):
        refused = client.get(address)

    assert refused.status_code == 503
    words = [consultation.reference, *(said for said in SAID.values() if isinstance(said, str) and " " in said)]
    assert [word for word in words if word in refused.content.decode()] == []


def test_looking_at_the_queue_records_what_was_listed(clinic, therapist, signed_in):
    first, second = make_consultation(), make_consultation()

    signed_in(therapist).get("/admin/queue/")

    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.by, entry.reference) == ("listed", therapist, "")
    assert entry.detail == {"references": [first.reference, second.reference]}


def test_opening_a_request_is_recorded_each_time(clinic, therapist, signed_in):
    consultation = make_consultation()
    client = signed_in(therapist)

    for _ in range(2):
        client.get(f"/admin/queue/{consultation.reference}/")

    assert (
        list(AuditEntry.objects.values_list("action", "by", "reference"))
        == [("opened", therapist.pk, consultation.reference)] * 2
    )


def test_a_search_that_cannot_be_recorded_shows_nothing(clinic, therapist, signed_in):
    consultation = make_consultation()
    client = signed_in(therapist)
    client.raise_request_exception = False
    shown = client.post("/admin/queue/search/", {"term": "nunez"}).content.decode()
    assert consultation.reference in shown

    with connection.execute_wrapper(no_record_can_be_kept):
        refused = client.post("/admin/queue/search/", {"term": "nunez"})

    assert (refused.status_code, consultation.reference in refused.content.decode()) == (503, False)


@pytest.mark.parametrize("same", ["Núñez", " núñez ", "NÚÑEZ"])
def test_equal_terms_have_one_fingerprint(same):
    assert audit.fingerprint(same) == audit.fingerprint("núñez")


def test_a_fingerprint_depends_on_the_term_and_on_the_key_and_shows_neither(settings):
    first = audit.fingerprint("nunez")
    other_term = audit.fingerprint("nunes")
    settings.SECRET_KEY = "another key"
    other_key = audit.fingerprint("nunez")

    assert len({first, other_term, other_key}) == 3
    assert {len(each) for each in (first, other_term, other_key)} == {16}
    assert "nunez" not in first
