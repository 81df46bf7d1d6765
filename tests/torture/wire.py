"""Requests written to the socket byte by byte, so that nothing cleans them up on the way."""

import contextlib
import socket
import time
from dataclasses import dataclass

# A token and its cookie only have to be equal; any visitor could make up such a pair.
CSRF = "k" * 32
FORM = "application/x-www-form-urlencoded"
PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Hostile:
    """One request as it is written: text stands for its bytes, one character each."""

    title: str
    target: str
    method: str = "GET"
    who: str = "stranger"
    body: str | None = None
    content_type: str | None = FORM
    headers: tuple = ()
    # What Content-Length claims, where that is not the truth.
    claims: int | None = None

    def __str__(self):
        said = [self.title, self.who, self.method, self.target[:120], self.content_type, *self.headers, self.body or ""]
        return " | ".join(str(part)[:120] for part in said)


@dataclass(frozen=True)
class Answer:
    """Status 0 is a connection that was closed without a word."""

    status: int
    head: str
    body: bytes
    seconds: float

    def header(self, name):
        lines = [line.partition(":") for line in self.head.split("\r\n")]
        return next((value.strip() for key, _, value in lines if key.lower() == name), "")


def written(hostile, *, host, scheme="http", session=""):
    body = hostile.body or ""
    if hostile.body is not None and hostile.content_type == FORM:
        body = f"csrfmiddlewaretoken={CSRF}&{body}"
    ours = {
        "Host": host,
        "Connection": "close",
        "Cookie": f"csrftoken={CSRF}" + (f"; sessionid={session}" if session else ""),
        "Origin": f"{scheme}://{host}",
        "X-Forwarded-Proto": scheme,
        "X-Forwarded-For": "192.0.2.7",
    }
    if hostile.body is not None:
        ours["Content-Length"] = str(len(body) if hostile.claims is None else hostile.claims)
        if hostile.content_type is not None:
            ours["Content-Type"] = hostile.content_type
    theirs = {line.partition(":")[0].lower() for line in hostile.headers}
    lines = [f"{name}: {value}" for name, value in ours.items() if name.lower() not in theirs]
    head = "\r\n".join([f"{hostile.method} {hostile.target} HTTP/1.1", *lines, *hostile.headers])
    return f"{head}\r\n\r\n{body}".encode("latin-1")


def send(port, request, *, breaks_off=False):
    """What comes back; a server may answer and hang up before it has read everything, and owes nothing if we do."""
    began = time.monotonic()
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
            if breaks_off:
                connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65_536):
                received += piece
    if received.startswith(b"HTTP/1.1 100"):
        received = received.partition(b"\r\n\r\n")[2]
    head, _, body = received.partition(b"\r\n\r\n")
    said = head.decode("latin-1")
    status = int(said.split(" ", 2)[1]) if said.startswith("HTTP/") else 0
    return Answer(status, said, body, time.monotonic() - began)
