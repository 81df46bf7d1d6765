"""After an erasure no byte of the person is left: in the database's files, a fresh dump, mail files, sessions; nor after a restore."""

import shutil
import sqlite3
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.utils import timezone

from appointments import keeping
from appointments.models import ConsultationRequest, NameWord, PatientStatement
from tests.conftest import database_url, manage
from tests.factories import HOUR, NOON, make_clinic, make_consultation, make_person
from tests.run import find_programs

from .pages import CHECK, fill
from .stages import S
from .test_person_page import CHOSEN, PERSON

pytestmark = pytest.mark.django_db(transaction=True)

MARK = "qxzzyv"
WRITTEN = {
    "problem": {"goal": f"{MARK} goal", "note": f"{MARK} note"},
    "contact": {
        "full_name": f"Zoe {MARK}",
        "phone": "(407) 698-5507",
        "email": f"{MARK}@patients.example",
        "access_needs": f"{MARK} ramp",
    },
}
# As the search keeps a word in a dump of PostgreSQL, and the number in each of its forms.
TRACES = [MARK, MARK.encode().hex(), "4076985507", "698-5507", "4076985508", "698-5508"]

NAMES = "name_word_is_kept_once_for_each_name"
ENTRIES = """
    SELECT count(*) FROM generate_series(1, pg_relation_size(%(index)s) / 8192 - 1) AS page,
    LATERAL bt_page_items(%(index)s, page) AS entry WHERE position(%(word)s IN replace(entry.data, ' ', '')) > 0
"""
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL")


def program(name):
    beside = Path(find_programs()) / name
    return str(beside if beside.exists() else shutil.which(name))


def traces(*paths):
    """Where in these files, and in what a dump of the database would hold, something of the person is found."""
    found = {path.name for path in paths if any(trace.encode() in read(path) for trace in TRACES)}
    sessions = [str(session.get_decoded()).lower() for session in Session.objects.all()]
    found |= {"a session" for held in sessions if any(trace in held for trace in TRACES)}
    return found | ({"the dump"} if any(trace in dump(database_url()).lower() for trace in TRACES) else set())


def read(path):
    """Its bytes in lower case, read by another process: whoever closes a file of SQLite loses all locks on it."""
    return subprocess.run(["cat", path], capture_output=True, check=True).stdout.lower()  # noqa: S607


def dump(url):
    if connection.vendor == "postgresql":
        return subprocess.run([program("pg_dump"), url], capture_output=True, text=True, check=True).stdout
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        return "\n".join(database.iterdump())


def older_copy(folder):
    """The address of a second database with what this one holds now, as a backup that was restored."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS older_copy")
            cursor.execute("CREATE DATABASE older_copy")
        url = database_url().rpartition("/")[0] + "/older_copy"
        words = dump(database_url())
        subprocess.run(
            [program("psql"), "-q", "-v", "ON_ERROR_STOP=1", url],
            input=words,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return url
    path = folder / "older.sqlite3"
    with sqlite3.connect(connection.settings_dict["NAME"]) as now, sqlite3.connect(path) as then:
        now.backup(then)
    path.chmod(0o600)
    return f"sqlite:///{path}"


def files(environment, *databases):
    """All that the site writes: the database's own files on SQLite, mails, lists."""
    own = [path for name in databases for path in Path(name).parent.glob(Path(name).name + "*")]
    return [path for path in [*own, *Path(environment["DATA_DIR"]).rglob("*")] if path.is_file()]


def a_visit(client, therapist, browser):
    """A patient from the form to a corrected contact, a question and a note; and the same person half-way once more."""
    fill(client, **WRITTEN)
    assert client.post(CHECK).status_code == 302
    consultation = ConsultationRequest.objects.get()
    queue = f"/admin/queue/{consultation.reference}/"
    for act, sent in {"note": {"text": f"{MARK} told us."}, "ask": {"question": f"Which side, {MARK}?"}}.items():
        assert browser.post(f"{queue}{act}/", sent).status_code == 302
    browser.get(queue)
    browser.post("/admin/queue/search/", {"term": MARK})
    consultation.refresh_from_db()
    consultation.answer(text=f"The {MARK} side.", at=timezone.now())
    consultation.correct_contact(phone="+14076985508", email=f"new-{MARK}@patients.example", at=timezone.now())
    # And once more, half-way through the form.
    fill(client, **WRITTEN)
    return consultation


