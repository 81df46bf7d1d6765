import contextlib
import os
import signal
import socket
import time

import pytest

from tests.conftest import free_port, start_server, wait_for

from .recording import pytest_runtest_makereport, pytest_runtest_setup

__all__ = ["pytest_runtest_makereport", "pytest_runtest_setup"]


class Serving:
    """A real web server of the test's own, in a process group of its own."""

    def __init__(self, environment, changed, log, **options):
        self.port = free_port()
        self.site = f"http://localhost:{self.port}"
        self.environment = environment | {"PORT": str(self.port), "BASE_URL": self.site} | dict(changed)
        self.log = log
        self.options = options

    def start(self):
        with self.log.open("ab") as output:
            self.process = start_server(
                self.environment, start_new_session=True, stdout=output, stderr=output, **self.options
            )

    def wait(self, *, ready=True):
        """Until it answers well, or just until somebody is at the door."""
        if ready:
            wait_for(f"{self.site}/health/live/", self.process)
        for _ in range(300):
            with contextlib.suppress(ConnectionError), socket.create_connection(("localhost", self.port), timeout=1):
                return
            time.sleep(0.1)

    def kill(self):
        """End the whole group at once, as a machine does that runs out of memory."""
        # Once it has been waited for, its number may be another's.
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Starter:
    """Starts servers with changes to their environment, and remembers them."""

    def __init__(self, environment, folder):
        self.environment = environment
        self.folder = folder
        self.started = []

    def __call__(self, changed=(), *, ready=True, **options):
        log = self.folder / f"server-{len(self.started)}.log"
        one = Serving(self.environment, changed, log, **options)
        self.started.append(one)
        one.start()
        one.wait(ready=ready)
        return one


@pytest.fixture
def serving(server, environment, tmp_path):
    starter = Starter(environment, tmp_path)
    # No signal to our group reaches the groups of the servers, so that we must live to end them.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield starter
    for one in starter.started:
        one.kill()
    signal.signal(signal.SIGTERM, before)
