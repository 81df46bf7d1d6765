import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, closing, contextmanager
from email import message_from_bytes
from email.policy import default as modern
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection

from clinic import appendonly
from clinic.models import forget

from .factories import come_in, make_clinic, make_person

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

# Of this process of the suite and its servers alone; another one's changes are no concern of theirs.
django_settings.GENERATION_FILE = (
    django_settings.DATA_DIR / f"generation-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
)

# Playwright's loop runs in the thread of the test, which Django would take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(config, items):
    """On the second engine of a run only what meets its database: all else has just run, on the same code."""
    if "ONLY_WITH_DATABASE" in os.environ:
        meets = {True: [], False: []}
        for item in items:
            asked_for = {"db", "transactional_db", "environment"} & set(item.fixturenames)
            meets[bool(asked_for or item.get_closest_marker("django_db"))].append(item)
        config.hook.pytest_deselected(items=meets[False])
        items[:] = meets[True]


@pytest.fixture(autouse=True)
def plain_settings(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    # WhiteNoise warns of a missing folder, and a warning is an error here.
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    # A test answers in no time; those about hurry and crowds set these themselves.
    settings.CONSULTATION_FASTEST_SECONDS = 0
    settings.COUNT_FLUSH_SECONDS = 0
    settings.GENERATION_POLL_SECONDS = 0
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture(autouse=True)
def no_memory_of_other_tests():
    forget()
    yield
    forget()


@pytest.fixture(autouse=True)
def a_flush_leaves_nothing(request):
    """Of a transactional test: the triggers refuse it, until migrating makes them again, and the cache's table is no model."""
    marker = request.node.get_closest_marker("django_db")
    flushed = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    if flushed:
        request.getfixturevalue("transactional_db")
        appendonly.install()
    yield
    if flushed:
        appendonly.lift()
        cache.clear()


@pytest.fixture(scope="session", autouse=True)
def nobody_else_is_connected_at_the_end(django_db_setup, django_db_blocker):
    """A server's last connection may close a moment after it; a database in use cannot be dropped."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def clinic(db):
    return make_clinic()


@pytest.fixture
def therapist(db):
    return make_person("Therapist")


@pytest.fixture
def colleague(db):
    return make_person("Therapist")


@pytest.fixture
def owner(db):
    return make_person("Owner")


@pytest.fixture
def editor(db):
    return make_person("Editor")


@pytest.fixture
def reviewer(db):
    return make_person("Clinical reviewer")


@pytest.fixture
def signed_in():
    return come_in


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_url():
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    return f"postgres://{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"


@pytest.fixture(scope="session")
def environment(django_db_setup, tmp_path_factory):
    """What a process of ours needs to work on the test database, mail written to files."""
    port = str(free_port())
    if connection.vendor == "sqlite":
        # In production one that others can read is refused.
        Path(connection.settings_dict["NAME"]).chmod(0o600)
    return os.environ | {
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(tmp_path_factory.mktemp("data")),
        # What a test changes, the server shows at once; heard of through the database as well, it would be a change anew.
        "GENERATION_FILE": str(django_settings.GENERATION_FILE),
        "GENERATION_POLL_SECONDS": "0",
        "PORT": port,
        "BASE_URL": f"http://localhost:{port}",
        "SECRET_KEY": django_settings.SECRET_KEY,
        "COUNT_FLUSH_SECONDS": "0",
        "CONSULTATION_FASTEST_SECONDS": "0",
        "CONSULTATION_SENDS_PER_HOUR": "1000000",
        "CONSULTATION_FLOOD_PER_HOUR": "1000000",
    }


@contextmanager
def empty_database(environment, folder):
    """The address of an empty database of the engine at hand: a file in `folder`, or one of the server's own, which goes again."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder}/clinic.sqlite3"
        return
    name = f"another_{secrets.token_hex(6)}"
    execute(environment, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield f"{environment['DATABASE_URL'].rpartition('/')[0]}/{name}"
    finally:
        execute(environment, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def another_site(environment, tmp_path):
    """The environments of sites of their own, each with an empty database."""
    with ExitStack() as databases:
        numbers = count()

        def make():
            folder = tmp_path / f"site-{next(numbers)}"
            folder.mkdir()
            url = databases.enter_context(empty_database(environment, folder))
            return environment | {"DATABASE_URL": url, "DATA_DIR": str(folder)}

        yield make


def execute(environment, statement):
    """What a statement answers in the database of a site that is not the tests' own."""
    url = environment["DATABASE_URL"]
    is_file = url.startswith("sqlite:///")
    connected = sqlite3.connect(url.removeprefix("sqlite:///")) if is_file else psycopg.connect(url, autocommit=True)
    with closing(connected) as database:
        cursor = database.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def server(environment):
    """The real web server on the test database, as it is shipped."""
    manage(environment, "collectstatic", "--noinput", "-v0")
    with start_server(environment) as process:
        try:
            wait_for(f"{environment['BASE_URL']}/health/live/", process)
            yield environment["BASE_URL"]
        finally:
            process.terminate()


def start_server(environment, *, application=None, workers=1, **options):
    """Ours as it is shipped, or another application under the same server."""
    command = ["-m", "granian", "--interface", "wsgi", application] if application else ["-m", "clinic.server"]
    command += ["--port", environment["PORT"], "--blocking-threads", "8"]
    command += ["--workers", str(workers), "--log-level", "error"]
    return subprocess.Popen([sys.executable, *command], env=environment, **options)


def manage(environment, *command):
    subprocess.run([sys.executable, "manage.py", *command], env=environment, check=True)


@pytest.fixture
def mails(site, environment):
    """Let the real worker send what is due, and read what it wrote, oldest first."""
    folder = Path(environment["DATA_DIR"]) / "mail"
    for file in folder.glob("*.eml"):
        file.unlink()

    def deliver():
        manage(environment, "worker", "--once")
        return [message_from_bytes(file.read_bytes(), policy=modern) for file in sorted(folder.glob("*.eml"))]

    return deliver


def wait_for(url, process, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 - our own loopback address
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not answer at {url}")


@pytest.fixture
def site(server, transactional_db):
    """The running site's address, with a clinic in its database."""
    make_clinic()
    return server
