"""Whether the time of a refusal tells that a name is known: `make bench`, into bench/SIGN-IN.md.

Wrong passwords for a known and an unknown name, in random order, to the real server. On the first of them a threshold is
chosen that tells the two apart best; how often it is right is counted on the others, which it has not seen.
"""

import http.client
import os
import random
import re
import sys
import time
from contextlib import closing
from statistics import median
from urllib.parse import urlencode

from tests import run

from .servers import ROOT, on_each_engine, started
from .sites import laid_out, python

LEARNED, JUDGED, SIGN_IN = 200, 400, "/admin/sign-in/"
KNOWN, UNKNOWN = "sam-okafor", "ana-lindqv"
PERSON = f"""import django; django.setup()
from clinic.models import User
User.objects.create_user("{KNOWN}", "{KNOWN}@clinic.example", "a password that nobody guesses")"""
REPORT = """\
# Does the time of a refusal tell that a name is known?

`make bench` writes this. {learned} and then {judged} wrong passwords for a known and an unknown name, in random order, to the real
server with its limits off. The threshold that tells the first {learned} apart best is right on so many of the other {judged}; guessing
blindly is right on half, and 55 % is the most that is allowed. Milliseconds are medians.

| Engine | known | unknown | right |
| --- | --- | --- | --- |
{rows}
"""


def main():
    rows = [row(engine, tries) for engine, tries in on_each_engine(measured, "guessing").items()]
    report = REPORT.format(rows="\n".join(rows), learned=LEARNED, judged=JUDGED)
    (ROOT / "bench" / "SIGN-IN.md").write_text(report)
    print(report)


def measured(database, folder):
    """For each try: whether the name was known, and the seconds until it was refused."""
    environment = os.environ | {
        "DATABASE_URL": database.url,
        "DATA_DIR": str(folder / "var"),
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "bench.unlimited",
    }
    python(laid_out(environment), "-c", PERSON)
    port = run.free_port()
    command = [sys.executable, "-m", "clinic.server", "--port", str(port), "--log-level", "error"]
    with started(command, port, environment=environment, ready=SIGN_IN):
        return guess(port)


def guess(port):
    names = [KNOWN, UNKNOWN] * ((LEARNED + JUDGED) // 2)
    random.shuffle(names)
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        cookie, token = form(connection)
        refused(connection, cookie, token, UNKNOWN)
        return [(name == KNOWN, refused(connection, cookie, token, name)) for name in names]


def form(connection):
    connection.request("GET", SIGN_IN)
    answer = connection.getresponse()
    cookie = re.search(r"csrftoken=\w+", answer.headers["Set-Cookie"])[0]
    return cookie, re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.read().decode())[1]


def refused(connection, cookie, token, name):
    body = urlencode({"csrfmiddlewaretoken": token, "login": name, "password": "a wrong guess"})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    began = time.perf_counter()
    connection.request("POST", SIGN_IN, body, headers)
    answer = connection.getresponse()
    page = answer.read()
    if answer.status != 200 or b"error-summary" not in page:
        raise RuntimeError(f"not refused as a wrong password is: {answer.status}")
    return time.perf_counter() - began


def row(engine, tries):
    seen, unseen = tries[:LEARNED], tries[LEARNED:]
    threshold, known_is_slower = max(
        ((seconds, slower) for _known, seconds in seen for slower in (True, False)), key=lambda each: right(seen, *each)
    )
    times = [1000 * median(seconds for known, seconds in tries if known is which) for which in (True, False)]
    return f"| {engine} | {times[0]:.0f} | {times[1]:.0f} | {100 * right(unseen, threshold, known_is_slower):.1f} % |"


def right(tries, threshold, known_is_slower):
    return sum(known == ((seconds > threshold) is known_is_slower) for known, seconds in tries) / len(tries)


if __name__ == "__main__":
    sys.exit(main())
