import time
from datetime import date
from datetime import time as hour

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from clinic import audit, generation, models
from clinic.constraints import both_or_neither
from clinic.models import ClinicSettings, Holiday, OpeningHours, OutgoingMail, User
from tests.factories import NOON, make_clinic

pytestmark = pytest.mark.django_db


def make_mail(**fields):
    wanted = {
        "event": "received",
        "to": "robin@clinic.example",
        "context": "",
        "message_id": "<1@clinic.example>",
        "queued_at": NOON,
        "next_attempt_at": NOON,
    }
    return OutgoingMail.objects.create(**wanted | fields)


def rename_behind_our_back(name):
    """As another machine does: the row changes, and nothing on this one is told."""
    connection.execute_wrappers.remove(generation.notice)
    ClinicSettings.objects.update(name=name)
    generation.watch_connection(connection=connection)


# People


@pytest.mark.parametrize(
    ("fields", "name", "byline"),
    [
        ({"display_name": "Sam Okafor", "credentials": "PT, DPT"}, "Sam Okafor", "Sam Okafor, PT, DPT"),
        ({"display_name": "Sam Okafor"}, "Sam Okafor", "Sam Okafor"),
        ({"credentials": "PT"}, "sam", "sam, PT"),
        ({}, "sam", "sam"),
    ],
)
def test_a_person_is_named_as_they_wish_and_signs_with_their_credentials(fields, name, byline):
    person = User(username="sam", **fields)

    assert (str(person), person.get_short_name(), person.byline) == (name, name, byline)


# What the database refuses


def refused_by(constraint):
    return pytest.raises(IntegrityError, match=constraint)


def test_a_second_row_of_settings_is_refused(clinic):
    with refused_by("clinic_settings_is_one_row"), transaction.atomic():
        ClinicSettings.objects.bulk_create([ClinicSettings(pk=2)])


def test_saving_settings_made_anew_changes_the_one_row(clinic):
    ClinicSettings(name="Oak Street Clinic").save()

    assert list(ClinicSettings.objects.values_list("pk", "name")) == [(1, "Oak Street Clinic")]


@pytest.mark.parametrize("closes", [hour(8), hour(7, 59)])
def test_hours_that_close_before_they_open_are_refused(closes):
    with refused_by("opening_hours_open_before_they_close"), transaction.atomic():
        OpeningHours(weekday=0, opens=hour(8), closes=closes).save()


def test_a_mail_both_sent_and_parked_is_refused():
    with refused_by("mail_is_sent_or_parked_not_both"), transaction.atomic():
        make_mail(sent_at=NOON, parked_at=NOON)


def test_two_mails_with_one_message_id_are_refused():
    make_mail()

    with refused_by("message_id"), transaction.atomic():
        make_mail()


def test_two_holidays_on_one_day_are_refused():
    Holiday(date=date(2026, 7, 4), name="Independence Day").save()

    with refused_by("date"), transaction.atomic():
        Holiday(date=date(2026, 7, 4), name="Again").save()


@pytest.mark.parametrize(
    ("pair", "is_fine"),
    [
        ({}, True),
        ({"sent_at": NOON, "parked_at": NOON}, True),
        ({"sent_at": NOON}, False),
        ({"parked_at": NOON}, False),
    ],
)
def test_both_or_neither_refuses_half_a_fact(pair, is_fine):
    constraint = both_or_neither("sent_at", "parked_at", name="both")

    try:
        constraint.validate(OutgoingMail, OutgoingMail(**pair))
    except ValidationError:
        assert not is_fine
    else:
        assert is_fine


@pytest.mark.parametrize("zone", ["", "EDT", "America/Nowhere", "../etc/passwd", "america/new_york\0"])
def test_a_time_zone_that_does_not_exist_is_refused_with_an_example(zone):
    with pytest.raises(ValidationError, match="Write it like America/New_York"):
        models.validate_time_zone(zone)


# The settings in memory


def test_settings_are_read_once_and_then_remembered(clinic, django_assert_num_queries):
    ClinicSettings.current()

    with django_assert_num_queries(0):
        assert (ClinicSettings.current().name, ClinicSettings.remembered().name) == (clinic.name, clinic.name)


def test_a_change_by_another_machine_is_seen_when_memory_ends_and_not_before(clinic, settings):
    settings.CLINIC_MEMORY_SECONDS = 0.2
    ClinicSettings.current()
    rename_behind_our_back("Oak Street Clinic")
    at_once = ClinicSettings.current().name

    time.sleep(0.25)

    assert (at_once, ClinicSettings.current().name) == (clinic.name, "Oak Street Clinic")


