"""The set-up script, run for a trial below a folder of the tests' own; and what it prepares, started as it is shipped."""

import contextlib
import json
import os
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from tests.conftest import free_port
from tests.torture.recording import pytest_runtest_makereport, pytest_runtest_setup

__all__ = ["pytest_runtest_makereport", "pytest_runtest_setup"]

SETUP = settings.BASE_DIR / "deploy" / "setup.sh"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
HOST = "clinic.example"
PHONE = "(555) 010-0100"
MAIL = "smtp://localhost:2525"
FIRST = ["--host", HOST, "--name", "Riverside & Sons’ Physio", "--phone", PHONE]
# The frame that Debian's nginx.conf is on a server, as far as one needs it below a folder.
FRAME = """
daemon off;
{user}
pid {root}/nginx.pid;
error_log stderr emerg;
worker_rlimit_nofile 8000;
events {{ worker_connections 4000; }}
http {{
    types {{ text/html html; text/css css; text/javascript js; image/svg+xml svg; }}
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    include {root}/etc/nginx/sites-enabled/*;
}}
"""

needs_nginx = pytest.mark.skipif(NGINX is None, reason="there is no nginx on this machine")


def set_up(root, *arguments):
    """Run the script as somebody would who has nothing set."""
    command = [SETUP, "--root", root, "--python", sys.executable, *arguments]
    return subprocess.run(
        command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=180, check=False
    )


def set_up_to_the_end(root, ports, *more, **secrets):
    """Lay down what only the operator knows, and run the script once; gives what it said."""
    lay_down(root, **secrets)
    said = set_up(root, *FIRST, "--ports", ",".join(map(str, ports)), *more)
    assert said.returncode == 0, said.stderr
    return said.stdout


def lay_down(root, **secrets):
    folder = root / "etc" / "clinic" / "secrets"
    folder.mkdir(parents=True, exist_ok=True)
    for name, secret in secrets.items():
        (folder / name).write_text(f"{secret}\n")
        (folder / name).chmod(0o640)


def frame(root):
    """nginx's main file around the site that was prepared below `root`."""
    file = root / "nginx.conf"
    # Below the tests' folder only its owner may read.
    file.write_text(FRAME.format(root=root, user="user root;" if os.geteuid() == 0 else ""))
    return file


def unit(root, name):
    found = ConfigParser(strict=False, interpolation=None, delimiters="=")
    found.optionxform = str
    found.read(root / "etc" / "systemd" / "system" / name)
    return found


@pytest.fixture(scope="session")
def ports():
    return [free_port() for _ in range(3)]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Everything but the mail server: what the first run of the script leaves."""
    root = tmp_path_factory.mktemp("machine")
    said = set_up(root, *FIRST)
    assert "email_url" in said.stderr, said.stderr
    return root


@pytest.fixture(scope="session")
def finished(tmp_path_factory, ports):
    """A machine that is set up to the end, with a database in a file; and what the script said."""
    root = tmp_path_factory.mktemp("finished")
    database = f"sqlite:///{root}/var/lib/clinic/clinic.sqlite3"
    return root, set_up_to_the_end(root, ports, database_url=database, email_url=MAIL)


@dataclass
class Front:
    """The site behind nginx, at `port`; `site` is the port of the site itself."""

    root: Path
    plain: int
    port: int
    site: int

    def ask(self, request, *, come_from="127.0.0.1", name=HOST, seconds=15):
        """The whole answer to one request over TLS, as it came."""
        with self.open(come_from=come_from, name=name, seconds=seconds) as wire:
            wire.sendall(request.encode())
            with wire.makefile("rb") as answer:
                return answer.read().decode("utf-8", "replace")

    def get(self, path, *headers, host=HOST):
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
        return self.ask("\r\n".join([*lines, "", ""]))

    def open(self, *, come_from="127.0.0.1", name=HOST, seconds=15):
        context = ssl.create_default_context(cafile=self.root / "etc" / "clinic" / "tls" / "self-made.pem")
        wire = socket.create_connection(("127.0.0.1", self.port), timeout=seconds, source_address=(come_from, 0))
        return context.wrap_socket(wire, server_hostname=name)

    def journal(self):
        """What the site itself has said, one object a line."""
        return [json.loads(line) for line in (self.root / "site.log").read_text().splitlines()]

    def log(self, name="clinic.log"):
        return (self.root / "var" / "log" / "nginx" / name).read_text()


@contextlib.contextmanager
def running(*command, **options):
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_at(port, process, seconds=30):
    """Until somebody is at the door."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nobody listens on port {port}")


def service(root, name):
    """The command of a unit, and all that there is around it: nothing but what the unit says."""
    said = unit(root, name)["Service"]
    named = dict(setting.split("=", 1) for setting in shlex.split(said["Environment"]))
    around = {"cwd": said["WorkingDirectory"], "env": {"PATH": os.defpath} | named}
    return shlex.split(said["ExecStart"]), around


@contextlib.contextmanager
def started(root, name, **options):
    command, around = service(root, name)
    with running(*command, **around, **options) as process:
        yield process


@contextlib.contextmanager
def site_behind_nginx(root, ports):
    with (root / "site.log").open("wb") as log, started(root, "clinic-web.service", stderr=log) as site:
        wait_at(ports[2], site)
        with running(NGINX, "-c", frame(root)) as nginx:
            wait_at(ports[1], nginx)
            yield Front(root, *ports)


@pytest.fixture(scope="module")
def front(finished, ports):
    """The site as its unit starts it, and nginx before it."""
    root, _ = finished
    with site_behind_nginx(root, ports) as front:
        yield front
