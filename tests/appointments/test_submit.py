import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from appointments.models import ConsultationRequest, PatientStatement, StatusChange
from clinic.models import OutgoingMail
from tests.factories import NOON, SAID, make_clinic

pytestmark = pytest.mark.django_db


def submit(**fields):
    wanted = {"form_key": "one form", "region": "knee", "urgency": "routine", "tip": None, "said": SAID, "at": NOON}
    return ConsultationRequest.objects.submit(**wanted | fields)


def test_submit_stores_request_statement_history_and_mails_together(clinic, therapist):
    consultation = submit()

    assert list(ConsultationRequest.objects.values_list("reference", "status")) == [(consultation.reference, "new")]
    assert PatientStatement.objects.get().goal == SAID["goal"]
    assert [(move.from_status, move.to_status, move.at) for move in StatusChange.objects.all()] == [("", "new", NOON)]
    assert sorted(OutgoingMail.objects.values_list("event", "to")) == [
        ("received", SAID["email"]),
        ("staff_new", therapist.email),
    ]


def test_the_same_form_sent_again_gives_the_first_reference_and_no_second_mail(clinic, therapist):
    first = submit()

    again = submit(at=NOON.replace(hour=20))

    assert again.reference == first.reference
    assert ConsultationRequest.objects.count() == 1
    assert OutgoingMail.objects.count() == 2


def test_a_statement_that_the_database_refuses_leaves_nothing_behind(clinic):
    with pytest.raises(IntegrityError), transaction.atomic():
        submit(said=SAID | {"phone": "", "email": ""})

    assert (ConsultationRequest.objects.count(), OutgoingMail.objects.count()) == (0, 0)


def no_mail_is_kept(execute, sql, params, many, context):
    if sql.startswith("INSERT") and OutgoingMail._meta.db_table in sql:
        raise DatabaseError("the outbox is full")
    return execute(sql, params, many, context)


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_cannot_be_queued_leaves_no_request_behind():
    """Committed for real: inside the transaction of a test nobody could tell what is kept of half a request."""
    make_clinic()

    with pytest.raises(DatabaseError, match="outbox"), connection.execute_wrapper(no_mail_is_kept):
        submit()

    assert (ConsultationRequest.objects.count(), StatusChange.objects.count()) == (0, 0)
