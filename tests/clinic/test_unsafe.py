"""Set-ups that are refused: by name, with the mend, and without a word of a secret."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic import checks, unsafe
from clinic.environment import secret
from tests.clinic.test_settings import GOOD_KEY, PRODUCTION, python
from tests.factories import make_person

SECRET = "hunter2"
OTHER_KEY = GOOD_KEY[::-1]
POSTGRES = f"postgres://clinic:{SECRET}@"

UNSAFE = [
    ({"SECRET_KEY": ""}, "SECRET_KEY is missing."),
    ({"SECRET_KEY": unsafe.EXAMPLE_KEY}, "SECRET_KEY is one that everybody can read."),
    ({"SECRET_KEY": f"django-insecure-{GOOD_KEY}"}, "SECRET_KEY is one that everybody can read."),
    ({"SECRET_KEY": GOOD_KEY[:49]}, "SECRET_KEY is too short or too simple."),
    ({"SECRET_KEY": "abcabcabc" * 9}, "SECRET_KEY is too short or too simple."),
    ({"SECRET_KEY_FALLBACKS": f"{OTHER_KEY},{GOOD_KEY}"}, "SECRET_KEY_FALLBACKS holds SECRET_KEY itself"),
    ({"SECRET_KEY_FALLBACKS": f"{OTHER_KEY},{SECRET}"}, "SECRET_KEY_FALLBACKS holds a key that is too short"),
    ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is missing."),
    ({"ALLOWED_HOSTS": "clinic.example,*"}, "ALLOWED_HOSTS holds a *."),
    ({"ALLOWED_HOSTS": ".clinic.example"}, "ALLOWED_HOSTS holds a name that begins with a dot"),
    ({"ALLOWED_HOSTS": "localhost"}, "ALLOWED_HOSTS does not hold the host of BASE_URL."),
    ({"BASE_URL": ""}, "BASE_URL does not begin with https://."),
    ({"BASE_URL": "http://clinic.example"}, "BASE_URL does not begin with https://."),
    ({"BASE_URL": f"https://me:{SECRET}@clinic.example"}, "BASE_URL holds a user name or a password"),
    ({"BASE_URL": "https://clinic.example/desk"}, "BASE_URL is more than a host."),
    ({"BASE_URL": "https://clinic.example?a=b"}, "BASE_URL is more than a host."),
    ({"BASE_URL": "https://127.0.0.1"}, "BASE_URL is no address that patients can open."),
    ({"BASE_URL": "https://localhost"}, "BASE_URL is no address that patients can open."),
    ({"BASE_URL": "https://[clinic.example"}, "BASE_URL is no address that patients can open."),
    ({"EMAIL_URL": ""}, "EMAIL_URL is missing."),
    ({"EMAIL_URL": "consolemail://"}, "EMAIL_URL names no mail server."),
    ({"EMAIL_URL": "smtp+tls://"}, "EMAIL_URL names no mail server."),
    ({"EMAIL_URL": f"smtp://user:{SECRET}@mail.clinic.example:587"}, "EMAIL_URL sends passwords and mails over the net"),
    ({"EMAIL_URL": f"smtp+tls://user:{SECRET}#1@mail.clinic.example"}, "EMAIL_URL cannot be read."),
    ({"DEFAULT_FROM_EMAIL": "the front desk"}, "DEFAULT_FROM_EMAIL is no mail address."),
    ({"DATABASE_URL": f"{POSTGRES}db.clinic.example:{SECRET}/clinic"}, "DATABASE_URL cannot be read."),
    ({"DATABASE_URL": f"//clinic:{SECRET}@db.clinic.example/clinic"}, "DATABASE_URL cannot be read."),
    ({"DATABASE_URL": f"mysql://clinic:{SECRET}@127.0.0.1/clinic"}, "DATABASE_URL names neither PostgreSQL nor SQLite."),
    ({"DATABASE_URL": f"{POSTGRES}db.clinic.example/clinic"}, "DATABASE_URL reaches PostgreSQL over the net without"),
    ({"DATABASE_URL": f"{POSTGRES}db/clinic?sslmode=require"}, "DATABASE_URL reaches PostgreSQL over the net without"),
    ({"DATABASE_URL": f"postgres://postgres:{SECRET}@127.0.0.1/clinic"}, "DATABASE_URL signs in as PostgreSQL's superuser."),
    ({"DATABASE_URL": "postgres://clinic@127.0.0.1/clinic"}, "DATABASE_URL reaches PostgreSQL over TCP without a password."),
    ({"DATABASE_URL": f"{POSTGRES}127.0.0.1:5432,127.0.0.1:5433/clinic"}, "DATABASE_URL names several servers"),
    ({"DATABASE_URL": f"{POSTGRES}127.0.0.1,db2.clinic.example/clinic?target_session_attrs=read-write"},
     "DATABASE_URL reaches PostgreSQL over the net without"),
    ({"DATABASE_URL": "sqlite://:memory:"}, "DATABASE_URL names a database that ends with the process."),
    ({"PROXY_COUNT": "-1"}, "PROXY_COUNT is no whole number from 0 to 10."),
    ({"PROXY_COUNT": "all"}, "PROXY_COUNT is no whole number from 0 to 10."),
    ({"CONSULTATION_SENDS_PER_HOUR": "0"}, "CONSULTATION_SENDS_PER_HOUR is no whole number from 1"),
    ({"CONSULTATION_FLOOD_PER_HOUR": "0"}, "CONSULTATION_FLOOD_PER_HOUR is no whole number from 1"),
    ({"CONSULTATION_FASTEST_SECONDS": "-1"}, "CONSULTATION_FASTEST_SECONDS is no whole number from 0"),
    ({"CLINIC_MEMORY_SECONDS": "two"}, "CLINIC_MEMORY_SECONDS is no number of seconds from 0"),
    ({"GENERATION_POLL_SECONDS": "-1"}, "GENERATION_POLL_SECONDS is no number of seconds from 0"),
    ({"COUNT_FLUSH_SECONDS": "nan"}, "COUNT_FLUSH_SECONDS is no number of seconds from 0"),
    ({"PHONE_REGION": "XX"}, "PHONE_REGION is no country that has phone numbers."),
    ({"DEBUG": "on"}, "DEBUG is on while ALLOWED_HOSTS names a public host."),
    ({"DEBUG": "on", "ALLOWED_HOSTS": "localhost"}, "DEBUG is on while BASE_URL is a public address."),
]  # fmt: skip


def start(folder, environment):
    """What stands at the end of a start that reads the settings and does no more."""
    said = python(folder, "-c", "import clinic.settings", **environment)
    return said.stdout + said.stderr


def refused(said, sentence):
    last = said.splitlines()[-1] if said else ""
    return last.startswith(f"django.core.exceptions.ImproperlyConfigured: {sentence}") and last.count(". ") >= 1


@pytest.mark.parametrize(("changed", "sentence"), UNSAFE, ids=lambda value: str(value)[:40])
def test_an_unsafe_setting_is_refused_by_name_with_its_mend_and_no_secret(tmp_path, changed, sentence):
    said = start(tmp_path, PRODUCTION | changed)

    assert refused(said, sentence), said[-300:]
    assert [secret for secret in (SECRET, GOOD_KEY[:49], OTHER_KEY) if secret in said] == []


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"ALLOWED_HOSTS": "clinic.example,localhost"},
        {"DATABASE_URL": f"{POSTGRES}db.clinic.example/clinic?sslmode=verify-full&sslrootcert=system"},
        {"DATABASE_URL": f"{POSTGRES}127.0.0.1/clinic"},
        {"DATABASE_URL": "postgres:////var/run/postgresql/clinic"},
        {"DATABASE_URL": f"{POSTGRES}127.0.0.1:5432,127.0.0.1:5433/clinic?target_session_attrs=read-write"},
        {"EMAIL_URL": "smtp://localhost:25"},
        {"BASE_URL": "https://clinic.example:8443/"},
        {"SECRET_KEY_FALLBACKS": OTHER_KEY},
        {"DEBUG": "on", "ALLOWED_HOSTS": "localhost,192.168.1.20", "BASE_URL": "http://192.168.1.20:8000"},
    ],
    ids=str,
)
def test_a_sound_set_up_is_not_refused(tmp_path, changed):
    assert start(tmp_path, PRODUCTION | changed) == ""


FILES = [
    ("clinic.sqlite3", 0o644, "DATABASE_URL", "sqlite:///{}", "names a file that is open to every user of the machine."),
    ("loose/clinic.sqlite3", 0o600, "DATABASE_URL", "sqlite:///{}", "names a file in a folder that every user"),
    ("var/media/clinic.sqlite3", 0o600, "DATABASE_URL", "sqlite:///{}", "puts the database among the files that anybody"),
    ("loose/nothing", 0o600, "DATA_DIR", "{}/..", "may be written to by every user of the machine."),
    ("env", 0o644, "ENV_FILE", "{}", "is open to every user of the machine."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "mode", "setting", "value", "problem"), FILES, ids=[each[0] for each in FILES])
def test_what_others_may_read_or_write_is_refused(tmp_path, name, mode, setting, value, problem):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    file.chmod(mode)
    if file.parent.name == "loose":
        file.parent.chmod(0o777)
    value = value.format(file.parent if setting == "DATA_DIR" else file).removesuffix("/..")

    assert refused(start(tmp_path, PRODUCTION | {setting: value}), f"{setting} {problem}")


# Secrets in files


@pytest.fixture
def secret_file(tmp_path):
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    return file


def test_secrets_may_stand_in_files_and_keep_every_sign(tmp_path, secret_file, monkeypatch):
    secret_file.write_text(f"${GOOD_KEY}\n")
    fallbacks = tmp_path / "fallbacks"
    fallbacks.touch(mode=0o600)
    fallbacks.write_text(f"{OTHER_KEY}\n{OTHER_KEY[1:]}\n")
    files = {"SECRET_KEY": "", "SECRET_KEY_FILE": str(secret_file), "SECRET_KEY_FALLBACKS_FILE": str(fallbacks)}

    said = python(
        tmp_path,
        "-c",
        "from clinic import settings; print(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)",
        **PRODUCTION | files,
    )

    assert (said.stdout, said.stderr) == (f"${GOOD_KEY} {OTHER_KEY} {OTHER_KEY[1:]}\n", "")


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "EMAIL_URL", "SECRET_KEY_FALLBACKS"])
@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda file, also: also.update(both=SECRET), "are both set"),
        (lambda file, also: file.unlink(), "names a file that cannot be read"),
        (lambda file, also: file.write_bytes(b"\xff\xfe"), "names a file that cannot be read"),
        (lambda file, also: file.write_text(" \n"), "names an empty file"),
        (lambda file, also: file.chmod(0o644), "names a file that is open to every user"),
    ],
    ids=["both", "missing", "no text", "empty", "open"],
)
def test_a_secret_that_cannot_be_trusted_is_refused(secret_file, monkeypatch, name, spoil, problem):
    secret_file.write_text(SECRET)
    also = {}
    spoil(secret_file, also)
    monkeypatch.setenv(f"{name}_FILE", str(secret_file))
    monkeypatch.setenv(name, also.get("both", ""))

    with pytest.raises(ImproperlyConfigured) as refusal:
        secret(name)

    assert str(refusal.value).startswith(f"{name}_FILE ")
    assert problem in str(refusal.value)
    assert SECRET not in str(refusal.value)


# The database


@pytest.mark.django_db
def test_production_does_not_start_on_the_sample_accounts(settings):
    settings.PRODUCTION = True
    person = make_person(email=f"owner@{checks.SAMPLE_HOST}")

    with pytest.raises(ImproperlyConfigured) as refusal:
        checks.refuse_unsafe_database()
    person.is_active = False
    person.save()
    checks.refuse_unsafe_database()

    assert str(refusal.value).startswith("The sample accounts of the demonstration can sign in. Start from an empty")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("start", [["manage.py", "worker", "--once"], ["-c", "import clinic.wsgi"]])
def test_neither_the_worker_nor_the_site_starts_on_them(environment, tmp_path, start):
    make_person(email=f"owner@{checks.SAMPLE_HOST}")

    said = python(tmp_path, *start, **PRODUCTION | {"DATABASE_URL": environment["DATABASE_URL"]})

    assert said.returncode != 0
    assert "The sample accounts of the demonstration can sign in." in said.stderr
