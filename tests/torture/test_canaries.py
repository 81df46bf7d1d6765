"""What a patient types is on their own pages and the therapist's; never in a log, a mail, an address, a title, an error."""

import contextlib
import subprocess
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

import pytest
from django.db import connection

from appointments.models import ConsultationRequest
from clinic.mail import SEAL
from clinic.models import OutgoingMail
from clinic.sealing import unseal
from tests.factories import NOON, make_person

from .patients import MARK, Patient, leaks
from .senders import PRODUCTION
from .sizes import size

pytestmark = [pytest.mark.torture, pytest.mark.django_db(transaction=True)]

NO_DATABASE = {"sqlite": "sqlite:////nowhere/at/all.sqlite3", "postgresql": "postgres://clinic:none@127.0.0.1:9/clinic"}
# What a real fault looks like in each database; PostgreSQL repeats the whole row in what it says of this one.
REFUSE = {
    "sqlite": "CREATE TRIGGER refuses BEFORE INSERT ON appointments_patientstatement BEGIN SELECT RAISE(ABORT, 'no'); END",
    "postgresql": "ALTER TABLE appointments_patientstatement ADD CONSTRAINT refuses CHECK (goal = '') NOT VALID",
}
ALLOW = {
    "sqlite": "DROP TRIGGER refuses",
    "postgresql": "ALTER TABLE appointments_patientstatement DROP CONSTRAINT refuses",
}
RENAME = "ALTER TABLE {} RENAME TO {}"


@contextlib.contextmanager
def broken(breaks, mends):
    with connection.cursor() as cursor:
        cursor.execute(breaks)
        try:
            yield
        finally:
            cursor.execute(mends)


def without(table):
    return broken(RENAME.format(table, "away"), RENAME.format("away", table))


def work(environment, log):
    """Let the real worker do what is due, and keep what it says."""
    with log.open("ab") as output:
        subprocess.run(
            [sys.executable, "manage.py", "worker", "--once"], env=environment, stdout=output, stderr=output, check=True
        )


def a_visit(server, therapist):
    """One patient from the first page to the answer to a question, by way of every mistake and every fault."""
    patient = Patient(server)
    patient.is_turned_away()
    patient.answers_wrongly()
    patient.answers_well()
    with broken(REFUSE[connection.vendor], ALLOW[connection.vendor]):
        failed = [patient.sends() for _ in range(size("sends that fail"))]
    with without("appointments_patientstatement"):
        failed += [patient.sends() for _ in range(size("sends that fail"))]
    assert {answer.status for answer in failed} <= {500, 503}
    patient.sends()
    patient.ask("GET", "/consultation/sent/")
    consultation = ConsultationRequest.objects.latest("pk")
    consultation.claim(by=therapist, at=NOON)
    consultation.ask(question="Which side?", by=therapist, at=NOON)
    own = f"/r/{consultation.link_token}/"
    patient.ask("POST", f"{own}answer/", {"answer": patient.mark() * 200})
    with without("appointments_question"):
        patient.ask("POST", f"{own}answer/", {"answer": patient.mark()})
    patient.ask("POST", f"{own}answer/", {"answer": patient.mark()})
    patient.ask("GET", own)
    return patient


def a_visit_without_a_database(serving, carried):
    """The last press of somebody who had answered everything, on a site whose database gives no answer."""
    gone = {"DATABASE_URL": NO_DATABASE[connection.vendor], "CLINIC_MEMORY_SECONDS": "60"}
    patient = Patient(serving(PRODUCTION | gone, ready=False))
    patient.carried = carried
    patient.sends()
    patient.ask("POST", "/consultation/problem/", {"goal": patient.mark()})
    return patient


def queued():
    """What stands in the outbox, but for whom it is."""
    for mail in OutgoingMail.objects.all():
        yield f"{mail.event} {mail.reference} {mail.last_error} {unseal(mail.context, purpose=SEAL)}"


def test_no_word_of_a_patient_is_found_where_it_does_not_belong(site, serving, environment, tmp_path, record_property):
    therapist = make_person("Therapist")
    server = serving(PRODUCTION)
    worker = tmp_path / "worker.log"
    patients = []

    while sum(len(patient.typed) for patient in patients) < size("marked strings"):
        patients.append(a_visit(server, therapist))
        # Sent to files at first; then, to whoever is left, in vain.
        work(environment | (PRODUCTION if len(patients) > 1 else {}), worker)
    patients.append(a_visit_without_a_database(serving, patients[-1].carried))

    heard = [answer for patient in patients for answer in patient.heard]
    mails = [
        message_from_bytes(file.read_bytes(), policy=modern)
        for file in (Path(environment["DATA_DIR"]) / "mail").glob("*.eml")
    ]
    logs = [path.read_text() for path in [*(one.log for one in serving.started), worker]]
    marks = sum(len(patient.typed) for patient in patients)
    forced = sum(answer.status >= 500 for answer in heard)
    record_property(
        "done", f"{marks} marked strings in {len(heard)} requests, {forced} failures and {len(mails)} mails"
    )
    assert leaks(heard, [*logs, *queued()], mails) == []
    # All of it was there to be found: every kind of failure, lines in the logs, mails, and the words themselves.
    assert {200, 302, 400, 404, 413, 415, 500, 503} <= {answer.status for answer in heard}
    assert [answer.status for answer in patients[-1].heard] == [503, 503]
    failed = '"route": "consultation:check", "method": "POST", "status": 500'
    assert [failed in logs[0], "not sent" in logs[-1], len(mails) > 0] == [True] * 3
    assert any(MARK.search(answer.body.decode()) for answer in heard if answer.status == 200)


def test_control_a_site_that_repeats_what_it_is_told_is_found_out(site, serving):
    patient = Patient(serving(application="tests.torture.talkative:application", ready=False))
    mark = patient.mark()
    mail = EmailMessage(policy=modern)
    mail["To"], mail["Subject"] = f"{mark}@patients.example", f"About {mark}"
    mail.set_content(f"Hello {mark}")

    patient.ask("POST", "/consultation/problem/", {"goal": mark})

    places = [
        "a log",
        "the Subject of a mail",
        "the address in an answer 404",
        "the page of an answer 404",
        "the text of a mail",
        "the title of an answer 404",
    ]
    assert leaks(patient.heard, [serving.started[-1].log.read_text()], [mail]) == [
        f"{mark} in {each}" for each in places
    ]
