"""What a page costs: from memory beside the least that is possible, and made afresh beside a typical site.

`make bench`, into bench/PAGES.md. Each pair is asked alternately in one run, since what else the machine does changes by the minute.
"""

import platform
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import brotli

from tests import run

from . import sites
from .article import SLUG
from .load import alternately, ask
from .servers import ROOT, granian, nginx

ROUNDS, SECONDS = 5, 4
OURS, THEIRS = f"/tips/{SLUG}/", f"/articles/{SLUG}/"
REPORT = """\
# What a page costs, measured

`make bench` writes this. The same article everywhere, {size:,} bytes as browsers get it (brotli; {plain:,} unpacked); two processes of eight threads behind no proxy, on PostgreSQL, in
production's set-up; wrk on the same two cores. Each row is the median of {rounds} runs of {seconds} s, taken in turn. `µs` is the server's processor time for each answer, which is the steadier figure.

## From memory

| | connections | answers a second | p99 ms | µs |
| --- | --- | --- | --- | --- |
{memory}

{verdicts}

## Made afresh

Our page with its topics, related tips, review, contents and structured data, no memory of pages, beside the typical view: one row of one table through a base template, with stock middleware.

| | connections | answers a second | p99 ms | µs |
| --- | --- | --- | --- | --- |
{afresh}

{beside}

## Start and memory

From the start of the web server to its first answer {start:.1f} s; web and worker together hold {memory_mb:.0f} MB (PSS).

Measured with Python {python} on {cores} cores.
"""


def main():
    with tempfile.TemporaryDirectory(prefix="clinic-bench-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        place.chmod(0o755)
        with run.postgresql(place) as database:
            report = measured(database.url, place)
    (ROOT / "bench" / "PAGES.md").write_text(report)
    print(report)


def measured(url, place):
    base = url.rpartition("/")[0]
    environment = sites.production(f"{base}/postgres", place / "var")
    theirs = sites.typical_environment(database(url, "typical"))
    sites.prepare_ours(environment)
    sites.prepare_typical(theirs)
    body = first_page(environment)
    (place / "hello.br").write_bytes(body)
    memory, facts = from_memory(environment, place, body)
    afresh = made_afresh(environment, theirs)
    return REPORT.format(
        size=len(body), plain=len(brotli.decompress(body)), rounds=ROUNDS, seconds=SECONDS,
        memory=rows(memory), afresh=rows(afresh), verdicts=verdicts(memory), beside=beside(afresh),
        python=platform.python_version(), cores=run.os.cpu_count(), **facts,
    )  # fmt: skip


def database(url, name):
    with run.psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{url.rpartition('/')[0]}/{name}"


def first_page(environment):
    with sites.ours(environment) as server:
        request = urllib.request.Request(server.address + OURS, headers=sites.HEADERS | {"Accept-Encoding": "br"})
        with urllib.request.urlopen(request) as answer:
            return answer.read()


def from_memory(environment, place, body):
    headers = sites.HEADERS | {"Accept-Encoding": "br"}
    hello = sites.os.environ | {"HELLO_BODY": str(place / "hello.br")}
    with ExitStack() as stack:
        served = {
            "our page": (stack.enter_context(sites.ours(environment)), OURS),
            "bare WSGI": (stack.enter_context(granian("bench.hello:application", environment=hello)), "/"),
            "nginx, a file": (
                stack.enter_context(nginx(place, {"page.html": body}, ready="/page.html")), "/page.html"
            ),
        }  # fmt: skip
        server = served["our page"][0]
        facts = {"start": server.seconds, "memory_mb": (server.memory() + worker_memory(environment)) / 1e6}
        for each, path in served.values():
            ask(each, path, connections=16, seconds=1, headers=headers)
        return {
            connections: alternately(asked(served, connections, headers), rounds=ROUNDS) for connections in (16, 64)
        }, facts


def made_afresh(environment, theirs):
    headers = sites.HEADERS | {"Accept-Encoding": "gzip"}
    with sites.ours(environment, PAGE_MEMORY_BYTES="0") as server, sites.typical(theirs, THEIRS) as other:
        served = {"our page": (server, OURS), "typical page": (other, THEIRS)}
        for each, path in served.values():
            ask(each, path, connections=8, seconds=1, headers=headers)
        return {connections: alternately(asked(served, connections, headers), rounds=ROUNDS) for connections in (16,)}


def asked(served, connections, headers):
    def once(server, path):
        return lambda: ask(server, path, connections=connections, seconds=SECONDS, headers=headers)

    return {name: once(*each) for name, each in served.items()}


def worker_memory(environment):
    with sites.worker(environment) as worker:
        return worker.memory()


def rows(loads):
    return "\n".join(
        f"| {name} | {connections} | {load.per_second:,.0f} | {load.p99_ms:.1f} | {load.cpu_us:,.0f} |"
        for connections, by_name in loads.items()
        for name, load in by_name.items()
    )


def verdicts(loads):
    lines = []
    for connections, by_name in loads.items():
        ours, hello, file = by_name["our page"], by_name["bare WSGI"], by_name["nginx, a file"]
        lines.append(
            f"- At {connections} connections: {ours.per_second / hello.per_second:.2f} of bare WSGI (the aim is 0.85), "
            f"{ours.per_second / file.per_second:.2f} of nginx (0.45); p99 {ours.p99_ms / hello.p99_ms:.1f} times bare WSGI's."
        )
    return "\n".join(lines)


def beside(loads):
    ours, typical = loads[16]["our page"], loads[16]["typical page"]
    return f"Ours costs {ours.cpu_us / typical.cpu_us:.2f} of the typical one's processor time (the aim is 0.6)."


if __name__ == "__main__":
    sys.exit(main())
