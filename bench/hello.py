"""The least that a WSGI application can do: answer with bytes that it has."""

import json
import os
from pathlib import Path

BODY = Path(os.environ["HELLO_BODY"]).read_bytes()
# None but the body's own, or those that are given.
HEADERS = [tuple(each) for each in json.loads(os.environ.get("HELLO_HEADERS", "[]"))] or [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Encoding", "br"),
    ("Content-Length", str(len(BODY))),
]


def application(environ, start_response):
    start_response("200 OK", HEADERS)
    return [BODY]
