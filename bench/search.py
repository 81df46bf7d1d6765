"""How long readers' search takes with 10,000 tips, on both engines: `make bench`.

Writes bench/RESULTS.md. ENGINES and TEST_DATABASE_URL in the environment mean what they mean to `make test`.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

from tests import run

ROOT = Path(__file__).resolve().parent.parent
MEASURE = "import django; django.setup(); from bench.measure import main; main()"
REPORT = """\
# Readers' search, measured

`make bench` writes this. {tips:,} tips of {letters:,} letters on average, made up of the words of the sample articles and of
invented ones, as frequent as words are; the {queries} queries of `queries.txt`, {rounds} times each after one that is not counted.
What counts is the median of the {rounds}, since the machine does other things as well; the worst single one stands beside it.
A search is what the page does: the number of tips, and the first page of them with their snippets. Beside it stands what
no page can do without: those same {page} rows by their primary keys, with their texts, authors and topics. Milliseconds.

| Engine | | p50 | p95 | slowest | worst single |
| --- | --- | --- | --- | --- | --- |
{rows}

The aim: 95 of 100 searches under 50 ms, and none over 150 ms. {empty} of the queries find nothing, {capped} find more than are
ranked. Indexing a tip takes {index} ms.

Measured with Python {python} on {cores} cores.
"""


def main():
    measured = {}
    with tempfile.TemporaryDirectory(prefix="clinic-bench-", ignore_cleanup_errors=True) as folder:
        for engine in os.environ.get("ENGINES", " ".join(run.ENGINES)).split():
            place = Path(folder) / engine
            place.mkdir()
            with getattr(run, engine)(place) as database:
                print(f"{database.title}: making the tips, then asking ...", flush=True)
                measured[database.title.split(" (")[0]] = measure(database, place)
    (ROOT / "bench" / "RESULTS.md").write_text(report(measured))
    print(report(measured))


def measure(database, folder):
    environment = {"DATABASE_URL": database.url, "DATA_DIR": str(folder / "var"), "ENV_FILE": os.devnull}
    environment["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def report(measured):
    rows = [
        f"| {engine} | {name} | {figures(facts[key])} |"
        for engine, facts in measured.items()
        for key, name in (("search", "a search"), ("look_up", "the rows alone"))
    ]
    index = " and ".join(f"{facts['index']:.0f}" for facts in measured.values())
    facts = next(iter(measured.values()))["facts"]
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    return REPORT.format(rows="\n".join(rows), index=index, **machine, **facts)


def figures(rounds):
    medians = [median(times) for times in zip(*rounds, strict=True)]
    cuts = quantiles(medians, n=100)
    return " | ".join(f"{each:.1f}" for each in (cuts[49], cuts[94], max(medians), max(map(max, rounds))))


if __name__ == "__main__":
    sys.exit(main())
