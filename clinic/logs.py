"""Log lines by allow-list: what is not named here is not written, so that no path, value or message of an exception is.

A line of ours is a constant text, and facts under `extra={"public": {...}}`; each has to look as PUBLIC says. Of other
people's lines only the place they come from is told, since their words may repeat anything.
"""

import json
import logging
import os
import re
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent
OURS = ("clinic", "tips", "appointments")
NUMBER = r"\d{1,19}"
STANDARD_ERROR = 2
HEADS_FOR_THE_JOURNAL = {"CRITICAL": "<2>", "ERROR": "<3>", "WARNING": "<4>", "INFO": "<6>", "DEBUG": "<7>"}

# What may be told beside a line of ours, and how it has to look; anything that looks otherwise is left out.
PUBLIC = {
    "route": re.compile(r"[a-z_]+(:[a-z_]+)?"),
    "method": re.compile(r"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"),
    "status": re.compile(r"\d{3}"),
    "ms": re.compile(NUMBER),
    "staff": re.compile(NUMBER),
    "network": re.compile(r"[0-9a-f.:]+/(24|48)"),
    "mail": re.compile(NUMBER),
    "template": re.compile(r"[a-z_]+"),
    "said": re.compile(r"[A-Za-z]+( \d{3})*"),
    "reference": re.compile(r"[A-Z0-9-]{4,16}"),
    "sequence": re.compile(NUMBER),
    "hash": re.compile(r"[0-9a-f]{16,128}"),
}

# The number of the request that this thread answers, in the header X-Request-ID of the answer too.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """All that a line may say."""
    found: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        # Django has a word on an answer after our middleware has let go of it.
        "request": request_id.get() or getattr(getattr(record, "request", None), "number", None),
    }
    if record.name.split(".")[0] in OURS:
        # Without its arguments: the text is written in our code, which a test sees to.
        found["event"] = record.msg
        found |= {name: value for name, value in getattr(record, "public", {}).items() if is_public(name, value)}
    else:
        found |= {"at": f"{Path(record.pathname).name}:{record.lineno}", "status": getattr(record, "status_code", None)}
    if record.exc_info and record.exc_info[1]:
        chain = list(chained(record.exc_info[1]))
        found["exception"] = " < ".join(type(error).__qualname__ for error in chain)
        found["frames"] = [frame for error in chain for frame in own_frames(error)]
    return {name: value for name, value in found.items() if value is not None}


def is_public(name: str, value: Any) -> bool:
    return isinstance(value, str | int) and name in PUBLIC and bool(PUBLIC[name].fullmatch(str(value)))


def chained(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those it came from, as Python tells of them."""
    seen: set[int] = set()
    while error and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def own_frames(error: BaseException) -> Iterator[str]:
    """Where in our own code it went by; neither a line of source nor what stood in a variable."""
    trace = error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        path = Path(code.co_filename)
        if path.is_relative_to(HOME) and path.relative_to(HOME).parts[0] in OURS:
            yield f"{path.relative_to(HOME)}:{trace.tb_lineno} {code.co_qualname}"
        trace = trace.tb_next


def goes_to_the_journal() -> bool:
    """Whether what is written to standard error is read by systemd (systemd.exec, JOURNAL_STREAM)."""
    stream = os.environ.get("JOURNAL_STREAM")
    return bool(stream) and stream == "{0.st_dev}:{0.st_ino}".format(os.fstat(STANDARD_ERROR))


class Json(logging.Formatter):
    """A line for machines: one JSON object, in ASCII, so that nothing in it can break it."""

    def __init__(self) -> None:
        super().__init__()
        # The journal takes this off again, and finds the line by its level (sd-daemon).
        self.heads = HEADS_FOR_THE_JOURNAL if goes_to_the_journal() else {}

    def format(self, record: logging.LogRecord) -> str:
        return self.heads.get(record.levelname, "") + json.dumps(facts(record))


class Plain(logging.Formatter):
    """The same for people."""

    def format(self, record: logging.LogRecord) -> str:
        told = facts(record)
        head = f"{told.pop('time')} {told.pop('level')} {told.pop('logger')}: {told.pop('event', '')}"
        frames = told.pop("frames", [])
        return "\n".join([" ".join([head, *(f"{name}={value}" for name, value in told.items())]), *frames])
