"""The owner's digest: once a week, and once a day for each kind of trouble."""

import pytest

from appointments.forms import SCREEN
from appointments.models import DailyAct
from clinic import digest, health, mail, opening
from clinic.models import Approval, Heartbeat, OutgoingMail, Subject
from tests.factories import DAY, HOUR, NOON, SAID, make_consultation, make_person, make_tip

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def all_is_well(clinic, settings):
    DailyAct.objects.create(name=digest.WEEKLY, day=(NOON - 7 * DAY).date())
    settings.PRODUCTION = True
    Heartbeat.objects.beat(health.CLOCK, at=NOON)
    Heartbeat.objects.beat(health.BACKUP, at=NOON)


def told():
    return list(OutgoingMail.objects.filter(event="owner_digest").order_by("pk"))


def words():
    return mail.render(told()[-1]).body


def tell_through(start, end, step=HOUR):
    while start <= end:
        for name in (health.CLOCK, health.BACKUP):
            Heartbeat.objects.beat(name, at=start)
        digest.tell_owners(at=start)
        OutgoingMail.objects.update(sent_at=start)
        start += step


def test_it_comes_once_a_week_when_all_is_well(owner):
    tell_through(NOON, NOON + 14 * DAY, step=6 * HOUR)

    assert [each.to for each in told()] == [owner.email] * 3
    assert "Nobody waits longer than was promised" in words()
    assert mail.render(told()[0]).subject == "Your week at the front desk"


def test_of_its_first_week_a_new_clinic_is_told_only_what_is_wrong(owner):
    DailyAct.objects.all().delete()

    digest.tell_owners(at=NOON)
    silent = told()
    make_consultation(answer_by=NOON - HOUR)
    digest.tell_owners(at=NOON)

    assert (silent, len(told())) == ([], 1)


def test_it_comes_once_on_each_day_on_which_somebody_waits_too_long(owner):
    late = make_consultation(answer_by=NOON - HOUR)

    tell_through(NOON, NOON + 2 * DAY)

    assert [each.to for each in told()] == [owner.email] * 3
    assert list(DailyAct.objects.filter(name="overdue").order_by("day").values_list("day", flat=True)) == [
        (NOON + number * DAY).date() for number in range(3)
    ]
    assert late.reference in words()


def test_what_goes_wrong_after_the_weekly_one_is_told_on_the_same_day(owner):
    digest.tell_owners(at=NOON)
    make_consultation(answer_by=NOON)

    digest.tell_owners(at=NOON + HOUR / 6)
    digest.tell_owners(at=NOON + HOUR / 5)

    assert len(told()) == 2


def old_backup():
    Heartbeat.objects.beat(health.BACKUP, at=NOON - 3 * DAY)


def no_backup():
    Heartbeat.objects.filter(name=health.BACKUP).delete()


def worker_was_away():
    Heartbeat.objects.beat(health.CLOCK, at=NOON - 2 * HOUR)


def worker_failed():
    Heartbeat.objects.beat(health.FAILED, at=NOON)


def mail_waits():
    mail.queue("test_mail", to="a@b.example", context={}, at=NOON - HOUR)


def mail_was_given_up_on():
    mail.queue("test_mail", to="a@b.example", context={}, at=NOON - DAY)
    OutgoingMail.objects.filter(event="test_mail").update(parked_at=NOON - HOUR)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (old_backup, "The last backup is of Friday, February 27, 12:00 PM EST."),
        (no_backup, "No backup was made yet."),
        (worker_failed, "Something failed that the worker does by itself."),
        (
            worker_was_away,
            "The worker was not running from Monday, March 2, 10:00 AM EST to Monday, March 2, 12:00 PM EST.",
        ),
        (mail_waits, "Mail has not been leaving since Monday, March 2, 11:00 AM EST."),
        (mail_was_given_up_on, "1 mail was refused for good"),
        (lambda: [make_consultation(suspicion="trapped") for _ in range(2)], "2 requests look like spam"),
    ],
)
def test_what_is_wrong_is_named(owner, make, word):
    well = digest.look(at=NOON).troubles
    make()

    digest.tell_owners(at=NOON)

    assert (well, len(digest.look(at=NOON).troubles)) == ([], 1)
    assert word in words()


def test_each_kind_of_trouble_is_told_on_the_day_that_it_comes_and_no_other_uses_that_up(owner):
    happens = [lambda: make_consultation(suspicion="trapped"), old_backup, worker_was_away, mail_was_given_up_on]
    make_consultation(answer_by=NOON - HOUR)
    digest.tell_owners(at=NOON)
    counts = [len(told())]

    for happen in happens:
        happen()
        for _worker in range(2):
            digest.tell_owners(at=NOON)
        counts.append(len(told()))

    assert counts == [1, 2, 3, 4, 5]


def test_a_worker_that_is_away_twice_in_a_day_is_told_twice(owner):
    for ago in (4, 2):
        Heartbeat.objects.beat(health.CLOCK, at=NOON - ago * HOUR)
        digest.tell_owners(at=NOON - (ago - 2) * HOUR)

    assert len(told()) == 2


def test_while_developing_nobody_is_nagged_for_a_backup(owner, settings):
    settings.PRODUCTION = False
    no_backup()

    assert digest.look(at=NOON).troubles == []


def test_a_review_that_is_due_is_told_weekly_and_is_no_alarm(owner):
    tip = make_tip()
    type(tip).objects.update(last_reviewed=(NOON - 400 * DAY).date(), next_review=NOON.date())

    tell_through(NOON, NOON + 2 * DAY)

    assert len(told()) == 1
    assert "The review of 1 tip is due." in words()


def test_a_screen_that_nobody_has_read_for_a_year_is_told_weekly_and_is_no_alarm(owner):
    read_at = NOON - opening.REVIEW_WITHIN
    Approval.objects.create(subject=Subject.SAFETY, version=SCREEN.version, by=make_person("Therapist"), at=read_at)

    is_due = [digest.look(at=at).is_screen_due for at in (NOON - HOUR, NOON)]
    tell_through(NOON, NOON + 2 * DAY)

    assert is_due == [False, True]
    assert len(told()) == 1
    assert "Nobody has read the safety screen for a year." in words()


def test_owners_hear_and_nobody_else(owner, therapist, editor):
    make_person("Owner", is_active=False)
    make_person("Owner", email="")

    digest.tell_owners(at=NOON)

    assert [each.to for each in told()] == [owner.email]


def test_spam_does_not_hide_a_patient_from_the_list(owner, monkeypatch):
    monkeypatch.setattr(digest, "MOST_NAMED", 3)
    for _ in range(4):
        make_consultation(answer_by=NOON - DAY, suspicion="trapped")
    late = make_consultation(answer_by=NOON - HOUR)

    digest.tell_owners(at=NOON)

    assert late.reference in words()
    assert "3 requests look like spam" in words()


def test_it_holds_no_word_of_a_patient(owner):
    make_consultation(answer_by=NOON - HOUR)

    digest.tell_owners(at=NOON)

    said = [str(value) for value in SAID.values() if isinstance(value, str) and len(value) > 5]
    message = mail.render(told()[0])
    assert [word for word in said if word in message.body + message.subject] == []
