"""What the worker does where something that is due cannot be done."""

import signal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.utils import timezone

from clinic import health, mail
from clinic.management.commands.worker import Command
from clinic.models import Heartbeat, OutgoingMail
from tests.factories import DAY, HOUR, make_consultation
from tests.refusing import refusing

# Committed for real: in the transaction of a test one refusal would spoil what comes after.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def stops_as_before():
    handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield
    for name, handler in handlers.items():
        signal.signal(name, handler)


@pytest.mark.parametrize(
    "table", ["appointments_carriedover", "appointments_dailyact", "appointments_offeredtime", "clinic_auditseal"]
)
def test_what_fails_for_good_is_told_and_everything_else_is_done(clinic, owner, caplog, mailoutbox, table):
    at = timezone.now()
    mail.queue("test_mail", to="robin@clinic.example", context={"path": "/"}, at=at)
    make_consultation(submitted_at=at - 21 * DAY, answer_by=at - HOUR, said={"email": "late@patients.example"})

    with refusing(lambda sql, params: f'"{table}"' in sql):
        call_command("worker", once=True)

    told = {address for message in mailoutbox for address in message.to}
    assert {"robin@clinic.example", "late@patients.example"} <= told
    assert health.look(at=timezone.now()).problems == ["the worker could not do something that was due"]
    assert Heartbeat.objects.get(name=health.WORKER).seen_at >= at
    assert {record.exc_info[0] for record in caplog.records if record.name == "clinic.jobs"} == {IntegrityError}


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_does_not_end_the_worker(error):
    def refuse(execute, sql, params, many, context):
        raise error("the server closed the connection")

    with pytest.raises(CommandError, match="gives no answer"), connection.execute_wrapper(refuse):
        call_command("worker", once=True)


def test_a_worker_that_starts_with_its_clock_ahead_tells_nobody_forgets_nothing_and_still_sends(clinic, mailoutbox):
    now = timezone.now()
    waits = make_consultation(submitted_at=now - HOUR, answer_by=now + HOUR)
    closed = make_consultation(at=now - 3 * DAY, status="declined", closed_at=now - 3 * DAY)
    Command().round(at=now)
    mail.queue("test_mail", to="robin@clinic.example", context={"path": "/"}, at=now)

    for _start in range(2):
        Command().round(at=now + 400 * DAY)

    for each in (waits, closed):
        each.refresh_from_db()
    assert (waits.late_told_at, closed.statement.erased_at) == (None, None)
    assert [message.to for message in mailoutbox] == [["robin@clinic.example"]]
    assert set(OutgoingMail.objects.values_list("event", flat=True)) == {"test_mail"}
    assert health.look(at=now + 400 * DAY).worker_is_running
    assert Heartbeat.objects.seen_at(health.CLOCK) == now


def test_a_list_of_erasures_that_cannot_be_read_is_told_and_mail_leaves_all_the_same(
    clinic, settings, tmp_path, mailoutbox
):
    at = timezone.now()
    settings.ERASED_LIST = tmp_path
    mail.queue("test_mail", to="robin@clinic.example", context={"path": "/"}, at=at)

    call_command("worker", once=True)

    assert [message.to for message in mailoutbox] == [["robin@clinic.example"]]
    assert health.look(at=at).problems == ["the worker could not do something that was due"]
