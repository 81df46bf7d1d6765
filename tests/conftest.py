import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from clinic import appendonly
from clinic.models import forget

from .factories import PASSWORD, make_clinic, make_person

# Playwright's loop runs in the thread of the test, which Django would take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(autouse=True)
def plain_settings(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture(autouse=True)
def no_memory_of_other_tests():
    forget()
    yield
    forget()


@pytest.fixture(autouse=True)
def append_only_tables_can_be_flushed(request):
    """The triggers refuse the flush that ends a transactional test; migrating makes them again."""
    marker = request.node.get_closest_marker("django_db")
    flushed = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    if flushed:
        request.getfixturevalue("transactional_db")
        appendonly.install()
    yield
    if flushed:
        appendonly.lift()


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
    """A browser's worth of cookies for somebody who has signed in."""

    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


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
def server(django_db_setup, tmp_path_factory):
    """The real web server on the test database, as it is shipped."""
    data = tmp_path_factory.mktemp("data")
    port = str(free_port())
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(data),
        "PORT": port,
        "SECRET_KEY": django_settings.SECRET_KEY,
        "CLINIC_MEMORY_SECONDS": "0",
    }
    subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], env=environment, check=True)
    command = [
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--port",
        port,
        "--blocking-threads",
        "8",
        "--log-level",
        "error",
    ]
    with subprocess.Popen([sys.executable, *command, "clinic.wsgi:application"], env=environment) as process:
        try:
            wait_for(f"http://localhost:{port}/health/live/", process)
            yield f"http://localhost:{port}"
        finally:
            process.terminate()


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


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | {
        "executable_path": os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    }


@pytest.fixture
def signs_in(site):
    """Sign in through the page, as staff do."""

    def sign_in(page, person):
        page.goto(f"{site}/admin/")
        page.get_by_label("Username").or_(page.get_by_label("Login")).first.fill(person.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    return sign_in
