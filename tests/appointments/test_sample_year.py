"""The year of sample requests: whole, plausible, marked as made up, and never mailed."""

import itertools
from collections import Counter
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from appointments import sample_year
from appointments.models import (
    TRANSITIONS,
    ConsultationRequest,
    HeldQuarter,
    OfferedTime,
    PatientStatement,
    RequestStatus,
    WeekCount,
)
from appointments.models.states import ANSWERS
from clinic.models import ClinicSettings, DayCount, OutgoingMail, User, forget
from tests.factories import DAY, NOON, make_clinic, make_person, make_roles, make_tip
from tips.models import Tip

pytestmark = pytest.mark.django_db

AT = NOON


@pytest.fixture
def year(clinic, therapist, colleague):
    for age in range(5):
        make_tip(slug=f"tip-of-the-year-{age}", published_at=AT - 80 * (age + 1) * DAY)
    return sample_year.make([therapist, colleague], at=AT)


def test_it_is_about_a_thousand_requests_in_every_state_over_a_year(year):
    statuses = set(ConsultationRequest.objects.values_list("status", flat=True))
    weekdays = Counter(each.weekday() for each in ConsultationRequest.objects.values_list("submitted_at", flat=True))
    first, last = (
        getattr(ConsultationRequest.objects, by)("submitted_at").submitted_at for by in ("earliest", "latest")
    )

    assert 850 <= year <= 1200
    assert statuses == set(RequestStatus)
    assert (last - first).days in range(355, 366)
    # More on Mondays than on Sundays.
    assert weekdays[0] > 1.5 * weekdays[6]


def test_every_request_came_where_it_stands_by_legal_steps_none_of_them_in_the_future(year):
    broken = []
    for consultation in ConsultationRequest.objects.prefetch_related("history"):
        moves = list(consultation.history.all())
        begin, *later = [(move.from_status, move.to_status) for move in moves]
        is_whole = begin == ("", "new") and all(to in TRANSITIONS[frm] for frm, to in later)
        joins = all(a.to_status == b.from_status and a.at <= b.at for a, b in itertools.pairwise(moves))
        stands = moves[-1].to_status == consultation.status and consultation.version == len(moves) - 1
        answer = next((move.at for move in moves if move.by_id and move.to_status in ANSWERS), None)
        if not (is_whole and joins and stands and moves[-1].at <= AT and answer == consultation.first_answered_at):
            broken.append((consultation.reference, [str(move) for move in moves]))

    assert broken == []


def test_every_word_of_it_says_that_it_is_a_sample(year):
    people = PatientStatement.objects.values_list("full_name", "goal", "email", "note")

    assert [person for person in people if not all(word.startswith("Sample") for word in person[:2])] == []
    assert {person[2:] for person in people} == {("", "")}


def test_nobody_is_mailed(year):
    assert OutgoingMail.objects.count() == 0


def test_therapists_are_in_one_place_at_a_time_and_a_time_given_up_is_free(year):
    given_up = HeldQuarter.objects.filter(time__released_at__isnull=False)
    booked = OfferedTime.objects.booked().exclude(consultation__status__in=["booked", "completed", "no_show"])

    assert (given_up.count(), booked.count()) == (0, 0)


def test_it_is_counted_by_week_and_has_its_looks_at_pages(year):
    assert sum(WeekCount.objects.by_week("sent").values()) > 800
    assert {"home", "list", "start", "begun", "tip"} == set(DayCount.objects.values_list("kind", flat=True))


# demo --year


def demo(*arguments):
    out = StringIO()
    call_command("demo", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def sample_clinic(settings, tmp_path):
    settings.DEBUG, settings.DATA_DIR = True, tmp_path
    make_clinic(is_demo=True)
    make_person("Therapist", email="sam@demo.example")
    forget()


def test_it_is_added_to_the_sample_clinic_and_only_once(sample_clinic):
    first, again = demo("--year"), demo("--year")

    assert first.startswith("A year of ")
    assert again == "The year of sample requests is there already.\n"
    assert ConsultationRequest.objects.count() == int(first.split()[3])
    assert ConsultationRequest.objects.latest("submitted_at").submitted_at < timezone.now()


def test_an_empty_site_is_filled_first(db, settings, tmp_path):
    settings.DEBUG, settings.DATA_DIR = True, tmp_path
    make_roles()

    said = demo("--year")

    assert ("Sample staff accounts" in said, "A year of " in said) == (True, True)
    assert (User.objects.count(), Tip.objects.exists(), ClinicSettings.objects.get().is_demo) == (6, True, True)


@pytest.mark.parametrize(
    ("debug", "facts", "why"),
    [
        (False, {"is_demo": True}, "DEBUG is off"),
        (True, {"is_demo": False}, "This one is real"),
        (True, {"is_demo": True}, "sample therapists are not here"),
    ],
)
def test_it_is_refused_where_it_has_no_place(db, settings, debug, facts, why):
    settings.DEBUG = debug
    make_clinic(**facts)
    make_person("Therapist", email="sam@clinic.example")

    with pytest.raises(CommandError, match=why):
        demo("--year")

    assert ConsultationRequest.objects.count() == 0