def test_a_change_is_seen_within_two_seconds_where_nothing_else_is_set(settings):
    assert settings.CLINIC_MEMORY_SECONDS == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda: make_clinic(name="Oak Street Clinic"),
        lambda: OpeningHours(weekday=6, opens=hour(9), closes=hour(12)).save(),
        lambda: OpeningHours.objects.first().delete(),
        lambda: Holiday(date=date(2026, 12, 24), name="Christmas Eve").save(),
        lambda: Holiday.objects.get().delete(),
    ],
)
def test_our_own_change_is_seen_at_once_when_it_is_committed(clinic, django_capture_on_commit_callbacks, change):
    Holiday(date=date(2026, 7, 4), name="Independence Day").save()
    before = facts()

    with django_capture_on_commit_callbacks(execute=True):
        change()

    assert facts() != before


def facts():
    clinic = ClinicSettings.current()
    return clinic.name, clinic.week, clinic.holidays


def test_a_change_that_is_rolled_back_is_not_remembered(clinic):
    with transaction.atomic():
        make_clinic(name="Oak Street Clinic")
        transaction.set_rollback(True)

    assert ClinicSettings.current().name == clinic.name


def test_settings_carry_the_week_and_the_holidays():
    make_clinic(zone="America/Chicago")
    OpeningHours(weekday=0, opens=hour(19), closes=hour(20)).save()
    Holiday(date=date(2026, 7, 4), name="Independence Day").save()
    models.forget()

    clinic = ClinicSettings.current()

    assert clinic.week[0] == [(hour(8), hour(18)), (hour(19), hour(20))]
    assert sorted(clinic.week) == [0, 1, 2, 3, 4]
    assert (clinic.holidays, clinic.tzinfo.key) == (frozenset([date(2026, 7, 4)]), "America/Chicago")


def test_remembered_settings_touch_no_database_even_when_there_is_nothing_to_remember(
    clinic, django_assert_num_queries
):
    models.forget()

    with django_assert_num_queries(0):
        remembered = ClinicSettings.remembered()

    assert (str(remembered.name), remembered.week, remembered.holidays) == ("The clinic", {}, frozenset())


@pytest.mark.parametrize("known", [True, False])
def test_without_a_database_the_settings_are_those_last_read(clinic, settings, database_is_gone, known):
    settings.CLINIC_MEMORY_SECONDS = -1
    if known:
        ClinicSettings.current()

    with database_is_gone():
        current = ClinicSettings.current()

    assert str(current.name) == (clinic.name if known else "The clinic")
    assert ClinicSettings.current().name == clinic.name


def test_without_a_database_the_caller_can_still_use_its_transaction(clinic, database_is_gone):
    with database_is_gone():
        ClinicSettings.current()

    assert ClinicSettings.objects.get().name == clinic.name


# What the desk reads


def test_a_mail_is_named_by_its_event_and_reference():
    mail = make_mail(event="choose_a_time", reference="CR-ACDEFG")

    assert (str(mail), mail.label) == ("choose_a_time CR-ACDEFG", "Choose a time")
    assert str(make_mail(message_id="<2@clinic.example>")) == "received"


def test_unsent_mail_is_neither_sent_nor_parked():
    make_mail(event="waiting", message_id="<1@clinic.example>")
    make_mail(event="sent", message_id="<2@clinic.example>", sent_at=NOON)
    make_mail(event="parked", message_id="<3@clinic.example>", parked_at=NOON)

    assert [mail.event for mail in OutgoingMail.objects.unsent()] == ["waiting"]
    assert [mail.event for mail in OutgoingMail.objects.parked()] == ["parked"]


def test_a_person_with_a_record_cannot_be_deleted(therapist):
    audit.record(models.AuditAction.OPENED, by=therapist, at=NOON)

    with pytest.raises(ProtectedError):
        therapist.delete()


def test_rows_are_written_in_the_words_of_the_clinic():
    slot = OpeningHours(weekday=0, opens=hour(8), closes=hour(18))
    holiday = Holiday(date=date(2026, 7, 4), name="Independence Day")

    assert (str(slot), str(holiday)) == ("Monday 08:00–18:00", "Independence Day (2026-07-04)")
