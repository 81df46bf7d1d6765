"""docs/privacy.md, for the clinic's lawyer: held against the models, the settings and the code it speaks of."""

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings

from appointments.models.statement import EMPTY
from clinic import visits
from clinic.models import ClinicSettings

TEXT = (settings.BASE_DIR / "docs" / "privacy.md").read_text()
NAMED = set(re.findall(r"`(\w+(?:\.\w+)?)`", TEXT))
DAYS = {
    "keep_met_days": "requests that ended with a visit",
    "keep_unmet_days": "declined, withdrawn, lapsed, missed",
    "keep_spam_days": "spam",
    "keep_mail_days": "notes of mails sent or given up",
}


def unnamed(fields, named=NAMED):
    return [field for field in fields if field not in named]


def personal_fields():
    """Each field that its model calls personal, and all that a patient answers besides."""
    declared = [
        f"{model.__name__}.{name}"
        for model in apps.get_models()
        for name in (*getattr(model, "PERSONAL_FIELDS", ()), *getattr(model, "NOT_PERSONAL", ()))
    ]
    return [*declared, *(f"PatientStatement.{name}" for name in EMPTY)]


def test_every_field_that_a_patient_fills_has_its_line():
    assert unnamed(personal_fields()) == []


def test_a_field_without_a_line_is_noticed():
    without = NAMED - {"PatientStatement.access_needs"}

    missing = unnamed(personal_fields(), without)

    assert set(missing) == {"PatientStatement.access_needs"}


def test_every_model_is_spoken_of():
    models = {model.__name__ for model in apps.get_models()}
    spoken_of = {name.split(".")[0] for name in NAMED}

    assert models - spoken_of == set()


def test_no_line_is_about_a_field_that_is_gone():
    models = {model.__name__: {field.name for field in model._meta.fields} for model in apps.get_models()}
    pairs = [name.split(".") for name in NAMED if "." in name]

    gone = [f"{model}.{field}" for model, field in pairs if model in models and field not in models[model]]

    assert gone == []


def test_every_place_in_the_code_that_it_points_to_is_there():
    places = set(re.findall(r"`((?:clinic|appointments|tests|deploy|tips)/[\w./]*)`", TEXT))

    missing = [place for place in sorted(places) if not (settings.BASE_DIR / place).exists()]

    assert len(places) > 15
    assert missing == []


@pytest.mark.parametrize(("name", "words"), DAYS.items())
def test_the_days_are_those_of_the_settings(name, words):
    field = ClinicSettings._meta.get_field(name)
    least, most = sorted(bound.limit_value for bound in field.validators[-2:])

    row = next(line for line in TEXT.splitlines() if line.startswith(f"| {words} |"))

    assert re.findall(r"\d[\d,]*", row) == [str(field.default), str(least), f"{most:,}"]


def test_the_length_of_a_visit_is_the_one_of_the_code():
    lengths = visits.IDLE_WITH_REQUESTS, visits.IDLE, visits.LONGEST

    assert lengths == (timedelta(minutes=15), timedelta(hours=2), timedelta(hours=12))
    assert "after 15 minutes without a hand on the desk" in TEXT
    assert "two hours for others), twelve hours in any case" in TEXT


def test_all_lines_of_the_rule_are_answered():
    lines = re.findall(r"^\| (\([a-e]\)\(\d\)(?:\([iv]+\))?|\(b\)|\(d\)) ", TEXT, re.MULTILINE)

    assert lines == [
        "(a)(1)", "(a)(2)(i)", "(a)(2)(ii)", "(a)(2)(iii)", "(a)(2)(iv)", "(b)", "(c)(1)", "(c)(2)", "(d)",
        "(e)(1)", "(e)(2)(i)", "(e)(2)(ii)",
    ]  # fmt: skip
