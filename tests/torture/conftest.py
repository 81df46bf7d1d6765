import contextlib
import os
import signal

import pytest
from django.db import connection

from tests.conftest import free_port, start_server, wait_for

from .record import Record
from .sizes import IN_FULL

record = Record.from_environment() if IN_FULL else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if record and record.holds(connection.vendor, item.nodeid):
        pytest.skip("proved before at this commit")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if record and (report.when == "call" or report.failed):
        done = ", ".join(str(value) for name, value in report.user_properties if name == "done")
        record.add(connection.vendor, item.nodeid, done=done, passed=report.passed, seconds=round(report.duration))
    return report


class Serving:
    """A real web server of the test's own, in a process group of its own."""

    def __init__(self, environment, log, **options):
        port = str(free_port())
        self.environment = environment | {"PORT": port}
        self.site = f"http://localhost:{port}"
        self.log = log
        self.options = options

    def start(self):
        with self.log.open("ab") as output:
            self.process = start_server(
                self.environment, start_new_session=True, stdout=output, stderr=output, **self.options
            )

    def wait(self):
        wait_for(f"{self.site}/health/live/", self.process)

    def kill(self):
        """End the whole group at once, as a machine does that runs out of memory."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def serving(server, environment, tmp_path):
    """Start a server with these changes to its environment; it ends with the test."""
    started = []

    def serve(changed=(), **options):
        one = Serving(environment | dict(changed), tmp_path / f"server-{len(started)}.log", **options)
        started.append(one)
        one.start()
        one.wait()
        return one

    yield serve
    for one in started:
        one.kill()
