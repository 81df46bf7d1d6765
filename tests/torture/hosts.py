"""One site on two hosts: each as setup.sh leaves it below a folder, with data of its own, and one nginx before both."""

import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import closing
from urllib.parse import urlencode

from django.conf import settings

from tests.conftest import free_port
from tests.deploy.conftest import FIRST, HOST, NGINX, frame, lay_down, service, set_up, set_up_to_the_end, wait_at
from tests.visitor import Visitor

from .senders import Persistent

# What both hosts share, and no limit on what comes from one address.
SETTINGS = """
MEDIA_ROOT={shared}/media
ERASED_LIST={shared}/erased.txt
CONSULTATION_SENDS_PER_HOUR=1000000
CONSULTATION_FLOOD_PER_HOUR=1000000
CONSULTATION_FASTEST_SECONDS=0
"""
OPEN_THE_CLINIC = "from tests.factories import *; make_clinic(); make_person('Therapist')"


class Service:
    """A process that is started again and again; it and all that it started are killed at once."""

    def __init__(self, log, command, **around):
        self.log, self.command, self.around = log, command, around
        self.process = None

    def start(self):
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, start_new_session=True, stdout=output, stderr=output, **self.around
            )

    def kill(self):
        # Once it has been waited for, its number may be another's.
        if self.process and self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def end(self):
        """Let it finish what it has in hand."""
        self.process.terminate()
        self.process.wait(timeout=60)


class Host:
    def __init__(self, root, ports, shared):
        self.root = root
        self.ports = ports
        with (root / "etc" / "clinic" / "clinic.env").open("a") as known:
            known.write(SETTINGS.format(shared=shared))
        self.web, self.worker = (self.as_its_unit_says(name) for name in ("web", "worker"))

    def as_its_unit_says(self, name):
        command, around = service(self.root, f"clinic-{name}.service")
        return Service(self.root / f"{name}.log", command, **around)

    def wait(self):
        """Until it answers; the door is open before somebody is there."""
        wait_at(self.ports[2], self.web.process)
        while self.get("/health/live/")[0] != 200:
            time.sleep(0.1)

    def manage(self, *command):
        subprocess.run([self.root / "usr" / "local" / "bin" / "clinic", *command], env={"PATH": os.defpath}, check=True)

    def get(self, address):
        """The status and the page of this host's own site, asked as its nginx asks."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.ports[2], timeout=30)) as wire:
            headers = {"Host": HOST, "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
            wire.request("GET", address, headers=headers)
            answer = wire.getresponse()
            return answer.status, answer.read().decode("latin-1")


class Hosts:
    """Both, and nginx on the first."""

    def __init__(self, folder, database, mail_port):
        (a, b), ports = (folder / name for name in "ab"), [[free_port() for _ in range(3)] for _ in range(2)]
        sites = ",".join(f"127.0.0.1:{each[2]}" for each in ports)
        same = {"database_url": database, "secret_key": settings.SECRET_KEY}
        mail = f"smtp://127.0.0.1:{mail_port}"
        set_up_to_the_end(a, ports[0], "--sites", sites, email_url=mail, **same)
        # The second finds the database made; what the script would look at and pack once more comes from the first.
        lay_down(b, **same)
        set_up(b, *FIRST, "--sites", sites, "--ports", ",".join(map(str, ports[1])))
        lay_down(b, email_url=mail)
        shutil.copytree(a / "var" / "lib" / "clinic" / "static", b / "var" / "lib" / "clinic" / "static")
        self.shared = folder / "shared"
        (self.shared / "media" / "pictures").mkdir(parents=True)
        first, _ = self.both = [Host(root, own, self.shared) for root, own in zip((a, b), ports, strict=True)]
        self.nginx = Service(first.root / "nginx-says.log", [NGINX, "-c", frame(first.root)])
        self.port = first.ports[1]
        self.certificate = first.root / "etc" / "clinic" / "tls" / "self-made.pem"
        # What is the matter now, last; and what visitors met under it.
        self.matters, self.met = ["nothing"], Counter()
        first.manage("shell", "-v0", "-c", OPEN_THE_CLINIC)

    @property
    def services(self):
        return [self.nginx, *(host.web for host in self.both), *(host.worker for host in self.both)]

    def start(self):
        for each in self.services:
            each.start()
        for host in self.both:
            host.wait()
        wait_at(self.port, self.nginx.process)

    def end(self):
        for each in self.services:
            each.kill()


class Wire(http.client.HTTPSConnection):
    """To the nginx of the hosts, wherever the name would lead."""

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


class Https(urllib.request.HTTPSHandler):
    def https_open(self, request):
        return self.do_open(Wire, request, context=self._context)


class Noting(Visitor):
    """Notes what it met instead of a page, and what was the matter then."""

    def read(self, request, seconds):
        try:
            return super().read(request, seconds)
        except urllib.error.HTTPError as error:
            self.note(error.code)
            raise
        except (http.client.HTTPException, OSError) as error:
            self.note(type(getattr(error, "reason", error)).__name__)
            raise

    def note(self, what):
        self.hosts.met[self.hosts.matters[-1], what] += 1


class Through(Persistent, Noting):
    """Somebody whose browser goes through nginx, as all do."""

    def __init__(self, hosts):
        super().__init__(f"https://{HOST}:{hosts.port}")
        context = ssl.create_default_context(cafile=hosts.certificate)
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies), Https(context=context)
        )
        self.opener.addheaders = [("Origin", self.site)]
        self.hosts = hosts

    def press_once(self, address, fields):
        request = urllib.request.Request(f"{self.site}{address}", urlencode(fields).encode())  # noqa: S310 - our own
        return Noting.read(self, request, 30)
