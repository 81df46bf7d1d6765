"""What is kept, for how long, and that nothing else is left."""

import fcntl
import resource
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments import keeping
from appointments.draft import SESSION_KEY
from appointments.models import (
    ConsultationRequest,
    DailyAct,
    NameWord,
    PatientStatement,
    StoppedVisit,
    TransitionNotAllowed,
    WeekCount,
)
from appointments.models.statement import EMPTY
from appointments.models.weeks import WEEK, monday_of
from appointments.tick import tick
from appointments.views.pages import SENT_KEY
from clinic.models import AuditEntry, ClinicSettings, Heartbeat, OutgoingMail
from clinic.sessions import SessionStore
from tests.factories import DAY, NOON, SAID, make_clinic, make_consultation
from tests.refusing import refusing

from .stages import OPEN, WAYS, S, bring_to, make_arrived, queued

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
KEPT_DAYS = {S.COMPLETED: 400, S.SPAM: 10} | dict.fromkeys([S.DECLINED, S.WITHDRAWN, S.LAPSED, S.NO_SHOW], 100)
# Long after everything that these tests make.
LATER = NOON + 20 * 365 * DAY


@pytest.fixture(autouse=True)
def own_list(settings, tmp_path):
    settings.ERASED_LIST = tmp_path / "erased.txt"
    return settings.ERASED_LIST


@pytest.fixture
def clinic(db):
    return make_clinic(keep_met_days=400, keep_unmet_days=100, keep_spam_days=10, keep_mail_days=20)


def reread(consultation):
    return ConsultationRequest.objects.select_related("statement").get(pk=consultation.pk)


@pytest.mark.parametrize("status", list(S))
def test_what_is_closed_is_kept_to_the_second_and_what_is_open_for_good(clinic, therapist, status):
    consultation = bring_to(status, by=therapist)
    ends = (consultation.closed_at or NOON) + KEPT_DAYS.get(status, 0) * DAY

    early = keeping.purge(at=ends - SECOND if consultation.closed_at else LATER)
    before = reread(consultation).statement.full_name
    due = keeping.purge(at=max(ends, LATER) if status in OPEN else ends)

    assert (sum(early.values()), before) == (0, SAID["full_name"])
    assert sum(due.values()) == (status not in OPEN)
    assert reread(consultation).statement.full_name == (SAID["full_name"] if status in OPEN else "")
    assert reread(consultation).status == status


def test_a_trial_counts_by_reason_and_changes_nothing_and_a_second_purge_finds_nothing(clinic, therapist, own_list):
    for status in (S.COMPLETED, S.SPAM, S.SPAM, S.DECLINED, S.NEW):
        # One therapist meets one patient at a time; only one of these has a visit.
        bring_to(status, by=therapist)
    suspect = make_arrived(suspicion="trapped")
    expected = {"met": 1, "unmet": 1, "spam": 2, "mail": 0}

    counted = keeping.counted(at=LATER)
    untouched = (NameWord.objects.count() > 0, own_list.exists(), AuditEntry.objects.count())
    first, second = keeping.purge(at=LATER), keeping.purge(at=LATER)

    assert (counted, untouched) == (expected, (True, False, 0))
    assert (first, second) == (expected, dict.fromkeys(expected, 0))
    assert reread(suspect).statement.erased_at is None
    assert AuditEntry.objects.filter(action="purged").exclude(reference="").count() == 4


@pytest.mark.parametrize(("sent", "gone"), [({"sent_at": NOON}, True), ({"parked_at": NOON}, True), ({}, False)])
def test_the_note_of_a_mail_goes_once_it_was_sent_or_given_up(clinic, sent, gone):
    mail = OutgoingMail.objects.create(event="x", queued_at=NOON, next_attempt_at=NOON, **sent)

    keeping.purge(at=NOON + 20 * DAY - SECOND)
    before = OutgoingMail.objects.filter(pk=mail.pk).exists()
    keeping.purge(at=NOON + 20 * DAY)

    assert (before, OutgoingMail.objects.filter(pk=mail.pk).exists()) == (True, not gone)


