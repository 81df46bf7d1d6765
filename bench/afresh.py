"""What is not answered from memory, beside the typical site: a tip, a step of the form, and Send beside a plain form."""

import json
import re
import urllib.request
from urllib.parse import urlencode

from . import sites
from .article import SLUG
from .load import alternately, ask

TIP, ARTICLE, STEP, SEND, MESSAGES = (
    f"/tips/{SLUG}/", f"/articles/{SLUG}/", "/consultation/where/", "/consultation/check/", "/messages/"
)  # fmt: skip
CONNECTIONS, CLIENTS = 16, (1, 8)
ROUNDS, SECONDS = 5, 4
FORMS_A_ROUND = 2_500
TOKEN = "a" * 32
WHO = {"for_whom": "me", "age": "adult"}
COOKIE = f"csrftoken={TOKEN}"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"https://{sites.HOST}/"}
GZIP = sites.HEADERS | {"Accept-Encoding": "gzip"}
SCRIPT = str(sites.ROOT / "bench" / "send.lua")
PLAIN = urlencode({
    "csrfmiddlewaretoken": TOKEN, "name": "Zoë Núñez", "email": "zoe@patients.example",
    "text": "It aches after rehearsals, and I want to carry my cello upstairs.",
})  # fmt: skip


def pages(environment, theirs):
    """A tip with nothing remembered, a tip for whoever brings a query of somebody else's, and a step, beside the typical page."""
    with (
        sites.ours(environment, PAGE_MEMORY_BYTES="0") as bare,
        sites.ours(environment) as server,
        sites.typical(theirs, ARTICLE) as typical,
    ):
        cookie = visitor(server)
        served = {
            "a tip": once(server, f"{TIP}?fbclid=1", GZIP),
            "a step of the form": once(server, STEP, GZIP | {"Cookie": cookie}),
            "a tip, the first time after a change": once(bare, TIP, GZIP),
            "the typical page": once(typical, ARTICLE, GZIP),
        }
        return alternately(served, rounds=ROUNDS)


def once(server, path, headers):
    ask(server, path, connections=CONNECTIONS, seconds=1, headers=headers)
    return lambda: ask(server, path, connections=CONNECTIONS, seconds=SECONDS, headers=headers)


def visitor(server):
    """The cookies of somebody who has answered the first page."""
    address = f"{server.address}/consultation/who/"
    body = urlencode(WHO | {"csrfmiddlewaretoken": TOKEN}).encode()
    asked = urllib.request.Request(address, data=body, headers=sites.HEADERS | FORM | {"Cookie": COOKIE})
    with urllib.request.build_opener(NoRedirect).open(asked) as answer:
        return f"{COOKIE}; " + "; ".join(
            re.match(r"[^;]+", each)[0] for each in answer.headers.get_all("Set-Cookie") if "session" in each
        )


class NoRedirect(urllib.request.HTTPErrorProcessor):
    def http_response(self, request, response):
        return response


def sends(environment, theirs, place):
    """A press on Send, beside a plain form of one row."""
    files = [str(place / f"forms-{number}") for number in range(ROUNDS * len(CLIENTS) + 1)]
    sites.fill(environment, "bench.forms", json.dumps([FORMS_A_ROUND, files]))
    (place / "plain").write_text("\n".join([PLAIN] * 100_000))
    with sites.ours(environment) as server, sites.typical(theirs, ARTICLE) as typical:
        unused = iter(files)

        def send(clients):
            return posted(server, SEND, clients, next(unused))

        def write(clients):
            return posted(typical, MESSAGES, clients, str(place / "plain"))

        send(1), write(1)
        return {
            clients: alternately(
                {"Send": lambda clients=clients: send(clients), "a plain form": lambda clients=clients: write(clients)},
                rounds=ROUNDS,
            )
            for clients in CLIENTS
        }


def posted(server, path, clients, file):
    headers = sites.HEADERS | FORM | {"Cookie": COOKIE}
    return ask(server, path, connections=clients, seconds=SECONDS, headers=headers, script=SCRIPT, given=[file])
