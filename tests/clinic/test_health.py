"""What is seen when the work behind the pages stands still."""

from datetime import timedelta

import pytest

from clinic import health, mail
from clinic.health import WORKER
from clinic.models import Heartbeat, OutgoingMail
from tests.factories import DAY, HOUR, NOON

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def queue(*, at):
    return mail.queue("received", to="robin@clinic.example", context={}, at=at)


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
    oldest, parked, sent = queue(at=NOON - HOUR), queue(at=NOON - DAY), queue(at=NOON - DAY)
    queue(at=NOON - 20 * MINUTE)
    OutgoingMail.objects.filter(pk=parked.pk).update(parked_at=NOON)
    OutgoingMail.objects.filter(pk=sent.pk).update(sent_at=NOON)

    found = health.look(at=NOON)

    assert found.mail_waits_since == oldest.queued_at
    assert found.problems[0] == "mail has not been leaving since 2026-03-02 16:00 UTC"


def test_mail_that_was_queued_just_now_is_on_its_way():
    queue(at=NOON - 14 * MINUTE)

    assert health.look(at=NOON).mail_waits_since is None
