"""Whether the time of a refusal tells that a name is known: `make bench`, into bench/SIGN-IN.md.

Wrong passwords for a known and an unknown name, in random order, to the real server. On the first of them a threshold is
chosen that tells the two apart best; how often it is right is counted on the others, which it has not seen.
"""

import http.client
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from tests import run

ROOT = Path(__file__).resolve().parent.parent
LEARNED, JUDGED, PORT = 200, 400, 8765
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
    rows = []
    with tempfile.TemporaryDirectory(prefix="clinic-bench-", ignore_cleanup_errors=True) as folder:
        for engine in os.environ.get("ENGINES", " ".join(run.ENGINES)).split():
            place = Path(folder) / engine
            place.mkdir()
            with getattr(run, engine)(place) as database:
                print(f"{database.title}: guessing ...", flush=True)
                tries = measured(database, place)
                rows.append(row(database.title.split(" (")[0], tries))
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
    for command in (
        ["manage.py", "migrate", "-v0"],
        ["manage.py", "createcachetable"],
        ["-c", PERSON],
        ["manage.py", "collectstatic", "--noinput", "-v0"],
    ):
        subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True)
    serve = ["-m", "clinic.server", "--port", str(PORT), "--log-level", "error"]
    with subprocess.Popen([sys.executable, *serve], cwd=ROOT, env=environment) as server:
        try:
            return guess()
        finally:
            server.terminate()


def guess():
    names = [KNOWN, UNKNOWN] * ((LEARNED + JUDGED) // 2)
    random.shuffle(names)
    with closing(http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)) as connection:
        cookie, token = form(connection)
        refused(connection, cookie, token, UNKNOWN)
        return [(name == KNOWN, refused(connection, cookie, token, name)) for name in names]


def form(connection):
    for _each in range(100):
        try:
            connection.request("GET", "/admin/sign-in/")
            break
        except ConnectionRefusedError:
            connection.close()
            time.sleep(0.2)
    answer = connection.getresponse()
    cookie = re.search(r"csrftoken=\w+", answer.headers["Set-Cookie"])[0]
    return cookie, re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.read().decode())[1]


def refused(connection, cookie, token, name):
    body = urlencode({"csrfmiddlewaretoken": token, "login": name, "password": "a wrong guess"})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    began = time.perf_counter()
    connection.request("POST", "/admin/sign-in/", body, headers)
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
