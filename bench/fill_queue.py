"""So many requests as a clinic has them after some years, with what the queue and its search read of each.

The newest two of a hundred are open, the newest of those new. Each has its statement, the words of its name, its booked time
and a line in the record of who looked; the mails are those that are kept.
"""

import json
import random
from bisect import bisect
from datetime import datetime, timedelta
from itertools import accumulate, product

from django.db import connection, transaction
from django.utils import timezone

from appointments.models import ConsultationRequest, NameWord, OfferedTime, PatientStatement
from appointments.models import RequestStatus as S
from appointments.names import words_of
from clinic.models import AuditEntry, OutgoingMail
from clinic.regions import Region
from tests.factories import DAY, HOUR, SAID, make_clinic, make_person, make_tip

THERAPISTS = 10
YEARS = 5 * 365 * DAY
OPEN_SHARE, NEW_SHARE, IN_REVIEW_SHARE = 0.02, 0.15, 0.2
ANSWERED = [S.NEEDS_INFO, S.PROPOSED, S.BOOKED]
CLOSED = dict(
    zip([S.COMPLETED, S.NO_SHOW, S.DECLINED, S.WITHDRAWN, S.LAPSED, S.SPAM], [60, 6, 9, 9, 10, 6], strict=True)
)
WITH_VISIT = {S.BOOKED, S.COMPLETED, S.NO_SHOW}
FIRST = [
    "James", "Mary", "John", "Patricia", "Robert", "Jennifer", "Michael", "Linda", "David", "Elizabeth",
    "William", "Barbara", "Maria", "Jason", "Ana",
]  # fmt: skip
LAST = [
    "Smith", "Johnson", "Williams", "Brown", "Jones", "García", "Miller", "Davis", "Rodríguez", "Martínez",
    "Hernández", "López", "Small", "Jackson",
]  # fmt: skip
SYLLABLES = [
    "ba", "bri", "ce", "cla", "di", "dro", "fle", "fo", "gu", "ha", "jo", "ki", "la", "lo", "ma", "mu", "ne",
    "pa", "qui", "ro", "sa", "sme", "ti", "tri", "vo", "wi", "ya", "ze",
]  # fmt: skip
MAIL_DAYS = 90
AT_ONCE = 20_000


def fill(count):
    """Returns the therapist who is to look."""
    make_clinic()
    hurry()
    people = [make_person("Therapist") for _ in range(THERAPISTS)]
    tips = [make_tip(author=people[0]).pk for _ in range(5)]
    chance, now = random.Random(count), timezone.now()  # noqa: S311 - the same each time is what is wanted
    for begin in range(1, count + 1, AT_ONCE):
        numbers = range(begin, min(begin + AT_ONCE, count + 1))
        write([request_of(number, count, people, tips, now, chance) for number in numbers], now)
    settle()
    return people[0]


@transaction.atomic
def write(rows, now):
    named = [(row, name_of(row["id"])) for row in rows]
    put(ConsultationRequest, rows)
    put(PatientStatement, [statement_of(row, name) for row, name in named])
    put(
        NameWord, [{"statement_id": row["id"], "word": word.encode()} for row, name in named for word in words_of(name)]
    )
    put(OfferedTime, [time_of(row, now) for row in rows if row["status"] in WITH_VISIT])
    put(AuditEntry, [looked_at(row) for row in rows])
    put(OutgoingMail, [mail for row in rows if now - row["submitted_at"] < MAIL_DAYS * DAY for mail in mails_of(row)])


def request_of(number, count, people, tips, now, chance):
    came = now - YEARS * (1 - (number - 0.5) / count)
    from_the_end = (count - number) / (count * OPEN_SHARE)
    is_urgent = chance.random() < 0.1
    status = status_of(from_the_end, number, chance)
    is_open = from_the_end < 1
    is_decided = is_urgent and status not in {S.NEW, S.IN_REVIEW, S.SPAM}
    therapist = people[chance.randrange(len(people))].pk
    decided_at = (
        (now - chance.random() * 6 * HOUR if is_open and number % 3 == 0 else came + DAY) if is_decided else None
    )
    looked_at = decided_at + HOUR if is_decided and not is_open and number % 50 else None
    visit = quarter(now + DAY * (chance.random() * 17 - 3)) if status == S.BOOKED else None
    return {
        "id": number,
        "reference": f"CR-{number % 1_000_000:06}",
        "status": status.value,
        "version": 0,
        "region": Region.values[number % len(Region.values)],
        "urgency": "urgent" if is_urgent else "routine",
        "tip_id": tips[number % 5] if number % 4 == 0 else None,
        "assigned_to_id": None if status in {S.NEW, S.SPAM} else therapist,
        "submitted_at": came,
        "answer_by": came + (DAY / 2 if is_urgent else 3 * DAY),
        "closed_at": None if is_open else min(came + 10 * DAY * chance.random(), now),
        "visit_at": visit,
        "first_answered_at": came + DAY if status not in {S.NEW, S.IN_REVIEW, S.SPAM} else None,
        "decided_at": decided_at,
        "decided_by_id": therapist if is_decided else None,
        "second_look_at": looked_at,
        "second_look_by_id": people[0].pk if looked_at else None,
        "suspicion": "links" if status == S.SPAM or (status == S.NEW and number % 5 == 0) else "",
        "decline_reason": "no_place" if status == S.DECLINED else "",
        "next_step": "call_us" if status == S.DECLINED else "",
        "form_hash": f"{number * 2654435761 % 2**32:08x}{'f' * 46}{number:010}",
        "link_hash": f"{number * 2246822519 % 2**32:08x}{'e' * 46}{number:010}",
        "link_sealed": "g" * 140,
    }


