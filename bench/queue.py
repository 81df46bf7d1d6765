"""What the queue costs with a million requests, beside itself with a thousand: `make bench`, into bench/QUEUE.md.

Databases of one engine are asked in turn, since what else the machine does changes by the minute. ENGINES and
TEST_DATABASE_URL in the environment mean what they mean to `make test`; SIZES are the numbers of requests.
"""

import json
import os
import platform
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit, urlunsplit

import psycopg

from .plot import growth
from .servers import ROOT, on_each_engine
from .sites import laid_out, production

SIZES = [int(size) for size in os.environ.get("SIZES", "1000 10000 100000 1000000").split()]
FEW, MANY = min(SIZES), max(SIZES)
ROUNDS, MOST = 15, 1.3
# Drawn as they grow: what is looked at all day, what is far back, and what is looked for.
DRAWN = [
    "waiting: first page",
    "closed: last page",
    "search: a phone number",
    "search: a frequent name",
    "the owner's desk",
]
ASK = "import django; django.setup(); from bench.queue_pages import main; main({count})"
REPORT = """\
# The queue with {many:,} requests, measured

`make bench` writes this. A database for each of {sizes} requests, 98 of 100 closed in all, each filled with what the product
keeps of them; every page is asked of one after the other, {rounds} times, through everything that answers a therapist in production's set-up
(the real middleware, session, second step and record of who looked; no network). Milliseconds are medians. `rows` are those on the page: with {few:,} requests most
parts hold fewer than a page has room for, and each row that is shown costs what it costs.

The aim: no page takes more than {most} times as long with {many:,} as with {few:,}. {verdict}
{tables}
Measured with Python {python} on {cores} cores.
"""
TABLE = """
## {engine}

![Milliseconds for a page against the number of requests]({picture})

| | rows | ms with {few:,} | rows | ms with {many:,} | ratio |
| --- | --- | --- | --- | --- | --- |
{rows}
"""


def main():
    measured = on_each_engine(measure, "filling, then asking")
    for title, found in measured.items():
        (ROOT / "bench" / picture(title)).write_text(drawn(title, found))
    (ROOT / "bench" / "QUEUE.md").write_text(report(measured))
    print(report(measured))


def measure(database, folder):
    """By page: for each number of requests its rows and its times."""
    with ExitStack() as stack:
        desks = {count: stack.enter_context(desk(database, folder, count)) for count in SIZES}
        names = [asked(each, "begin") for each in desks.values() if said(each)].pop()
        found = {name: {count: [] for count in SIZES} for name in names}
        for _round in range(ROUNDS):
            for name in names:
                for count, each in desks.items():
                    found[name][count].append(asked(each, name))
    return found


def asked(process, name):
    process.stdin.write(name + "\n")
    process.stdin.flush()
    return said(process)


def said(process):
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("the desk has ended")
    return json.loads(line)


@contextmanager
def desk(database, folder, count):
    """A process with a database of its own, filled, which answers for the desk."""
    environment = laid_out(production(own_database(database, count), folder / str(count)))
    command = [sys.executable, "-c", ASK.format(count=count)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        (folder / f"{count}.log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, **pipes) as process,
    ):
        try:
            yield process
        except RuntimeError:
            log.flush()
            print(Path(log.name).read_text()[-3000:])
            raise
        finally:
            process.stdin.close()


def own_database(database, count):
    parts = urlsplit(database.url)
    name = f"queue_{os.getpid()}_{count}"
    if parts.scheme == "sqlite":
        return f"{database.url}.{name}"
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(parts._replace(path=f"/{name}"))


# The report


def report(measured):
    rows = {engine: {name: figures(each) for name, each in found.items()} for engine, found in measured.items()}
    sizes = {
        "few": FEW,
        "many": MANY,
        "rounds": ROUNDS,
        "most": MOST,
        "sizes": ", ".join(f"{size:,}" for size in SIZES),
    }
    tables = "".join(
        TABLE.format(
            engine=engine,
            picture=picture(engine),
            rows="\n".join(row(name, facts) for name, facts in found.items()),
            **sizes,
        )
        for engine, found in rows.items()
    )
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    return REPORT.format(tables=tables, verdict=verdict(rows), **sizes, **machine)


def picture(engine):
    return f"queue-{engine.split()[0].lower()}.svg"


def drawn(engine, found):
    curves = {name: {size: typical(answers) for size, answers in found[name].items()} for name in DRAWN}
    return growth(f"A page of the queue, by the number of requests, {engine}", "ms", curves)


def typical(answers):
    return median(answer["ms"] for answer in answers)


def figures(answers):
    few, many = answers[FEW], answers[MANY]
    times = typical(few), typical(many)
    return few[0]["rows"], times[0], many[0]["rows"], times[1], times[1] / times[0]


def row(name, facts):
    few_rows, few, many_rows, many, ratio = facts
    shown = f"**{ratio:.2f}**" if ratio > MOST else f"{ratio:.2f}"
    return f"| {name} | {few_rows} | {few:.1f} | {many_rows} | {many:.1f} | {shown} |"


def verdict(rows):
    slow = [
        f"{engine.split()[0]}, {name}"
        for engine, found in rows.items()
        for name, facts in found.items()
        if facts[-1] > MOST
    ]
    return f"It does not hold for: {'; '.join(slow)}." if slow else "It holds for every one of them."


if __name__ == "__main__":
    sys.exit(main())
