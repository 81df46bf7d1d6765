"""What several workers, one after another or at once, make of the outbox."""

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from django.db import connection, transaction

from clinic import mail
from clinic.models import OutgoingMail
from tests.factories import DAY, NOON

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
MAILS = 12


def queue(*, at=NOON):
    return mail.queue("staff_new", to="robin@clinic.example", context={"reference": "CR-ACDEFG"}, at=at)


def test_a_second_worker_leaves_alone_what_the_first_has_leased(post_office):
    queue()
    mail._lease(at=NOON, batch=20)

    sent = mail.deliver(at=NOON + mail.LEASE - MINUTE)

    assert (sent, post_office.taken) == (0, [])


def test_what_a_killed_worker_had_leased_is_sent_when_the_lease_ends(post_office):
    queued = queue()
    mail._lease(at=NOON, batch=20)

    sent = mail.deliver(at=NOON + mail.LEASE)

    assert (sent, post_office.taken_ids) == (1, [queued.message_id])


def test_a_worker_killed_before_its_note_costs_one_copy_under_the_same_message_id(post_office):
    queued = queue()
    [leased] = mail._lease(at=NOON, batch=20)
    mail.render(leased).send()

    for minutes in range(6):
        mail.deliver(at=NOON + minutes * MINUTE)

    assert post_office.taken_ids == [queued.message_id] * 2


def test_nobody_is_written_to_whose_request_was_erased_while_the_mail_was_in_a_workers_hands(post_office, monkeypatch):
    first, erased = queue(), queue()
    renders = mail.render

    def meanwhile(each):
        OutgoingMail.objects.filter(pk=erased.pk).delete()
        return renders(each)

    monkeypatch.setattr(mail, "render", meanwhile)

    sent = mail.deliver(at=NOON)

    assert (sent, post_office.taken_ids) == (1, [first.message_id])


@pytest.mark.parametrize("minutes", [1, 7, 8, 9, 60, 24 * 60])
def test_a_lease_from_before_the_clock_was_set_back_holds_ten_minutes_at_most(post_office, minutes):
    queued = queue(at=NOON - 2 * DAY)
    mail._lease(at=NOON, batch=20)
    now = NOON - minutes * MINUTE

    waited = next(passed for passed in range(24 * 60) if mail.deliver(at=now + passed * MINUTE))

    assert waited <= 10
    assert post_office.taken_ids == [queued.message_id]


def test_a_mail_queued_while_the_clock_ran_a_day_ahead_does_not_wait_for_that_day(post_office):
    queued = queue(at=NOON + DAY)

    for minutes in range(61):
        mail.deliver(at=NOON + minutes * MINUTE)

    assert post_office.taken_ids == [queued.message_id]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_mail_once(post_office):
    queued = [queue() for _ in range(MAILS)]

    in_threads(*[lambda: mail.deliver(at=NOON, batch=3)] * 8)

    assert Counter(post_office.taken_ids) == {mail.message_id: 1 for mail in queued}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_what_one_worker_is_about_to_lease_another_passes_by():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    queued = [queue(), queue()]

    def lease():
        try:
            return mail._lease(at=NOON, batch=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as another_worker:
        with transaction.atomic():
            leased = mail._lease(at=NOON, batch=1)
            other = another_worker.submit(lease)
            wait([other], timeout=5)
            has_waited = not other.done()
        leased += other.result()

    assert ([each.pk for each in leased], has_waited) == ([each.pk for each in queued], False)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_slow_server_does_not_let_a_lease_run_out_while_its_mails_are_being_sent(post_office, monkeypatch):
    # In small: the real lease is two minutes, which a batch of twenty outlasts at seven seconds a mail.
    monkeypatch.setattr(mail, "LEASE", timedelta(seconds=2))
    monkeypatch.setattr(post_office, "handle_DATA", slowly(post_office.handle_DATA, seconds=0.4))
    queued = [queue() for _ in range(8)]
    began = time.monotonic()

    def work():
        while OutgoingMail.objects.unsent().exists() and time.monotonic() < began + 10:
            mail.deliver(at=NOON + timedelta(seconds=time.monotonic() - began))
            time.sleep(0.05)

    in_threads(work, work)

    assert Counter(post_office.taken_ids) == {mail.message_id: 1 for mail in queued}


def slowly(answer, *, seconds):
    async def handle(server, session, envelope):
        await asyncio.sleep(seconds)
        return await answer(server, session, envelope)

    return handle


def in_threads(*works):
    """Run all at once, each with a database connection of its own, and wait for them."""
    start = threading.Barrier(len(works))
    failures = []

    def run(work):
        try:
            start.wait(timeout=10)
            work()
        except Exception as failure:  # noqa: BLE001 - raised again below, in the test's own thread
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failures == []
