"""Log lines: what may stand in one, and that nothing else ever does."""

import ast
import json
import logging
import os
import subprocess
import sys

import pytest
from django.test import RequestFactory

from clinic import logs, views
from clinic.limits import wide_network_of
from tests.factories import make_tip
from tests.test_house_rules import OURS, parsed, relative

CANARY = "zqcanary"
ALLOWED = {"time", "level", "logger", "request", "event", "at", "exception", "frames", *logs.PUBLIC}
# What a log line must not be broken with: ends of lines, colours, and what is no text.
BREAKS = "%0d%0a%1b[31m%00%e2%80%a8%85%ff"


@pytest.fixture
def lines():
    """Every line that any logger writes from here on, of every level, as production would write it."""
    written = []
    handler = logging.Handler(logging.DEBUG)
    handler.setFormatter(logs.Json())
    handler.emit = lambda record: written.append(handler.format(record))
    root = logging.getLogger()
    before = [
        (logger, logger.level) for logger in (root, *map(logging.getLogger, ("clinic.request", "django.request")))
    ]
    for logger, _ in before:
        logger.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)
    for logger, level in before:
        logger.setLevel(level)


def read(line):
    """What a line says; each is one object of allowed names, and no sign in it can end it early."""
    assert line.isascii()
    assert line.isprintable()
    told = json.loads(line)
    assert set(told) <= ALLOWED
    return told


def of_requests(lines):
    return [told for told in map(read, lines) if told["logger"] == "clinic.request"]


def raise_a_chain():
    try:
        {}[f"{CANARY} in a cause"]
    except KeyError as error:
        local = f"{CANARY} in a variable"
        raise ValueError(f"{CANARY} in a message\n{local}") from error


@pytest.mark.django_db
def test_no_part_of_a_request_is_in_a_line(clinic, client, lines, monkeypatch):
    monkeypatch.setattr(views, "render", lambda *a, **k: raise_a_chain())
    client.raise_request_exception = False
    headers = {"User-Agent": CANARY, "X-Request-ID": CANARY, "Referer": f"https://{CANARY}/", "Cookie": f"a={CANARY}"}

    for path in (
        f"/r/{CANARY}/",
        f"/{CANARY}{BREAKS}/",
        f"/calendar/{CANARY}.ics",
        f"/tips/?q={CANARY}",
        f"//{CANARY}",
    ):
        for method in ("get", "post", "put", "options"):
            answer = getattr(client, method)(path, {"name": CANARY}, headers=headers)
            assert CANARY not in answer["X-Request-ID"]
    client.get(f"/privacy/?q={CANARY}")
    client.get("/", headers={"Host": f"{CANARY}.example"})
    client.generic(CANARY.upper(), "/")

    assert len(of_requests(lines)) == 23
    assert [told for told in map(read, lines) if told["logger"] == "django.request" and "request" not in told] == []
    assert [told["exception"] for told in map(read, lines) if told.get("status") == 500 and "exception" in told]
    assert CANARY not in "".join(lines).lower()


def test_an_exception_tells_its_kinds_and_our_own_frames_only(lines):
    def our_view():
        raise_a_chain()

    # As if the frames of this file were ours.
    code = compile("def of_ours(act):\n    act()", str(logs.HOME / "clinic" / "made_up.py"), "exec")
    exec(code, made := {})  # noqa: S102 - made right here

    try:
        made["of_ours"](our_view)
    except ValueError:
        logging.getLogger("clinic.test").exception("it failed")
        logging.getLogger("elsewhere").exception("%s", CANARY, extra={"public": {"said": CANARY}})
    logging.getLogger("elsewhere").warning(f"about {CANARY}")

    [ours, theirs, word] = map(read, lines)
    assert (ours["event"], ours["exception"], ours["frames"]) == (
        "it failed",
        "ValueError < KeyError",
        ["clinic/made_up.py:2 of_ours"],
    )
    assert theirs["at"].startswith("test_logs.py:")
    assert "event" not in theirs | word
    assert CANARY not in "".join(lines)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("mail", 7, "seven"),
        ("said", "SMTPRecipientsRefused 550", "SMTPRecipientsRefused 550 zoe@patients.example"),
        ("reference", "CR-ACDEFG", "Zoe"),
        ("hash", "0f" * 32, "a name"),
        ("network", "203.0.113.0/24", "203.0.113.7"),
        ("route", "admin:queue", "/r/token/"),
        ("status", 200, ["200"]),
    ],
)
def test_a_fact_is_told_only_where_it_looks_as_it_should(lines, name, good, bad):
    logger = logging.getLogger("clinic.test")

    logger.warning("a line", extra={"public": {name: good}})
    logger.warning("a line", extra={"public": {name: bad, "goal": CANARY}})

    told, silent = map(read, lines)
    assert (told[name], set(told) - set(silent), set(silent) - set(told)) == (good, {name}, set())


