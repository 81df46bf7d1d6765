from datetime import time

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import UniqueConstraint

from appointments.models import (
    Actor,
    CarriedOver,
    ConsultationRequest,
    DailyAct,
    HeldQuarter,
    NameWord,
    OfferedTime,
    PatientStatement,
    StatusChange,
    TimeOff,
    WeekCount,
    WorkingHours,
)
from appointments.models.queryset import digest
from tests.factories import DAY, NOON, make_consultation, make_person

from .stages import START, S, bring_to, everything

pytestmark = pytest.mark.django_db


def named_constraints():
    models = apps.get_app_config("appointments").get_models()
    return {constraint.name: (model, constraint) for model in models for constraint in model._meta.constraints}


def what_was_refused(error):
    """The name of the constraint; SQLite names a CHECK, and for a UNIQUE its columns."""
    if connection.vendor == "postgresql":
        return error.__cause__.diag.constraint_name
    said = str(error)
    for name, (model, constraint) in named_constraints().items():
        columns = [
            f"{model._meta.db_table}.{model._meta.get_field(f).column}" for f in getattr(constraint, "fields", [])
        ]
        if said == f"CHECK constraint failed: {name}":
            return name
        if isinstance(constraint, UniqueConstraint) and said == f"UNIQUE constraint failed: {', '.join(columns)}":
            return name
    return said


def change(model, **fields):
    def write(consultation):
        model.objects.filter(pk__in=model.objects.values("pk")[:1]).update(**fields)

    return write


def keep_a_word_twice(consultation):
    NameWord.objects.create(statement=consultation.statement, word=b"zoe")


def add_time(**fields):
    def write(consultation):
        wanted = {"therapist": make_person(), "starts_at": START, "minutes": 30, "mode": "clinic", "held_until": NOON}
        OfferedTime.objects.create(consultation=consultation, **wanted | fields)

    return write


def add_move(**fields):
    def write(consultation):
        StatusChange.objects.create(consultation=consultation, to_status=S.NEW, at=NOON, **fields)

    return write


def book_twice(consultation):
    add_time(booked_at=NOON)(consultation)
    add_time(booked_at=NOON, starts_at=START + DAY)(consultation)


def hold_twice(consultation):
    add_time()(consultation)
    time = consultation.times.get()
    for _ in range(2):
        HeldQuarter.objects.create(therapist=time.therapist, starts_at=START, time=time)


def book_without_a_visit(consultation):
    ConsultationRequest.objects.filter(pk=consultation.pk).update(status=S.BOOKED, assigned_to=make_person())


WITHOUT_THERAPIST = [S.IN_REVIEW, S.NEEDS_INFO, S.PROPOSED, S.BOOKED]


def do_twice(consultation):
    DailyAct.objects.create(name="overdue", day=NOON.date())
    DailyAct.objects.create(name="overdue", day=NOON.date())


def work_backwards(consultation):
    WorkingHours.objects.create(therapist=make_person(), weekday=0, starts=time(12), ends=time(12))


def be_off_backwards(consultation):
    TimeOff.objects.create(therapist=make_person(), starts_at=NOON, ends_at=NOON)


def count_twice(model, **fields):
    def write(consultation):
        for _ in range(2):
            model.objects.create(kind="sent", key="", count=5, **fields)

    return write


