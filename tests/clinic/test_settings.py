import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

GOOD_KEY = "kT2-vX9_qLm4Zr8YwB1nCs6HdFj0GpEaUi5oRt3xKv7NyQbMzWlD"
PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": GOOD_KEY,
    "ALLOWED_HOSTS": "clinic.example",
    "BASE_URL": "https://clinic.example",
    "EMAIL_URL": "smtp+tls://user:password@mail.clinic.example:587",
}


def python(folder, *arguments, **environment):
    """Run Python on the project as a machine would that has nothing set but this."""
    environment = {"PATH": os.defpath, "ENV_FILE": os.devnull, "DATA_DIR": str(folder / "var"), **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=30, check=False
    )


def setting(folder, *names, **environment):
    said = python(
        folder,
        "-c",
        "import json, sys; from clinic import settings; "
        "json.dump([getattr(settings, name, None) for name in sys.argv[1:]], sys.stdout, default=str)",
        *names,
        **environment,
    )
    assert said.stderr == ""
    return json.loads(said.stdout)


# Production


@pytest.mark.parametrize(
    "start", [["manage.py", "run"], ["manage.py", "worker", "--once"], ["-c", "import clinic.wsgi"]]
)
def test_nothing_starts_on_an_unsafe_setting(tmp_path, start):
    said = python(tmp_path, *start, **PRODUCTION | {"SECRET_KEY": "short"})

    assert said.returncode != 0
    assert "SECRET_KEY is too short or too simple." in said.stderr


def test_production_does_not_repeat_the_key_that_it_refuses(tmp_path):
    said = python(tmp_path, "manage.py", "check", **PRODUCTION | {"SECRET_KEY": "hunter2-hunter2"})

    assert "SECRET_KEY is too short" in said.stderr
    assert "hunter2" not in said.stdout + said.stderr


def test_a_sound_production_passes_the_deployment_check_without_a_word(tmp_path):
    said = python(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert (said.returncode, said.stdout, said.stderr) == (
        0,
        "System check identified no issues (0 silenced).\n",
        "",
    )


def test_production_is_https_only_and_keeps_its_cookies_to_it(tmp_path):
    names = ["SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS"]

    assert setting(tmp_path, *names, **PRODUCTION) == [True, True, True, 365 * 24 * 60 * 60]


def test_production_links_to_its_own_address_and_sends_from_there(tmp_path):
    values = setting(
        tmp_path, "BASE_URL", "DEFAULT_FROM_EMAIL", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS", **PRODUCTION
    )

    assert values == ["https://clinic.example", "front-desk@clinic.example", "mail.clinic.example", 587, True]


@pytest.mark.parametrize(("said", "believed"), [("0", None), ("1", ["HTTP_X_FORWARDED_PROTO", "https"])])
def test_a_proxy_is_believed_only_where_one_was_named(tmp_path, said, believed):
    assert setting(tmp_path, "SECURE_PROXY_SSL_HEADER", **PRODUCTION, PROXY_COUNT=said) == [believed]


# What a command says where it cannot go on


AWAY = {"DATABASE_URL": "postgres://clinic:password-of-the-clinic@127.0.0.1:1/clinic"}


@pytest.mark.parametrize(
    "command", [["audit", "verify"], ["second_step", "therapist"], ["migrate"], ["createcachetable"], ["purge"]]
)
def test_why_there_is_no_database_is_said_in_one_sentence(tmp_path, command):
    said = python(tmp_path, "manage.py", *command, **AWAY)

    [sentence] = [line for line in said.stderr.splitlines() if line.startswith("The database says “connection failed")]
    assert said.returncode == 1
    assert "Connection refused" in sentence
    assert "Traceback" not in said.stderr
    assert "password-of-the-clinic" not in said.stderr


def test_whoever_wants_to_know_more_is_told_it(tmp_path):
    said = python(tmp_path, "manage.py", "audit", "verify", "--traceback", **AWAY)

    assert "Traceback" in said.stderr


def test_a_check_of_a_database_that_is_away_does_not_say_that_all_is_well(tmp_path):
    said = python(tmp_path, "manage.py", "check", "--database", "default", "--fail-level", "WARNING", **AWAY)

    assert said.returncode == 1
    assert "The database gives no answer" in said.stderr


def test_a_file_that_is_no_database_is_said_in_one_sentence(tmp_path):
    (tmp_path / "junk").write_text("these are not the bytes of a database")

    said = python(tmp_path, "manage.py", "migrate", DATABASE_URL=f"sqlite:///{tmp_path}/junk")

    assert (said.returncode, said.stderr) == (
        1,
        "The database says “file is not a database”. More: the same with --traceback.\n",
    )


# Development, with nothing set


def test_development_answers_to_this_machine_only(tmp_path):
    values = setting(tmp_path, "DEBUG", "ALLOWED_HOSTS", "BASE_URL", "EMAIL_BACKEND")

    assert values == [True, ["localhost", "127.0.0.1"], "http://localhost:8000", "clinic.mail.EmlFiles"]


def test_development_makes_a_key_once_that_only_its_owner_can_read(tmp_path):
    [first] = setting(tmp_path, "SECRET_KEY")

    [again] = setting(tmp_path, "SECRET_KEY")

    kept = tmp_path / "var" / "secret_key"
    assert (again, kept.read_text()) == (first, first)
    assert len(first) >= 50
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_used_is_named_with_the_way_out(tmp_path):
    (tmp_path / "var").write_text("a file")

    said = python(tmp_path, "manage.py", "check")

    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("DATA_DIR cannot be used (")
    assert len(said.stderr.splitlines()) == 1


def test_two_developers_have_two_keys(tmp_path):
    [mine], [theirs] = (setting(tmp_path / name, "SECRET_KEY") for name in ("mine", "theirs"))

    assert mine != theirs


def test_settings_may_stand_in_a_file(tmp_path):
    file = tmp_path / "env"
    file.write_text("PORT=8123\nPHONE_REGION=CA\n")

    values = setting(tmp_path, "BASE_URL", "PHONENUMBER_DEFAULT_REGION", ENV_FILE=str(file))

    assert values == ["http://localhost:8123", "CA"]


def test_several_database_servers_may_stand_in_one_address(tmp_path):
    url = "postgres://clinic:password@127.0.0.1:5432,127.0.0.1:5433/clinic?target_session_attrs=read-write"

    [databases] = setting(tmp_path, "DATABASES", **PRODUCTION, DATABASE_URL=url)

    found = databases["default"]
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("127.0.0.1,127.0.0.1", "5432,5433", "clinic")
    assert found["OPTIONS"]["target_session_attrs"] == "read-write"


def test_pictures_may_stand_in_a_directory_of_several_machines(tmp_path):
    assert setting(tmp_path, "MEDIA_ROOT", MEDIA_ROOT="/mnt/clinic/media") == ["/mnt/clinic/media"]
    assert setting(tmp_path, "MEDIA_ROOT") == [str(tmp_path / "var" / "media")]


def test_an_answer_is_on_disk_before_it_leaves(tmp_path):
    [databases] = setting(tmp_path, "DATABASES")

    assert databases["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "synchronous=FULL" in databases["default"]["OPTIONS"]["init_command"]