def test_a_purge_is_refused_when_the_clock_moved_back(clinic, therapist):
    spam = bring_to(S.SPAM, by=therapist)
    Heartbeat.objects.beat(keeping.PURGE, at=timezone.now() + DAY)

    with pytest.raises(CommandError, match="moved back"):
        call_command("purge", "--apply", stdout=StringIO())
    assert reread(spam).statement.erased_at is None


@pytest.mark.django_db(transaction=True)
def test_whoever_says_that_the_clock_is_right_again_has_what_one_that_was_ahead_has_marked_taken_back(
    clinic, therapist
):
    now = timezone.now()
    monday = monday_of(now.date())
    spam = bring_to(S.SPAM, by=therapist)
    Heartbeat.objects.beat(keeping.PURGE, at=now + 400 * DAY)
    for week in (monday - WEEK, monday + 50 * WEEK):
        WeekCount.objects.add(week, {"sent": {"": 5}})

    call_command("purge", "--apply", "--clock-is-right", stdout=StringIO())

    assert reread(spam).statement.erased_at is not None
    assert Heartbeat.objects.seen_at(keeping.PURGE) < timezone.now()
    assert (list(WeekCount.objects.by_week("sent")), WeekCount.objects.last_counted()) == (
        [monday - WEEK],
        monday - WEEK,
    )


def test_the_clock_purges_once_a_day(clinic, therapist):
    tick(at=LATER)
    spam = bring_to(S.SPAM, by=therapist)
    tick(at=LATER)
    same_day = reread(spam).statement.erased_at
    tick(at=LATER + DAY)

    assert (same_day, reread(spam).statement.erased_at) == (None, LATER + DAY)


def test_a_purge_that_failed_is_done_on_the_same_day(clinic, therapist):
    spam = bring_to(S.SPAM, by=therapist)
    with refusing(lambda sql, params: sql.startswith("UPDATE") and PatientStatement._meta.db_table in sql):
        tick(at=LATER)
    failed = reread(spam).statement.erased_at

    tick(at=LATER)

    assert (failed, reread(spam).statement.erased_at) == (None, LATER)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_erased_whose_week_could_not_be_counted(clinic, therapist):
    spam = bring_to(S.SPAM, by=therapist)
    with refusing(lambda sql, params: StoppedVisit._meta.db_table in sql):
        tick(at=LATER)
    uncounted = reread(spam).statement.erased_at

    tick(at=LATER)

    assert (uncounted, reread(spam).statement.erased_at) == (None, LATER)


def test_a_mark_of_the_day_that_stands_is_asked_for_without_an_error_of_the_database(clinic):
    first = DailyAct.objects.is_first("overdue", on=NOON.date())

    with CaptureQueriesContext(connection) as asked:
        second = DailyAct.objects.is_first("overdue", on=NOON.date())

    assert (first, second) == (True, False)
    assert [query["sql"].split()[0] for query in asked] == ["SELECT"]


def test_somebody_who_signs_out_meanwhile_does_not_undo_an_erasure(clinic, therapist):
    consultation = bring_to(S.WITHDRAWN, by=therapist)
    stays, leaves = SessionStore(), SessionStore()
    for session in (stays, leaves):
        session[SESSION_KEY] = {"answers": "typed"}
        session.create()

    def sign_out(execute, sql, params, many, context):
        if sql.startswith('UPDATE "django_session"') and leaves.session_key in params:
            leaves.delete()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(sign_out):
        erased = keeping.erase([consultation], at=NOON)

    assert erased == [consultation.reference]
    assert [(row.pk, row.get_decoded()) for row in Session.objects.all()] == [(stays.session_key, {})]