REFUSED = [
    *[
        (
            "request_in_review_has_a_therapist",
            change(ConsultationRequest, status=status, visit_at=START if status == S.BOOKED else None),
        )
        for status in WITHOUT_THERAPIST
    ],
    ("request_has_a_visit_while_it_is_booked", change(ConsultationRequest, visit_at=START)),
    ("request_has_a_visit_while_it_is_booked", book_without_a_visit),
    *[
        ("request_in_review_has_a_therapist", change(ConsultationRequest, status=status, closed_at=NOON))
        for status in (S.COMPLETED, S.NO_SHOW)
    ],
    ("request_is_closed_or_open", change(ConsultationRequest, closed_at=NOON)),
    *[
        ("request_is_closed_or_open", change(ConsultationRequest, status=status))
        for status in (S.WITHDRAWN, S.LAPSED, S.SPAM)
    ],
    *[
        (
            "declined_request_says_why_and_what_next",
            change(ConsultationRequest, status=S.DECLINED, closed_at=NOON, decline_reason=reason, next_step=step),
        )
        for reason, step in (("", "call_us"), ("too_far", ""))
    ],
    ("status_change_by_staff_names_them", add_move(actor=Actor.STAFF)),
    ("statement_gives_a_way_to_answer", change(PatientStatement, phone="", email="")),
    ("erased_statement_is_empty", change(PatientStatement, erased_at=NOON)),
    ("pain_score_is_0_to_10", change(PatientStatement, pain_score=11)),
    *[("offered_time_is_whole_quarter_hours", add_time(minutes=minutes)) for minutes in (0, 20, 255)],
    ("offered_time_is_whole_quarter_hours", add_time(starts_at=START.replace(minute=5))),
    ("offered_time_is_whole_quarter_hours", add_time(starts_at=START.replace(second=1))),
    ("offered_time_is_held_or_booked", add_time(held_until=None)),
    ("request_has_one_booked_time", book_twice),
    ("therapist_is_in_one_place_at_a_time", hold_twice),
    ("request_decided_at_and_decided_by", change(ConsultationRequest, decided_at=NOON)),
    ("request_second_look_at_and_second_look_by", change(ConsultationRequest, second_look_at=NOON)),
    ("daily_act_is_done_once_a_day", do_twice),
    ("working_hours_start_before_they_end", work_backwards),
    ("time_off_starts_before_it_ends", be_off_backwards),
    ("name_word_is_kept_once_for_each_name", keep_a_word_twice),
    ("people_are_counted_once_a_week", count_twice(WeekCount, week=NOON.date())),
    ("carried_over_is_one_number_a_row", count_twice(CarriedOver)),
]


@pytest.mark.parametrize(("name", "write"), REFUSED)
def test_the_database_refuses_what_must_not_be(clinic, name, write):
    consultation = make_consultation()

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        write(consultation)

    assert what_was_refused(refusal.value) == name


def test_every_constraint_of_this_app_is_seen_to_refuse():
    assert {name for name, write in REFUSED} == set(named_constraints())


@pytest.mark.parametrize("actor", [Actor.PATIENT, Actor.SYSTEM])
def test_only_staff_are_named_in_the_history(clinic, therapist, actor):
    consultation = make_consultation()

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        add_move(actor=actor, by=therapist)(consultation)

    assert what_was_refused(refusal.value) == "status_change_by_staff_names_them"


@pytest.mark.parametrize("field", ["reference", "form_hash", "link_hash"])
def test_no_two_requests_share_a_reference_a_form_or_a_link(clinic, field):
    first = make_consultation(reference="CR-AAAAAA", form_hash=digest("form"), link_hash=digest("link"))

    with pytest.raises(IntegrityError, match=field), transaction.atomic():
        make_consultation(**{field: getattr(first, field)})

    assert ConsultationRequest.objects.count() == 1


def test_a_request_has_one_statement(clinic):
    consultation = make_consultation()
    copy = PatientStatement.objects.filter(pk=consultation.pk).values().get()

    with pytest.raises(IntegrityError, match=r"consultation_id|statement_pkey"), transaction.atomic():
        PatientStatement.objects.bulk_create([PatientStatement(**copy)])

    assert PatientStatement.objects.count() == 1


@pytest.mark.parametrize("rewrite", [lambda moves: moves.update(at=NOON), lambda moves: moves._raw_delete("default")])
def test_the_history_cannot_be_rewritten(clinic, therapist, rewrite):
    bring_to(S.IN_REVIEW, by=therapist)
    before = everything()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rewrite(StatusChange.objects.all())

    assert everything() == before


def test_a_released_time_makes_room_for_another_booking(clinic):
    consultation = make_consultation()
    add_time(booked_at=NOON, released_at=NOON)(consultation)

    add_time(booked_at=NOON, starts_at=START + DAY)(consultation)

    assert [time.starts_at for time in consultation.times.booked()] == [START + DAY]