@pytest.mark.django_db
def test_a_request_is_one_line_that_its_answer_can_be_found_by(clinic, therapist, signed_in, lines):
    answer = signed_in(therapist).get("/admin/queue/", REMOTE_ADDR="203.0.113.77")

    [line] = of_requests(lines)
    assert isinstance(line.pop("ms"), int)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "clinic.request",
        "request": answer["X-Request-ID"],
        "event": "request",
        "route": "admin:queue",
        "method": "GET",
        "status": 200,
        "staff": therapist.pk,
        "network": "203.0.113.0/24",
    }


@pytest.mark.django_db
def test_the_line_of_a_readers_page_costs_no_query_and_no_session(
    clinic, client, lines, django_assert_num_queries, signed_in, therapist
):
    tip = make_tip()
    browser = signed_in(therapist)
    for page in ("/privacy/", f"/tips/{tip.slug}/"):
        browser.get(page)

    with django_assert_num_queries(0):
        answer = browser.get("/privacy/")

    assert "staff" not in of_requests(lines)[-1]
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::7", "2001:db8:1::/48"), ("nonsense", "")],
)
def test_an_address_is_cut_so_that_many_share_it(rf, address, network):
    assert wide_network_of(rf.get("/", REMOTE_ADDR=address)) == network


@pytest.mark.parametrize("is_the_journal", [True, False])
def test_the_journal_is_told_the_level_of_a_line(tmp_path, is_the_journal):
    """As `journalctl -p warning` looks for it (sd-daemon)."""
    write = (
        "import logging; from clinic.logs import Json; handler = logging.StreamHandler(); "
        "handler.setFormatter(Json()); log = logging.getLogger('clinic.mail'); log.addHandler(handler); "
        "log.warning('a mail could not be sent')"
    )
    written = tmp_path / "journal"
    with written.open("wb") as file:
        stream = os.fstat(file.fileno())
        inode = stream.st_ino if is_the_journal else 1
        environment = os.environ | {"JOURNAL_STREAM": f"{stream.st_dev}:{inode}"}
        subprocess.run([sys.executable, "-c", write], env=environment, stderr=file, check=True)

    line = written.read_text()

    assert line.startswith("<4>{" if is_the_journal else "{")
    assert json.loads(line.removeprefix("<4>"))["event"] == "a mail could not be sent"


def test_people_read_the_same_with_the_same_reticence():
    try:
        raise_a_chain()
    except ValueError:
        record = logging.LogRecord("clinic.test", logging.ERROR, __file__, 1, "it failed", (), sys.exc_info())
    record.request = RequestFactory().get(f"/r/{CANARY}/")
    record.public = {"mail": 7, "said": CANARY + "\n"}

    line = logs.Plain().format(record)

    assert line.endswith("ERROR clinic.test: it failed mail=7 exception=ValueError < KeyError")
    assert CANARY not in line


@pytest.mark.parametrize("path", OURS, ids=relative)
def test_what_we_log_is_a_constant_text_and_public_facts(path):
    """The formatter writes the text as it stands, so it must hold nothing; arguments would be left out."""
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    loose = [
        node.lineno
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in levels
        and isinstance(node.func.value, ast.Name)
        and "log" in node.func.value.id
        and not (len(node.args) == 1 and isinstance(node.args[0], ast.Constant))
    ]

    assert loose == []