def test_what_a_patient_sends_during_an_erasure_leads_on_to_its_confirmation(clinic, therapist):
    consultation = bring_to(S.WITHDRAWN, by=therapist)
    sessions = [SessionStore() for _ in range(2)]
    for session in sessions:
        session[SESSION_KEY] = {"answers": "typed"}
        session.create()
    first, last = sorted(sessions, key=lambda session: session.session_key)

    def send(execute, sql, params, many, context):
        if sql.startswith('UPDATE "django_session"') and first.session_key in params:
            del last[SESSION_KEY]
            last[SENT_KEY] = "CR-ABCDEF"
            last.save()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(send):
        keeping.erase([consultation], at=NOON)

    held = {row.pk: row.get_decoded() for row in Session.objects.all()}
    assert held == {first.session_key: {}, last.session_key: {SENT_KEY: "CR-ABCDEF"}}


def test_an_erased_request_says_nothing_and_keeps_its_reference_and_dates(clinic, owner, therapist):
    consultation = bring_to(S.BOOKED, by=therapist)
    consultation.ask_before = consultation.questions.create(text="Which side?", asked_by=therapist, asked_at=NOON)
    consultation.correct_contact(email="other@patients.example", at=NOON)
    consultation.add_note(text="Afraid of stairs.", by=therapist, at=NOON)
    token = consultation.link_token

    erased = keeping.erase([reread(consultation)], at=NOON, by=owner, reason="asked")

    after = reread(consultation)
    assert erased == [consultation.reference]
    assert {name: getattr(after.statement, name) for name in EMPTY} == EMPTY
    assert (after.status, after.submitted_at, after.region, after.link_sealed) == (
        S.WITHDRAWN,
        consultation.submitted_at,
        "",
        "",
    )
    assert ConsultationRequest.objects.for_link(token) is None
    assert not after.times.standing().exists()
    rows = [*after.questions.values_list("text", "answer"), *after.corrections.values_list("old_phone", "old_email")]
    assert {value for row in [*rows, *after.notes.values_list("text")] for value in row} == {""}
    assert NameWord.objects.count() == 0
    assert queued() == [("staff_update", therapist.email)]
    assert list(AuditEntry.objects.values_list("action", "by", "reference", "detail")) == [
        ("erased", owner.pk, consultation.reference, {"reason": "asked"})
    ]


@pytest.mark.parametrize("status", [status for status in WAYS if status not in OPEN])
def test_nothing_happens_to_an_erased_request_any_more(clinic, owner, therapist, status):
    consultation = bring_to(status, by=therapist)
    stale = reread(consultation)
    keeping.erase([consultation], at=NOON, by=owner)

    assert keeping.erase([stale, reread(consultation)], at=NOON, by=owner) == []
    acts = [
        lambda each: each.add_note(text="Still here.", by=owner, at=NOON),
        lambda each: each.take_up_again(by=owner, at=NOON),
        lambda each: each.restore_from_spam(reason="Real.", by=owner, at=NOON),
    ]
    for act in acts:
        with pytest.raises(TransitionNotAllowed), transaction.atomic():
            act(reread(consultation))
    assert not reread(consultation).notes.exclude(text="").exists()


@pytest.mark.parametrize("field", sorted(EMPTY))
def test_the_database_refuses_a_word_in_an_erased_statement(clinic, field):
    consultation = make_consultation(status=S.SPAM)
    keeping.erase([consultation], at=NOON)
    said = {"any_time": True, "may_name_clinic": True}.get(field, SAID[field])

    with pytest.raises(IntegrityError, match="erased_statement_is_empty"), transaction.atomic():
        PatientStatement.objects.filter(pk=consultation.pk).update(**{field: said})


def test_an_erasure_that_cannot_be_listed_does_not_happen(clinic, settings, tmp_path):
    consultation = make_consultation(status=S.SPAM)
    settings.ERASED_LIST = tmp_path / "missing" / "erased.txt"

    with pytest.raises(FileNotFoundError):
        keeping.erase([consultation], at=NOON)

    assert reread(consultation).statement.full_name == SAID["full_name"]


