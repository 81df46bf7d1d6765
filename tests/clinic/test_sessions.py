"""A session that cannot be kept is no fault of the visitor's, who finds what was typed."""

import re

import pytest
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import OperationalError, connection

from clinic.sessions import SessionStore

pytestmark = pytest.mark.django_db


def while_nothing_can_be_written(execute, sql, params, many, context):
    if sql.startswith("UPDATE") and "django_session" in sql:
        raise OperationalError("the database is away")
    return execute(sql, params, many, context)


def begun(client):
    client.get("/consultation/who/")
    client.post("/consultation/who/", {"for_whom": "me", "age": "adult"})


def test_a_patient_whose_session_cannot_be_kept_sees_the_page_again_filled(clinic, client):
    begun(client)
    with connection.execute_wrapper(while_nothing_can_be_written):
        answer = client.post("/consultation/where/", {"region": "knee"})

    page = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (
        503,
        "max-age=0, no-cache, no-store, must-revalidate, private",
    )
    assert "What you wrote is still here" in page
    assert re.search(r'value="knee"[^>]*checked', page)


def test_a_session_that_was_ended_meanwhile_is_still_called_so(client):
    session = SessionStore()
    session["a"] = 1
    session.create()
    other = SessionStore(session.session_key)
    assert other["a"] == 1
    session.delete()
    other["a"] = 2

    with pytest.raises(UpdateError):
        other.save()


def test_what_is_kept_is_read_again_until_it_runs_out():
    session = SessionStore()
    session["a"] = 1
    session.save()
    session["a"] = 2
    session.save()

    assert SessionStore(session.session_key)["a"] == 2

    session.set_expiry(-1)
    session.save()

    over = SessionStore(session.session_key)
    assert (over.get("a"), over.session_key) == (None, None)


def test_a_key_that_is_taken_is_never_used_twice(monkeypatch):
    first = SessionStore()
    first["a"] = 1
    first.create()
    keys = iter([first.session_key, "b" * 32])
    monkeypatch.setattr(SessionStore, "_get_new_session_key", lambda self: next(keys))

    second = SessionStore()
    second["a"] = 2
    second.save()

    assert (second.session_key, SessionStore(first.session_key)["a"]) == ("b" * 32, 1)


def test_django_reads_what_is_kept_as_its_own():
    session = SessionStore()
    session["a"] = 1
    session.save()

    assert db.SessionStore(session.session_key)["a"] == 1
