"""The least that a WSGI application can do: answer with bytes that it has."""

import os
from pathlib import Path

BODY = Path(os.environ["HELLO_BODY"]).read_bytes()
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Encoding", "br"),
    ("Content-Length", str(len(BODY))),
]


def application(environ, start_response):
    start_response("200 OK", HEADERS)
    return [BODY]
