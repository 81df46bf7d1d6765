"""Whether the guards are guarded: each is taken out in turn, and the test named beside it must fail. `make faults`.

Arguments are numbers of faults; without any, all are tried and bench/FAULTS.md is written. Each fault has a copy of
the tree and a folder of data of its own, so that nothing of it stays behind, and nothing of this checkout is touched.
"""

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import run

from .patches import ROOT, Fault, every_fault

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".ruff_cache", ".hypothesis")
# Of pytest: at least one test failed, and nothing worse.
TESTS_FAILED = 1
MOST_SECONDS = 180
# What takes time to load and is not needed for a few tests without a browser.
WITHOUT = ["-p", "no:xdist", "-p", "no:playwright"]
# On SQLite the tables are made once and copied, unless the guard is in them: making them takes longer than most of the tests.
TABLES = (
    "import django; django.setup(); from django.db import connection; connection.creation.create_test_db(verbosity=0)"
)
TABLES_FILE = "test.sqlite3"
HELD, NOT_NOTICED = "held", "NOT NOTICED"
REPORT = """\
# Do the tests notice when a guard is missing?

`make faults` writes this. Each guard is taken out of a copy of the source by its patch in `bench/faults/`, and nothing else is changed;
it is held when the test named beside it then fails by what that test looks at, and not because something broke on the way.
Without any fault all of these tests pass.

{summary}

| Fault | Guard that was taken out | Test that must fail | On | Seconds | Result |
| --- | --- | --- | --- | --- | --- |
{rows}
"""


@dataclass(frozen=True)
class Ended:
    """How a run of tests went; `failed` names those that failed by what they looked at."""

    code: int
    failed: set[str]
    words: str


def main(numbers):
    faults = [fault for fault in every_fault() if not numbers or fault.number in numbers]
    if unknown := set(numbers) - {fault.number for fault in faults}:
        return f"There is no fault {', '.join(sorted(unknown))}."
    if not shutil.which("git"):
        return "The patches are applied by git, which is not on this machine."
    run.stop_tidily()
    began = time.monotonic()
    with TemporaryDirectory(prefix="clinic-faults-", ignore_cleanup_errors=True) as folder, ExitStack() as servers:
        try:
            databases = {engine: servers.enter_context(server(engine, Path(folder))) for engine in engines(faults)}
        except run.NoServer as reason:
            return f"PostgreSQL: {reason}"
        if said := fails_without_a_fault(faults, databases, Path(folder)):
            return said
        make_tables(Path(folder), databases)
        results = [tried(fault, databases[fault.engine], Path(folder)) for fault in faults]
    report = report_of(faults, results, time.monotonic() - began)
    if not numbers:
        (ROOT / "bench" / "FAULTS.md").write_text(report)
    print(f"\n{report}")
    return int(any(result != HELD for result, _seconds in results))


def engines(faults):
    return sorted({fault.engine for fault in faults})


def server(engine, folder):
    place = folder / engine
    place.mkdir()
    return getattr(run, engine)(place)


def fails_without_a_fault(faults, databases, folder):
    """What to say where a test fails as the code is: then its failing tells nothing."""
    for engine, of_engine in groupby(sorted(faults, key=lambda fault: fault.engine), lambda fault: fault.engine):
        tests = sorted({test for fault in of_engine for test in fault.tests})
        print(f"Without any fault: {len(tests)} tests on {databases[engine].title} ...", flush=True)
        ended = run_tests(copy_of_the_tree(folder), tests, databases[engine], folder / f"var-{engine}")
        if ended.code:
            return f"{ended.words}\nThese tests must pass before a fault can be seen by them."
    return ""


def make_tables(folder, databases):
    if "sqlite" in databases:
        data = folder / "tables"
        data.mkdir(mode=0o700)
        environment = environment_for(folder, databases["sqlite"], data) | {"DJANGO_SETTINGS_MODULE": "clinic.settings"}
        subprocess.run([sys.executable, "-c", TABLES], cwd=copy_of_the_tree(folder), env=environment, check=True)


def tried(fault: Fault, database, folder):
    """The result, and the seconds until it was known."""
    began = time.monotonic()
    tree, data = copy_of_the_tree(folder), folder / f"var-{fault.number}"
    if said := fault.apply(tree):
        result = f"NO LONGER APPLIES: {said.splitlines()[0]}"
    else:
        is_ready = fault.engine == "sqlite" and not fault.makes_another_database
        result = judged(fault, run_tests(tree, fault.tests, database, data, folder / "tables" if is_ready else None))
    seconds = time.monotonic() - began
    print(f"{fault.file.stem}: {result} ({seconds:.0f} s)", flush=True)
    return result, seconds


def judged(fault, ended):
    if ended.code == 0:
        return NOT_NOTICED
    seen = ended.failed | {name.partition("[")[0] for name in ended.failed}
    if ended.code == TESTS_FAILED and seen.issuperset(fault.tests):
        return HELD
    print(ended.words)
    return f"{NOT_NOTICED}: it broke elsewhere"


def copy_of_the_tree(folder):
    """Always under one name, so that what Python has compiled of the files that are the same is found again."""
    tree = folder / "tree"
    if tree.exists():
        shutil.rmtree(tree)
    shutil.copytree(ROOT, tree, ignore=NOT_COPIED)
    return tree


def environment_for(folder, database, data):
    environment = os.environ | {
        "DATABASE_URL": database.url,
        "DATA_DIR": str(data),
        "ENV_FILE": os.devnull,
        "HYPOTHESIS_STORAGE_DIRECTORY": str(data / "hypothesis"),
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        "POSTGRESQL_BIN": database.programs,
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def run_tests(tree, tests, database, data, tables=None):
    data.mkdir(mode=0o700)
    notes = data / "failed.txt"
    notes.touch()
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "bench.faults.noting", *WITHOUT]
    if tables:
        shutil.copy(tables / TABLES_FILE, data)
        command.append("--reuse-db")
    try:
        ended = subprocess.run(
            [*command, *tests],
            cwd=tree,
            env=environment_for(tree.parent, database, data) | {"FAILED": str(notes)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MOST_SECONDS * len(tests),
        )
    except subprocess.TimeoutExpired:
        return Ended(-1, set(), f"No end after {MOST_SECONDS * len(tests)} seconds.")
    return Ended(ended.returncode, set(notes.read_text().splitlines()), "\n".join(ended.stdout.splitlines()[-60:]))


def report_of(faults, results, seconds):
    held = sum(result == HELD for result, _seconds in results)
    summary = f"Of {len(faults)} guards {held} are held, found in {seconds / 60:.0f} minutes."
    return REPORT.format(summary=summary, rows="\n".join(map(row, faults, results)))


def row(fault, tried):
    result, seconds = tried
    tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in fault.tests)
    on = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[fault.engine]
    return f"| {fault.file.stem} | {fault.guard} | {tests} | {on} | {seconds:.0f} | {result} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
