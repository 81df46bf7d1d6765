"""A site as ours must not be: it logs what it is told, and repeats it in titles, addresses and error pages."""

import sys
from urllib.parse import unquote_plus


def application(environ, start_response):
    told = unquote_plus(environ["wsgi.input"].read().decode())
    print(told, file=sys.stderr, flush=True)  # noqa: T201 - what this is for
    start_response("404 Not Found", [("Location", f"/?{told}"), ("Content-Type", "text/html")])
    return [f"<title>{told}</title>".encode()]