def status_of(from_the_end, number, chance):
    if from_the_end >= 1:
        return chance.choices(list(CLOSED), weights=list(CLOSED.values()))[0]
    if from_the_end < NEW_SHARE:
        return S.NEW
    return S.IN_REVIEW if from_the_end < NEW_SHARE + IN_REVIEW_SHARE else ANSWERED[number % 3]


def quarter(moment):
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def invented(first):
    """Names by frequency: the known ones, and behind them others."""
    return [*first, *(f"{a}{b}{c}".title() for a, b, c in product(SYLLABLES, repeat=3))]


def weighed(names):
    """The tenth of them is a fifth as frequent as the first, as names are."""
    return names, list(accumulate(1 / (rank + 2.7) for rank in range(len(names))))


# Each with the step by which it is drawn: neither goes evenly into one, so first and last names meet as by chance.
NAMES = [(*weighed(invented(FIRST)[:3000]), 0.6180339887), (*weighed(invented(LAST)), 0.7548776662)]


def name_of(number):
    """Every person has two requests."""
    person = number // 2
    return " ".join(names[bisect(weights, person * step % 1 * weights[-1])] for names, weights, step in NAMES)


SAID_AS_KEPT = {key: json.dumps(value) if isinstance(value, (dict, list)) else value for key, value in SAID.items()}


def statement_of(row, name):
    person = row["id"] // 2
    contact = {"full_name": name, "phone": f"+1407{2000000 + person}", "email": f"person-{person}@patients.example"}
    return {"consultation_id": row["id"], **SAID_AS_KEPT, **contact, "erased_at": None, "swept_at": None}


def time_of(row, now):
    start = row["visit_at"] or quarter(row["submitted_at"] + 5 * DAY)
    times = {"starts_at": start, "minutes": 30, "mode": "clinic", "booked_at": min(start - DAY, now)}
    return {"consultation_id": row["id"], "therapist_id": row["assigned_to_id"], **times}


def looked_at(row):
    about = {"action": "opened", "reference": row["reference"], "network": "", "route": "admin:consultation"}
    return {"at": row["submitted_at"], "by_id": row["assigned_to_id"], **about, "number": "", "detail": "{}"}


def mails_of(row):
    for event in ("received", "staff_new"):
        sent = row["submitted_at"] + timedelta(minutes=1)
        yield {
            "event": event,
            "to": f"person-{row['id'] // 2}@patients.example",
            "reference": row["reference"],
            "context": "g" * 200,
            "message_id": f"<{event}-{row['id']}@clinic.example>",
            "queued_at": row["submitted_at"],
            "next_attempt_at": row["submitted_at"],
            "attempts": 1,
            "last_error": "",
            "sent_at": sent,
        }


# The engines


def hurry():
    """SQLite would go to the disk for every page of every index; what is only made for a measurement may be lost."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for pragma in ("cache_size = -600000", "synchronous = OFF", "secure_delete = OFF"):
                cursor.execute(f"PRAGMA {pragma}")


def put(model, rows):
    """Straight into the table: a million rows through the models would take an hour."""
    if not rows:
        return
    names = ", ".join(map(connection.ops.quote_name, rows[0]))
    into = f"{connection.ops.quote_name(model._meta.db_table)} ({names})"
    values = (tuple(map(adapted, row.values())) for row in rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for each in values:
                    copy.write_row(each)
        else:
            marks = ", ".join("?" * len(rows[0]))
            connection.connection.executemany(f"INSERT INTO {into} VALUES ({marks})", values)


def adapted(value):
    """SQLite keeps moments as texts."""
    is_kept_so = isinstance(value, datetime) and connection.vendor == "sqlite"
    return connection.ops.adapt_datetimefield_value(value) if is_kept_so else value


def settle():
    """What each engine does by itself after a while; and the numbers that PostgreSQL gives out next."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            table = ConsultationRequest._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    # A connection that is as the site opens it.
    connection.close()
