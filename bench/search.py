"""How long readers' search takes with 100,000 tips, on both engines, beside what most sites do: `make bench`.

Writes bench/SEARCH.md. ENGINES and TEST_DATABASE_URL in the environment mean what they mean to `make test`.
"""

import json
import os
import platform
import subprocess
import sys
from statistics import median, quantiles

from .servers import ROOT, on_each_engine

MEASURE = "import django; django.setup(); from bench.measure import main; main()"
MEDIAN_RATIO, WORST_RATIO = 0.02, 0.2
REPORT = """\
# Readers' search, measured

`make bench` writes this. {tips:,} tips of {letters:,} letters on average, made up of the words of the sample articles and of
invented ones, as frequent as words are; the {queries} queries of `queries.txt`, {rounds} times each after one that is not counted.
What counts is the median of the {rounds}, since the machine does other things as well; the worst single one stands beside it.
A search is what the page does: the number of tips, and the first page of them with their snippets. Beside it stands what
no page can do without: those same {page} rows by their primary keys, with their texts, authors and topics; and the typical search,
`icontains` over title, summary and text of what is published, its count and its first page, asked once of every fourth query
({typical} of them) in the same run. Milliseconds.

| Engine | | p50 | p95 | slowest | worst single |
| --- | --- | --- | --- | --- | --- |
{rows}

Each query beside the typical search for the same words. The aim: {median_ratio} of its time in the median, and {worst_ratio} for the worst of them.

| Engine | median of the ratios | the largest | slowest of all {queries} by the typical median | holds |
| --- | --- | --- | --- | --- |
{ratios}

{empty} of the queries find nothing, {capped} find more than are ranked. Indexing a tip takes {index} ms.

Measured with Python {python} on {cores} cores.
"""


def main():
    measured = on_each_engine(measure, "making the tips, then asking")
    (ROOT / "bench" / "SEARCH.md").write_text(report(measured))
    print(report(measured))


def measure(database, folder):
    environment = {"DATABASE_URL": database.url, "DATA_DIR": str(folder / "var"), "ENV_FILE": os.devnull}
    environment["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def report(measured):
    rows = [row for engine, facts in measured.items() for row in times(engine, facts)]
    index = " and ".join(f"{facts['index']:.0f}" for facts in measured.values())
    facts = next(iter(measured.values()))["facts"]
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    aims = {"median_ratio": MEDIAN_RATIO, "worst_ratio": WORST_RATIO}
    ratios = "\n".join(beside(engine, facts) for engine, facts in measured.items())
    return REPORT.format(rows="\n".join(rows), ratios=ratios, index=index, **aims, **machine, **facts)


def times(engine, facts):
    yield f"| {engine} | a search | {figures(facts['search'])} |"
    yield f"| {engine} | the rows alone | {figures(facts['look_up'])} |"
    yield f"| {engine} | the typical search | {figures([[ms for ms in facts['typical'] if ms]])} |"


def figures(rounds):
    medians = medians_of(rounds)
    cuts = quantiles(medians, n=100)
    return " | ".join(f"{each:.1f}" for each in (cuts[49], cuts[94], max(medians), max(map(max, rounds))))


def medians_of(rounds):
    return [median(times) for times in zip(*rounds, strict=True)]


def beside(engine, facts):
    ours, typical = medians_of(facts["search"]), facts["typical"]
    ratios = [mine / theirs for mine, theirs in zip(ours, typical, strict=True) if theirs]
    slowest = max(ours) / median(filter(None, typical))
    holds = median(ratios) <= MEDIAN_RATIO and max(ratios) <= WORST_RATIO
    return f"| {engine} | {median(ratios):.4f} | {max(ratios):.4f} | {slowest:.4f} | {'yes' if holds else 'no'} |"


if __name__ == "__main__":
    sys.exit(main())
