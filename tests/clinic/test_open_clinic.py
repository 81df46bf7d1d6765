"""From the demonstration, or nothing, to a clinic of one's own: the command as somebody uses it at a terminal."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from clinic import answers
from clinic.management.commands.open_clinic import another_day
from tests.conftest import execute, manage

pytestmark = pytest.mark.django_db(transaction=True)

TYPED = {
    "clinic": ["Elm Street Physio", "12345", "(407) 698-5550", "1 Elm Street", "", "Mars/Base", ""],
    "hours": ["Mon-Fri 8-18", "Mon-Fri 8:00-12:00 13:00-18:00", "Tue 11:00-14:00", "Sat 9:00-12:00", ""],
    "holidays": ["Christmas", "2099-12-25 Christmas Day", "2099-12-25 Christmas", "2001-12-25 Christmas", ""],
    "me": ["D" * 121, "Dana Reed", "dana", "dana@elm.example", "yes", "P" * 61, "PT, DPT"],
    "others": [
        "Sam Okafor; dana@elm.example; therapist",
        "Sam Okafor; sam@elm.example; therapist; PT",
        "Nora Fields; nora@elm.example; editor, reviewer; PT",
        "",
    ],
    "drafts": [""],
    "sure": ["yes"],
}
PEOPLE = "SELECT username, email FROM clinic_user ORDER BY id"
ROLES = """
SELECT username, name FROM clinic_user JOIN clinic_user_groups ON clinic_user.id = user_id JOIN auth_group ON auth_group.id = group_id
ORDER BY clinic_user.id, name
"""


def run(environment, *, typed=None):
    lines = "".join(f"{line}\n" for part in (TYPED if typed is None else typed).values() for line in part)
    command = [sys.executable, "manage.py", "open_clinic"]
    return subprocess.run(command, env=environment, input=lines, capture_output=True, text=True, check=False)


@pytest.fixture
def site(another_site, settings):
    """An empty site of its own."""
    environment = another_site() | {"AUDIT_HEADS": "", "PYTHONIOENCODING": "utf-8"}
    environment["AUDIT_HEADS"] = f"{environment['DATA_DIR']}/heads.log"
    return environment


def refused(environment, typed=None):
    """What was said to the one who ended it, or had to; nothing may have been kept."""
    before = execute(environment, PEOPLE)
    done = run(environment, typed=typed)
    assert done.returncode == 1
    assert execute(environment, PEOPLE) == before
    return done.stderr


def test_an_empty_database_becomes_a_clinic_with_its_people_invited(site):
    assert "Nothing was kept" in run(site, typed={"clinic": TYPED["clinic"]}).stderr
    assert "Nothing was kept" in refused(site, TYPED | {"sure": [""]})

    done = run(site)

    assert done.returncode == 0, done.stderr
    for word in (
        "not valid", "“Mars/Base”", "“8-18”", "Write the date", "at most 120", "at most 60", "not a whole e-mail", "has this address",
        "Tuesday: It overlaps with 08:00–12:00", "2099-12-25 stands here", "2001-12-25 is past",
    ):  # fmt: skip
        assert word in done.stdout
    clinic = execute(site, "SELECT name, phone, address, zone, is_demo FROM clinic_clinicsettings")
    assert clinic == [("Elm Street Physio", "+14076985550", "1 Elm Street", "America/New_York", False)]
    assert execute(site, "SELECT COUNT(*), MIN(weekday), MAX(weekday) FROM clinic_openinghours") == [(11, 0, 5)]
    assert execute(site, "SELECT name FROM clinic_holiday") == [("Christmas Day",)]
    assert execute(site, ROLES) == [
        ("dana.reed", "Owner"),
        ("dana.reed", "Therapist"),
        ("sam.okafor", "Therapist"),
        ("nora.fields", "Clinical reviewer"),
        ("nora.fields", "Editor"),
    ]
    invited = execute(site, """SELECT "to" FROM clinic_outgoingmail WHERE event = 'invitation' ORDER BY id""")
    assert invited == [("dana@elm.example",), ("sam@elm.example",), ("nora@elm.example",)]
    assert execute(site, "SELECT DISTINCT status FROM tips_tip") == [("draft",)]
    assert execute(site, "SELECT action FROM clinic_auditentry ORDER BY id") == [
        ("settings_changed",),
        *[("added",)] * 3,
    ]
    assert "/admin/password/new/" in done.stdout
    assert "/admin/opening/" in done.stdout
    assert "has people already" in refused(site)


def test_every_question_can_be_gone_back_to_until_the_last_is_answered(site):
    typed = TYPED | {
        "clinic": ["Elm Stret", "<", "Elm Street Physio", "(407) 698-5550", "1 Elm Street", "", ""],
        "hours": ["Mon-Fri 8:00-18:00", "back", "Mon 8:00-12:00", ""],
        "holidays": ["<", "Tue 8:00-12:00", "", ""],
        "me": ["Dana Reed", "dana@elm.example", "yes", "BACK", "back", "dana@elm.example", "no"],
        "others": ["<", "yes", "", "Sam Okafor; sam@elm.example; therapist", "<", "<", "DPT", "Nora; nora@elm.example; editor", ""],
        "sure": ["<", "no", "yes"],
    }  # fmt: skip

    done = run(site | {"PORT": ""}, typed=typed)

    assert done.returncode == 0, done.stderr
    assert "Taken away: Mon-Fri 8:00-18:00" in done.stdout
    assert execute(site, "SELECT name FROM clinic_clinicsettings") == [("Elm Street Physio",)]
    hours = execute(site, "SELECT weekday FROM clinic_openinghours ORDER BY weekday")
    people = execute(site, "SELECT username, credentials FROM clinic_user ORDER BY id")
    assert (hours, people) == ([(0,), (1,)], [("dana.reed", "DPT"), ("nora", "")])
    assert execute(site, "SELECT COUNT(*) FROM tips_tip") == [(0,)]


def test_the_addresses_are_where_the_site_was_last_served(site):
    here = {name: value for name, value in site.items() if name not in {"PORT", "BASE_URL"}}
    Path(here["DATA_DIR"], "port").write_text("8123")

    done = run(here)

    assert done.stdout.count("http://localhost:8123/admin/") == 2, done.stderr


def test_of_the_demonstration_nothing_is_left(site):
    manage(site, "migrate", "-v0")
    manage(site, "createcachetable")
    manage(site, "demo")
    manage(site, "second_step", "therapist", "--remove")
    manage(site, "worker", "--once")
    assert "Nothing was kept" in refused(site, TYPED | {"sure": ["no"]})

    done = run(site, typed=TYPED | {"drafts": ["no"]})

    assert done.returncode == 0, done.stderr
    assert "demonstration is removed first" in done.stdout
    assert [email for _, email in execute(site, PEOPLE)] == ["dana@elm.example", "sam@elm.example", "nora@elm.example"]
    for table in ("appointments_consultationrequest", "tips_tip", "tips_searchentry", "tips_topic", "django_session"):
        assert execute(site, f"SELECT COUNT(*) FROM {table}") == [(0,)]  # noqa: S608
    assert not Path(site["DATA_DIR"], "staff-passwords.txt").exists()
    assert not list(Path(site["DATA_DIR"]).glob("mail/*.eml"))
    # The record begins anew, is sealed, and no head of the old one calls it broken.
    assert Path(f"{site['AUDIT_HEADS']}.demonstration").exists()
    manage(site, "worker", "--once")
    manage(site, "audit", "verify")
    # And it is guarded again.
    manage(site, "check", "--database", "default")
    with pytest.raises(Exception, match="append-only"):
        execute(site, "DELETE FROM clinic_auditentry")


# At any moment it is another day in one of them than where the machine counts.
@pytest.mark.parametrize("zone", [ZoneInfo("Etc/GMT+12"), ZoneInfo("Pacific/Kiritimati")])
def test_a_holiday_may_be_today_where_the_clinic_is_and_no_earlier(zone):
    today = timezone.localdate(timezone=zone)

    taken = another_day(zone, f"{today} Moving day", [])

    assert taken == (today, "Moving day")
    with pytest.raises(answers.Wrong, match="is past"):
        another_day(zone, f"{today - timedelta(days=1)} Moving day", [])
