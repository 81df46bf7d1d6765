"""Loaded into pytest: which tests failed by what they looked at themselves, one a line in the file that FAILED names.

What breaks elsewhere, in the code under test or before the test began, shows no guard: it would fail with any mistake.
"""

import os
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent / "tests"


def pytest_runtest_logreport(report):
    crash = getattr(report.longrepr, "reprcrash", None)
    if report.failed and report.when == "call" and crash and Path(crash.path).is_relative_to(TESTS):
        with open(os.environ["FAILED"], "a") as file:
            file.write(f"{report.nodeid}\n")
