import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from appointments.models import ConsultationRequest, PatientStatement
from clinic import health, mail
from clinic.health import WORKER
from clinic.management.commands.run import refuse_an_unwritable
from clinic.models import ClinicSettings, Heartbeat, Holiday, OpeningHours, OutgoingMail, User
from clinic.signin import steps_of
from tests.conftest import free_port, wait_for
from tests.factories import DAY, HOUR, make_clinic, make_person, make_roles
from tips.models import Tip


@pytest.fixture
def worker(environment, transactional_db, settings):
    """Start the real worker on the test database."""
    started = []

    def start(*arguments, port):
        command = [sys.executable, "manage.py", "worker", *arguments]
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment | {"EMAIL_URL": f"smtp://127.0.0.1:{port}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def queue(*, at):
    return mail.queue("staff_new", to="robin@clinic.example", context={"reference": "CR-ACDEFG"}, at=at)


# worker


def said_of(process):
    """What it had to say, but for the heads of the audit, which the log is to have."""
    output, errors = process.communicate(timeout=30)
    return "\n".join(line for line in (output + errors).splitlines() if " clinic.audit: head of " not in line)


def test_the_worker_told_once_does_all_that_is_due_and_stops(worker, post_office):
    now = timezone.now()
    due = [queue(at=now - DAY) for _ in range(25)]
    later = queue(at=now - DAY)
    OutgoingMail.objects.filter(pk=later.pk).update(next_attempt_at=now + HOUR / 2)
    Session.objects.create(session_key="old", session_data="", expire_date=now - DAY)
    Session.objects.create(session_key="fresh", session_data="", expire_date=now + DAY)

    process = worker("--once", port=post_office.port)

    assert (said_of(process), process.returncode) == ("", 0)
    assert sorted(post_office.taken_ids) == sorted(mail.message_id for mail in due)
    assert list(OutgoingMail.objects.unsent()) == [later]
    assert [session.session_key for session in Session.objects.all()] == ["fresh"]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_stop_does_so_without_a_word(worker, post_office, stop):
    queue(at=timezone.now() - DAY)
    process = worker(port=post_office.port)
    post_office.wait_for_a_mail()

    process.send_signal(stop)

    assert (said_of(process), process.returncode) == ("", 0)
    assert OutgoingMail.objects.unsent().count() == 0


def test_a_worker_leaves_a_sign_that_it_is_at_work(worker, closed_post_office):
    before = timezone.now()

    worker("--once", port=closed_post_office).communicate(timeout=30)

    beat = Heartbeat.objects.get(name=WORKER)
    assert before < beat.seen_at < timezone.now()


def test_a_worker_without_a_mail_server_goes_on_and_names_no_address(worker, closed_post_office):
    queued = queue(at=timezone.now() - DAY)

    process = worker("--once", port=closed_post_office)

    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [line.split(": ", 1)[1] for line in said.splitlines()] == [
        f"mail not sent mail={queued.pk} template=staff_new said=ConnectionRefusedError"
    ]


# second_step


@pytest.mark.parametrize("name", ["sam.okafor", "SAM@clinic.example"])
def test_who_lost_the_second_step_is_found_by_what_they_sign_in_with(db, name):
    person = make_person("Owner", username="sam.okafor", email="sam@clinic.example")
    said = StringIO()

    call_command("second_step", name, "--remove", stdout=said)
    call_command("second_step", name, "--remove", stdout=said)

    first, second = said.getvalue().splitlines()
    assert first.endswith("has no second step any more and sets up a new one at the next sign-in.")
    assert second == f"{person} has no second step."
    assert not steps_of(person).exists()


# demo


def test_a_real_clinic_gets_no_accounts_whose_passwords_stand_in_a_file(db, settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="for development"):
        run_demo()

    assert not User.objects.exists()


def run_demo():
    said = StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


@pytest.fixture
def roles(db):
    make_roles()


@pytest.fixture
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.mark.django_db
def test_the_demo_fills_an_empty_site_that_says_it_is_one(data_dir, client, roles):
    run_demo()

    clinic = ClinicSettings.objects.get()
    assert (clinic.name, clinic.is_demo) == ("B Physical Therapy", True)
    assert [slot.weekday for slot in OpeningHours.objects.all()] == [0, 1, 2, 3, 4]
    assert Holiday.objects.count() == 6
    # One at each desk of those who write and review.
    assert {"draft", "in_editorial", "in_clinical"} < set(Tip.objects.values_list("status", flat=True))
    published = Tip.objects.published(at=timezone.now())
    assert published.count() == Tip.objects.count() > 5
    page = client.get("/").content.decode()
    assert "Sample content." in page
    assert [tip.live.title for tip in published.for_list()[:1] if tip.live.title not in page] == []


@pytest.mark.django_db
def test_the_demo_has_requests_at_different_places_of_their_way(data_dir, roles):
    run_demo()

    stand = ConsultationRequest.objects.order_by("submitted_at").values_list("status", "urgency", "suspicion")
    assert sorted(stand) == [
        ("booked", "routine", ""),
        ("in_review", "routine", ""),
        ("needs_info", "routine", ""),
        ("new", "routine", ""),
        ("new", "routine", "links"),
        ("new", "urgent", ""),
        ("proposed", "routine", ""),
    ]
    assert [name for name in PatientStatement.objects.values_list("full_name", flat=True) if "Sample" not in name] == []
    assert OutgoingMail.objects.unsent().exists()
    assert health.look(at=timezone.now()).mail_waits_since is None
    addresses = [email for email in PatientStatement.objects.values_list("email", flat=True) if email]
    assert [email for email in addresses if not email.endswith(".example")] == []


@pytest.mark.django_db
def test_each_sample_person_has_a_role_and_a_password_that_works(data_dir, roles):
    said = run_demo()

    people = {person.username: [group.name for group in person.groups.all()] for person in User.objects.all()}
    assert people == {
        "owner": ["Owner"],
        "therapist": ["Therapist"],
        "therapist2": ["Therapist"],
        "editor": ["Editor"],
        "editor2": ["Editor"],
        "reviewer": ["Clinical reviewer"],
    }
    passwords = dict(re.findall(r"^  (\w+) +([\w-]+)$", said, re.MULTILINE))
    assert {name: authenticate(username=name, password=passwords[name]).username for name in people} == {
        name: name for name in people
    }
    assert len(set(passwords.values())) == 6
    assert re.findall(r"^  (\w+) +otpauth://totp/", said, re.MULTILINE) == ["owner", "therapist", "therapist2"]


@pytest.mark.django_db
def test_nobody_of_the_sample_is_a_superuser(data_dir, roles):
    run_demo()

    assert list(User.objects.filter(is_superuser=True)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("before", [None, 0o644])
def test_the_sample_passwords_are_kept_where_only_their_owner_can_read_them(data_dir, roles, before):
    file = data_dir / "staff-passwords.txt"
    if before:
        file.write_text("passwords of an earlier demonstration")
        file.chmod(before)

    said = run_demo()

    assert str(file) in said
    assert [line.split()[0] for line in file.read_text().splitlines()] == [
        "owner",
        "therapist",
        "therapist2",
        "editor",
        "editor2",
        "reviewer",
    ]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_the_demo_refuses_a_site_where_somebody_works_and_changes_nothing(data_dir):
    clinic = make_clinic(approved=False)
    make_person("Owner", username="robin")

    with pytest.raises(CommandError):
        run_demo()

    assert (ClinicSettings.objects.get().name, ClinicSettings.objects.get().is_demo) == (clinic.name, False)
    assert [person.username for person in User.objects.all()] == ["robin"]
    assert list(data_dir.iterdir()) == []


# run


@pytest.mark.parametrize("port", ["0", "65536", "http", "", "80 80", "²"])
def test_run_refuses_what_is_not_a_port(port):
    with pytest.raises(CommandError, match=f"“{port}” is not a port. Choose a number such as 8000: make run PORT=8000"):
        call_command("run", port=port)


def test_run_refuses_a_port_that_is_taken_and_names_another(data_dir):
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(CommandError) as refusal:
            call_command("run", port=str(port))

    assert str(refusal.value) == f"Port {port} is taken. Choose another: make run PORT={port + 1}"
    assert list(data_dir.iterdir()) == []


def test_run_refuses_a_folder_that_it_cannot_write_to(settings, tmp_path):
    (tmp_path / "a file").touch()
    settings.DATA_DIR = tmp_path / "a file" / "var"

    with pytest.raises(CommandError) as refusal:
        call_command("run", port=str(free_port()))

    assert str(refusal.value) == (
        f"{settings.DATA_DIR} cannot be written to. Name another folder: make run DATA_DIR=/some/folder"
    )


def test_run_leaves_the_folder_that_it_tried_as_it_was(data_dir):
    refuse_an_unwritable(data_dir / "new")

    assert [file.name for file in data_dir.iterdir()] == ["new"]
    assert list((data_dir / "new").iterdir()) == []


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes under /proc")
def test_a_clinic_that_is_told_to_close_again_and_again_leaves_no_process_behind(tmp_path, settings):
    """As where a whole group of processes is ended, make among them, which passes it on."""
    port = str(free_port())
    mine = {"PATH": os.defpath, "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path / "var")}
    command = [sys.executable, "manage.py", "run", "--port", port]
    clinic = subprocess.Popen(command, cwd=settings.BASE_DIR, env=mine, stdout=subprocess.DEVNULL)
    wait_for(f"http://localhost:{port}/health/live/", clinic, seconds=120)
    before = processes_of(tmp_path)

    for _ in range(5):
        clinic.terminate()
        time.sleep(0.05)

    clinic.wait(timeout=30)
    assert (len(before) >= 3, processes_of(tmp_path)) == (True, [])


def processes_of(folder):
    """Whoever was started with its data there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found