@pytest.fixture
def into_pages(db):
    """How many entries of an index, as they lie in the file, hold a word."""
    with connection.cursor() as cursor:
        try:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pageinspect")
        except DatabaseError:
            pytest.skip("this PostgreSQL lets nobody look into its pages")

    def look(index, word):
        with connection.cursor() as cursor:
            cursor.execute(ENTRIES, {"index": index, "word": word.encode().hex()})
            return cursor.fetchone()[0]

    yield look
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pageinspect")


@pytest.fixture
def at_work(environment, settings, client, signed_in):
    settings.ERASED_LIST = Path(environment["DATA_DIR"]) / "erased.txt"
    settings.ERASED_LIST.unlink(missing_ok=True)
    cache.clear()
    make_clinic()
    therapist, owner = make_person("Therapist"), make_person("Owner")
    consultation = a_visit(client, therapist, signed_in(therapist))
    manage(environment, "worker", "--once")
    return consultation, signed_in(owner)


def test_no_byte_of_an_erased_person_is_left_nor_comes_back(at_work, environment, tmp_path):
    consultation, browser = at_work
    name = connection.settings_dict["NAME"]
    databases = [name] if connection.vendor == "sqlite" else []
    before = traces(*files(environment, *databases))
    older = older_copy(tmp_path)

    for sure in ("", "yes"):
        sent = CHOSEN | {"term": f"{MARK}@patients.example", "reference": consultation.reference, "sure": sure}
        answer = browser.post(f"{PERSON}erase/", sent)
        assert answer.status_code == 200
    manage(environment, "worker", "--once")

    # All of it was there to be found.
    assert {"a session", "the dump"} <= before
    assert any(found.endswith(".eml") for found in before)
    assert not databases or any(found.startswith(Path(name).name) for found in before)
    assert MARK not in answer.content.decode()
    assert traces(*files(environment, *databases)) == set()
    # Last week's backup is restored, and the worker starts.
    assert MARK in dump(older)
    manage(environment | {"DATABASE_URL": older}, "worker", "--once")
    assert [trace for trace in TRACES if trace in dump(older).lower()] == []
    if databases:
        copies = files({"DATA_DIR": tmp_path / "none"}, older.removeprefix("sqlite:///"))
        assert [path for path in copies if any(trace.encode() in read(path) for trace in TRACES)] == []


@on_postgresql
def test_what_a_dump_may_still_read_is_not_called_swept():
    make_clinic()
    consultation = make_consultation(status=S.SPAM)

    with psycopg.connect(database_url()) as dump_at_work:
        dump_at_work.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        dump_at_work.execute("SELECT 1")
        keeping.erase([consultation], at=NOON)
        during = (keeping.sweep(at=NOON), PatientStatement.objects.get().swept_at)
    after = (keeping.sweep(at=NOON), PatientStatement.objects.get().swept_at)

    assert (during, after) == ((False, None), (True, NOON))


@on_postgresql
def test_no_index_keeps_a_word_because_few_rows_are_old(into_pages):
    make_clinic()
    many, one = make_consultation(), make_consultation(status=S.SPAM, said={"full_name": MARK})
    NameWord.objects.bulk_create(NameWord(statement_id=many.pk, word=b"word%d" % number) for number in range(20_000))

    before = into_pages(NAMES, MARK)
    keeping.erase([one], at=NOON)
    keeping.sweep(at=NOON)

    assert (before, into_pages(NAMES, MARK)) == (1, 0)


def test_a_session_that_is_emptied_of_a_draft_goes_on(at_work, client):
    consultation, browser = at_work
    browser.post(
        f"{PERSON}erase/",
        CHOSEN | {"term": f"{MARK}@patients.example", "reference": consultation.reference, "sure": "yes"},
    )

    assert client.get("/consultation/who/").status_code == 200
    assert browser.get(PERSON).status_code == 200
    assert timezone.now() - consultation.submitted_at < HOUR
