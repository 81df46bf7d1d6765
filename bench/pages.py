"""What a page costs: from memory beside the least that is possible, and made afresh beside a typical site.

`make bench`, into bench/PAGES.md. Each pair is asked alternately in one run, since what else the machine does changes by the minute.
"""

import json
import os
import platform
import sys
import urllib.request
from contextlib import ExitStack

import brotli
import psycopg

from tests.torture.cluster import own_cluster

from . import afresh, sites
from .article import SLUG
from .load import alternately, ask
from .servers import ROOT, granian, nginx

ROUNDS, SECONDS = 5, 4
OURS = f"/tips/{SLUG}/"
REPORT = """\
# What a page costs, measured

`make bench` writes this. The same article everywhere, {size:,} bytes as browsers get it (brotli; {plain:,} unpacked); two processes of eight threads behind no proxy, on PostgreSQL, in
production's set-up; wrk on the same two cores. Each row is the median of {rounds} runs of {seconds} s, taken in turn. `µs` is the server's processor time for each answer, which is the steadier figure.

## From memory

| | connections | answers a second | p99 ms | µs |
| --- | --- | --- | --- | --- |
{memory}

{verdicts}

## Not from memory

A tip as it comes to whoever has a cookie, or follows a link to which somebody has added a query: through Django, with the page that was made once. A step of the form is made for
one person each time. The first time after a change stands for the whole work: queries, topics, related tips, review, contents and structured data. Beside them the typical view: one row
of one table through a base template with a navigation, in stock middleware, with a pool.

| | connections | answers a second | p99 ms | µs |
| --- | --- | --- | --- | --- |
{afresh}

{beside}

## Sending

Send stores a request, what the patient said, its history and its mails in one commit, counts it against the limits, and empties the session. Beside it a view of one form and one row. PostgreSQL waits for its disk.

| | clients | posts a second | p99 ms | µs |
| --- | --- | --- | --- | --- |
{sends}

{sent}

## Start and memory

From the start of the web server to its first answer {start:.1f} s; web and worker together hold {memory_mb:.0f} MB (PSS).

Measured with Python {python} on {cores} cores.
"""


def main():
    with own_cluster() as cluster:
        place = cluster.home.parent
        report = measured(cluster.url, place)
    (ROOT / "bench" / "PAGES.md").write_text(report)
    print(report)


def measured(url, place):
    base = url.rpartition("/")[0]
    environment = sites.production(f"{base}/postgres", place / "var")
    theirs = sites.typical_environment(database(url, "typical"))
    sites.prepare_ours(environment)
    sites.prepare_typical(theirs)
    body, headers = first_page(environment)
    (place / "hello.br").write_bytes(body)
    memory, facts = from_memory(environment, place, body, headers)
    pages = afresh.pages(environment, theirs)
    sends = afresh.sends(environment, theirs, place)
    return REPORT.format(
        size=len(body), plain=len(brotli.decompress(body)), rounds=ROUNDS, seconds=SECONDS,
        memory=rows(memory), verdicts=verdicts(memory), afresh=rows({16: pages}), beside=beside(pages),
        sends=rows(sends), sent=sent(sends), python=platform.python_version(), cores=os.cpu_count(), **facts,
    )  # fmt: skip


def database(url, name):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{url.rpartition('/')[0]}/{name}"


def first_page(environment):
    with sites.ours(environment) as server:
        request = urllib.request.Request(server.address + OURS, headers=sites.HEADERS | {"Accept-Encoding": "br"})
        with urllib.request.urlopen(request) as answer:
            # The server says the others by itself.
            return answer.read(), [
                each for each in answer.getheaders() if each[0] not in {"connection", "date", "server"}
            ]


def from_memory(environment, place, body, said):
    headers = sites.HEADERS | {"Accept-Encoding": "br"}
    hello = os.environ | {"HELLO_BODY": str(place / "hello.br")}
    same = hello | {"HELLO_HEADERS": json.dumps(said)}
    with ExitStack() as stack:
        served = {
            "our page": (stack.enter_context(sites.ours(environment)), OURS),
            "bare WSGI": (stack.enter_context(granian("bench.hello:application", environment=hello)), "/"),
            "bare WSGI, our headers": (
                stack.enter_context(granian("bench.hello:application", environment=same)), "/"
            ),
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
        same = by_name["bare WSGI, our headers"]
        lines.append(
            f"- At {connections} connections: {ours.per_second / same.per_second:.2f} of bare WSGI that says the same headers, "
            f"{ours.per_second / hello.per_second:.2f} of one that says three (the aim is 0.85), "
            f"{ours.per_second / file.per_second:.2f} of nginx (0.45); p99 {ours.p99_ms / hello.p99_ms:.1f} times bare WSGI's."
        )
    return "\n".join(lines)


def beside(pages):
    typical = pages["the typical page"].cpu_us
    aims = {"a tip": 0.6, "a step of the form": 1.0, "a tip, the first time after a change": None}
    return "\n".join(
        f"- {name[0].upper()}{name[1:]}: {pages[name].cpu_us / typical:.2f} of the typical page's processor time"
        + (f" (the aim is {aim})." if aim else ".")
        for name, aim in aims.items()
    )


def sent(sends):
    return "\n".join(
        f"- {clients} at once: {by_name['Send'].per_second / by_name['a plain form'].per_second:.2f} of the plain form's posts (the aim is 0.5)."
        for clients, by_name in sends.items()
    )


if __name__ == "__main__":
    sys.exit(main())
