"""A PostgreSQL of a test's own, which may be crashed and frozen: the suite's is needed by others."""

import contextlib
import os
import secrets
import signal
import subprocess
import tempfile
from pathlib import Path

from tests import run

# As a clinic runs it; the suite's own cluster leaves out what only protects from a crash.
OPTIONS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": 60}


class Cluster:
    def __init__(self, folder):
        self.home = folder / "server"
        self.home.mkdir(mode=0o700)
        self.log = folder / "postgresql.log"
        password = secrets.token_urlsafe(24)
        (self.home / "password").write_text(password)
        self.account = run.server_account()
        found = run.find_programs()
        self.programs = run.within_reach(found, self.home) if self.account else found
        if self.account:
            run.hand_over(self.home, self.account)
        run.create_cluster(self.programs, self.home, self.account)
        self.port = run.free_port()
        self.url = f"postgres://clinic:{password}@127.0.0.1:{self.port}/postgres"

    def start(self):
        options = [f"--{name}={value}" for name, value in OPTIONS.items()]
        with self.log.open("ab") as output:
            self.server = subprocess.Popen(
                [self.programs / "postgres", "-D", self.home / "data", *run.options(self.port), *options],
                cwd=self.home,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **self.account,
            )

    def wait(self):
        run.wait_until_ready(self.server, self.url, self.log)

    def crash(self):
        """An immediate shutdown: nobody's work is ended well, and the next start recovers."""
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(30)

    def processes(self):
        """The server's own and those of its connections, each of which has a session of its own."""
        return [self.server.pid, *children_of(self.server.pid)]

    @contextlib.contextmanager
    def frozen(self):
        """It holds its sockets and says nothing. The first is stopped first, so that it makes no more of them."""
        os.kill(self.server.pid, signal.SIGSTOP)
        stopped = self.processes()
        self._send(signal.SIGSTOP, stopped)
        try:
            yield
        finally:
            self._send(signal.SIGCONT, stopped)

    @staticmethod
    def _send(number, pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def children_of(pid):
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    return [child for child, parent in parents.items() if parent == pid]


@contextlib.contextmanager
def own_cluster(inside=None):
    with tempfile.TemporaryDirectory(prefix="clinic-cluster-", dir=inside, ignore_cleanup_errors=True) as folder:
        # The folder above the server's, which its account goes through.
        place = Path(folder) / "postgresql"
        place.mkdir()
        cluster = Cluster(place)
        cluster.start()
        try:
            cluster.wait()
            yield cluster
        finally:
            run.end(cluster.server, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
