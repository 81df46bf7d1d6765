"""Two database servers of a test's own, set up, promoted and made anew as docs/operations.md says."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests import run

from .cluster import Cluster

STANDBY = "standby"


class Pair:
    """A primary, and a standby that has on its disk whatever the primary calls done."""

    def __init__(self, folder):
        self.primary, self.standby = (Cluster(make(folder / name)) for name in ("first", "second"))
        self.password = secrets.token_urlsafe(24)
        ports = [each.port for each in (self.primary, self.standby)]
        servers = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.url = f"postgres://site:{self.password}@{servers}/clinic?target_session_attrs=read-write"

    def open(self):
        self.primary.start()
        self.primary.wait()
        self.execute(
            f"CREATE ROLE site LOGIN CREATEDB PASSWORD '{self.password}'",
            "CREATE DATABASE clinic OWNER site ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0",
        )
        self.follow()

    def ask(self, statement):
        """What the site's own database says."""
        with psycopg.connect(self.url) as database:
            return database.execute(statement).fetchall()

    def execute(self, *statements):
        """As the superuser, at the primary."""
        with psycopg.connect(self.primary.url, autocommit=True) as database:
            for statement in statements:
                cursor = database.execute(statement)
        return cursor.fetchall() if cursor.description else []

    # What an operator does

    def follow(self):
        """Make the standby anew from the primary, and have each commit wait for it from then on."""
        shutil.rmtree(self.standby.home / "data")
        self.program(
            "pg_basebackup", "-D", "data", "-R", "-X", "stream", "-c", "fast",
            "-d", f"{self.primary.url}?application_name={STANDBY}",
        )  # fmt: skip
        self.standby.url = self.primary.url.replace(str(self.primary.port), str(self.standby.port))
        self.standby.start()
        self.standby.wait()
        self.wait_for(STANDBY)

    def wait_for(self, names):
        """From now on, or no more."""
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", "SELECT pg_reload_conf()")

    def promote(self):
        self.program("pg_ctl", "promote", "-D", "data")
        self.primary, self.standby = self.standby, self.primary

    def program(self, name, *arguments):
        subprocess.run(
            [self.standby.programs / name, *arguments], cwd=self.standby.home, check=True, capture_output=True,
            **self.standby.account,
        )  # fmt: skip

    # What happens to them

    def kill(self, server):
        """All at once, as when its machine goes dark."""
        os.kill(server.server.pid, signal.SIGSTOP)
        for pid in server.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.server.wait(30)


def make(folder):
    folder.mkdir(mode=0o711)
    return folder


@contextlib.contextmanager
def own_pair():
    with tempfile.TemporaryDirectory(prefix="clinic-pair-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        pair = Pair(Path(folder))
        try:
            pair.open()
            yield pair
        finally:
            for each in (pair.standby, pair.primary):
                if hasattr(each, "server"):
                    run.end(each.server, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
