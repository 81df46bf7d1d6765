"""What is seen when the work behind the pages stands still."""

from datetime import timedelta

import pytest

from clinic import health, mail
from clinic.health import WORKER
from clinic.models import Heartbeat, OutgoingMail
from tests.factories import DAY, HOUR, NOON

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def queue(*, at, to="robin@clinic.example", **standing):
    queued = mail.queue("received", to=to, context={}, at=at, reference="CR-ACDEFG")
    OutgoingMail.objects.filter(pk=queued.pk).update(**standing)
    return queued


@pytest.mark.parametrize(
    ("seen_at", "runs"),
    [
        (None, False),
        (NOON, True),
        (NOON - 4 * MINUTE, True),
        (NOON - 6 * MINUTE, False),
        (NOON + MINUTE, True),
        (NOON + DAY, False),
    ],
)
def test_a_worker_that_was_not_seen_for_five_minutes_is_not_running(seen_at, runs):
    if seen_at:
        Heartbeat.objects.beat(WORKER, at=seen_at)

    found = health.look(at=NOON)

    assert (found.worker_is_running, found.problems) == (runs, [] if runs else ["the worker is not running"])


def test_each_name_has_one_beat_the_last(db):
    for at in (NOON, NOON + MINUTE):
        Heartbeat.objects.beat(WORKER, at=at)
    Heartbeat.objects.beat("another", at=NOON)

    beats = [(str(beat), beat.seen_at) for beat in Heartbeat.objects.order_by("name")]

    assert beats == [("another", NOON), (WORKER, NOON + MINUTE)]


def test_mail_that_should_have_left_is_told_since_when():
    oldest = queue(at=NOON - HOUR)
    queue(at=NOON - DAY, parked_at=NOON)
    queue(at=NOON - DAY, sent_at=NOON)
    queue(at=NOON - 20 * MINUTE)

    found = health.look(at=NOON)

    assert found.mail_waits_since == oldest.queued_at
    assert found.problems[0] == "mail has not been leaving since 2026-03-02 16:00 UTC"


def test_mail_that_was_queued_just_now_is_on_its_way():
    queue(at=NOON - 14 * MINUTE)

    assert health.look(at=NOON).mail_waits_since is None


REFUSED = "SMTPRecipientsRefused 452"


@pytest.mark.parametrize("said", [REFUSED, "SMTPDataError 451"])
def test_one_full_mailbox_is_no_outage_however_long_and_whatever_waits_behind_it(said):
    queue(at=NOON - DAY, last_error=said)
    queue(at=NOON - HOUR)

    assert health.look(at=NOON).problems == ["the worker is not running"]


@pytest.mark.parametrize(
    ("others", "since"),
    [
        ([{"sent_at": NOON}], None),
        ([{"last_error": REFUSED}], NOON - DAY),
        ([{"last_error": REFUSED}, {"sent_at": NOON}], None),
        ([{"sent_at": NOON}, {"last_error": REFUSED}], None),
        ([{"sent_at": NOON}, {"last_error": REFUSED}, {"last_error": REFUSED}], NOON - HOUR),
        ([{"last_error": "ConnectionRefusedError"}], NOON - HOUR),
        ([{"last_error": ""}, {"sent_at": NOON}], NOON - HOUR),
    ],
)
def test_a_server_that_takes_no_mail_for_two_people_is_an_outage_until_it_takes_one(others, since):
    queue(at=NOON - DAY, last_error=REFUSED)
    for number, standing in enumerate(others):
        queue(at=NOON - HOUR, to=f"zoe{number}@patients.example", **standing)

    assert health.look(at=NOON).mail_waits_since == since
