"""Log lines that repeat nothing a patient wrote: no path (it may hold a token), no value, no message of an exception."""

import logging
import traceback
from types import TracebackType


class Reticent(logging.Formatter):
    """Names the route instead of the path, and the kind and place of an error instead of its words."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        request = getattr(record, "request", None)
        if request is not None:
            match = getattr(request, "resolver_match", None)
            record = logging.makeLogRecord(record.__dict__)
            record.msg, record.args = (
                "%s %s",
                (getattr(record, "status_code", ""), match.view_name if match else "no route"),
            )
            record.exc_text = None
        return super().format(record)

    def formatException(self, exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
        kind, _, trace = exc_info
        frames = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
        return "\n".join([*frames, kind.__name__])
