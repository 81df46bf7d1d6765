"""Nothing that the queue asks reads the whole table, on either engine: each statement of the page, as it is planned."""

import re
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.admin.queue import PARTS
from appointments.models import ConsultationRequest, NameWord, OfferedTime, PatientStatement
from tests.factories import DAY, HOUR, SAID, make_consultation

from .desk import QUEUE
from .stages import S

pytestmark = pytest.mark.django_db

# What a clinic has after some years: nearly all of it closed.
STANDING = {S.NEW: 40, S.IN_REVIEW: 40, S.NEEDS_INFO: 30, S.PROPOSED: 30, S.BOOKED: 60, S.COMPLETED: 7000, S.SPAM: 300}
OURS = ("appointments_consultationrequest", "appointments_patientstatement", "appointments_nameword")
WHOLE_TABLE = {
    "postgresql": re.compile(rf"Seq Scan on (?:{'|'.join(OURS)})\b.*"),
    "sqlite": re.compile(r"SCAN (?:appointments_\w+|[UV]\d)(?! USING)\b.*"),
}
numbers = count(1)


def stored(status, therapist, arrived):
    number = next(numbers)
    is_closed = status in {S.COMPLETED, S.SPAM}
    decided_at = arrived + HOUR if number % 20 == 0 and status != S.NEW else None
    return ConsultationRequest(
        reference=f"CR-{number:06}",
        status=status,
        region="knee",
        urgency="urgent" if number % 10 == 0 else "routine",
        assigned_to=None if status in {S.NEW, S.SPAM} else therapist,
        suspicion="trapped" if status == S.NEW and number % 4 == 0 else "",
        submitted_at=arrived,
        answer_by=arrived + DAY,
        closed_at=arrived + 2 * DAY if is_closed else None,
        visit_at=visit_of(arrived) if status == S.BOOKED else None,
        decided_at=decided_at,
        decided_by=therapist if decided_at else None,
        form_hash=f"form-{number}",
        link_hash=f"link-{number}",
    )


@pytest.fixture
def years_of_work(clinic, therapist, colleague):
    """Thousands of requests with their times and names, and the engine's statistics of them."""
    now = timezone.now()
    for status, wanted in STANDING.items():
        ago = 900 * DAY if status in {S.COMPLETED, S.SPAM} else 3 * DAY
        people = [therapist, colleague]
        rows = [stored(status, people[number % 2], now - ago * (1 - number / wanted)) for number in range(wanted)]
        ConsultationRequest.objects.bulk_create(rows)
        PatientStatement.objects.bulk_create(statement_of(row) for row in rows)
        NameWord.objects.bulk_create(NameWord(statement_id=row.pk, word=f"zoe{row.pk}".encode()) for row in rows)
        if status in {S.BOOKED, S.COMPLETED}:
            OfferedTime.objects.bulk_create(visit(row) for row in rows)
    gather_statistics()


def gather_statistics():
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def statement_of(row):
    contact = {"phone": f"+1407{6000000 + row.pk}", "email": f"zoe{row.pk}@patients.example"}
    return PatientStatement(consultation=row, **SAID | contact)


def visit_of(arrived):
    return (arrived + 2 * DAY).replace(minute=0, second=0, microsecond=0)


def visit(row):
    start = visit_of(row.submitted_at)
    return OfferedTime(
        consultation=row, therapist=row.assigned_to, starts_at=start, minutes=30, mode="clinic", booked_at=start - DAY
    )


def read_whole(statements):
    """The statements that read one of those tables from end to end, each with its plan."""
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    plans = {}
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(explain + statement.replace("%", "%%"), [])
            plans[statement] = "\n".join(str(row[-1]) for row in cursor.fetchall())
    return {statement: plan for statement, plan in plans.items() if WHOLE_TABLE[connection.vendor].search(plan)}


def asked(queries):
    return [each["sql"] for each in queries if each["sql"].startswith("SELECT") and OURS[0] in each["sql"]]


def test_no_part_of_the_queue_and_no_search_reads_the_whole_table(years_of_work, signed_in, therapist):
    client = signed_in(therapist)
    cursor = f"{(timezone.now() - timedelta(minutes=5)).isoformat()}_1"
    places = [{}, {"after": cursor}, {"before": cursor}, {"before": "end"}]
    looks = [{"show": show} | place for show in PARTS for place in places]
    one = ConsultationRequest.objects.latest("pk").statement
    terms = ["CR-000007", f"zoe{one.pk}", "zo", "zoe zo", "nobody", one.phone.as_national, one.email]

    with CaptureQueriesContext(connection) as queries:
        for look in looks:
            client.get(QUEUE, look)
        for term in terms:
            client.post(f"{QUEUE}search/", {"term": term})

    assert read_whole(asked(queries)) == {}


def test_a_plan_that_reads_the_whole_table_is_found_out(clinic):
    make_consultation()

    with CaptureQueriesContext(connection) as queries:
        list(ConsultationRequest.objects.filter(urgency="urgent"))

    assert list(read_whole(asked(queries))) == asked(queries)


def test_the_beginning_of_a_name_is_found_by_its_index(clinic):
    statement = make_consultation().statement
    NameWord.objects.bulk_create(NameWord(statement=statement, word=f"zoe{number}".encode()) for number in range(3000))
    gather_statistics()

    plan = NameWord.objects.beginning_with("zoe12").explain()

    assert re.search(r"\(word>\? AND word<\?\)|Index Cond: \(\(word >= .* AND \(word < ", plan)
