"""How proofs come into the record: for the conftest of every folder that holds some."""

import pytest
from django.db import connection

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
    if record and not report.skipped and (report.when == "call" or report.failed):
        done = ", ".join(str(value) for name, value in report.user_properties if name == "done")
        record.add(connection.vendor, item.nodeid, done=done, passed=report.passed, seconds=round(report.duration))
    return report