def test_an_erasure_of_which_only_a_part_can_be_listed_does_not_happen_at_all(clinic, own_list):
    consultations = [make_consultation(status=S.SPAM) for _ in range(3)]
    # Larger than any other file that this process writes to, so that only the list meets the end of the room.
    room, limits = 2**32, resource.getrlimit(resource.RLIMIT_FSIZE)
    with own_list.open("w") as file:
        file.truncate(room)

    resource.setrlimit(resource.RLIMIT_FSIZE, (room + 40, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            keeping.erase(consultations, at=NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert [reread(each).statement.full_name for each in consultations] == [SAID["full_name"]] * 3


def test_machines_that_share_the_list_write_one_after_the_other(own_list):
    with own_list.open("w") as held, ThreadPoolExecutor(1) as another:
        fcntl.flock(held, fcntl.LOCK_EX)
        noting = another.submit(keeping.note, ["CR-ABCDEF"], at=NOON)
        with pytest.raises(TimeoutError):
            noting.result(timeout=0.3)
        before = own_list.read_text()
        fcntl.flock(held, fcntl.LOCK_UN)
        noting.result(timeout=10)

    assert (before, own_list.read_text()[:10]) == ("", "CR-ABCDEF ")


def test_what_is_on_the_list_is_erased_again_and_a_torn_line_hides_none(clinic, own_list):
    listed, unlisted, later = make_consultation(), make_consultation(), make_consultation(at=NOON + 2 * DAY)
    own_list.write_text("CR-ABC")
    keeping.note([listed.reference, later.reference], at=NOON + DAY)

    again = [keeping.erase_again(at=NOON + 3 * DAY) for _ in range(2)]

    assert again == [[listed.reference], []]
    assert [reread(each).statement.erased_at is None for each in (listed, unlisted, later)] == [False, True, True]
    assert own_list.stat().st_mode & 0o777 == 0o600 or own_list.read_text().startswith("CR-ABC")


def test_a_damaged_byte_in_the_list_hides_none(clinic, own_list):
    listed = make_consultation()
    own_list.write_bytes(b"CR-ABC\xff\xfe\x80\n")
    keeping.note([listed.reference], at=NOON + DAY)

    assert keeping.erase_again(at=NOON + 2 * DAY) == [listed.reference]


def test_the_settings_bound_how_short_something_is_kept(clinic):
    with pytest.raises(IntegrityError), transaction.atomic():
        ClinicSettings.objects.update(keep_spam_days=0)


@pytest.mark.parametrize(("status", "kept"), [(S.NEEDS_INFO, True), (S.DECLINED, False)])
def test_that_a_mail_came_back_is_kept_as_long_as_something_hangs_on_it(clinic, therapist, status, kept):
    consultation = bring_to(status, by=therapist)
    facts = {"event": "one_thing", "to": SAID["email"], "queued_at": NOON, "next_attempt_at": NOON}
    OutgoingMail.objects.create(reference=consultation.reference, parked_at=NOON, **facts)

    keeping.purge(at=NOON + 21 * DAY)

    assert OutgoingMail.objects.exists() == kept
    assert consultation.can_be_mailed == (not kept)


def test_an_address_that_works_again_stays_good_after_the_purge(clinic, therapist):
    consultation = bring_to(S.NEEDS_INFO, by=therapist)
    facts = {"reference": consultation.reference, "to": SAID["email"], "next_attempt_at": NOON}
    OutgoingMail.objects.create(event="received", message_id="<1@x>", queued_at=NOON, parked_at=NOON, **facts)
    later = {"queued_at": NOON + DAY, "sent_at": NOON + DAY}
    OutgoingMail.objects.create(event="one_thing", message_id="<2@x>", **later, **facts)

    keeping.purge(at=NOON + 22 * DAY)

    assert consultation.can_be_mailed
