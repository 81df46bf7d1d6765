"""Visitors who hold connections: behind nginx nobody notices them; the site alone is stopped by them, which is the control."""

import contextlib
import resource
import socket
import threading
import time

import pytest

from tests.torture.sizes import size

from .conftest import HOST, needs_nginx

pytestmark = [needs_nginx, pytest.mark.torture]

ASKED = 100
P99_SECONDS = 1.0
PATIENCE_SECONDS = 3
HEAD = (
    f"POST /consultation/who/ HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: https\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 200000\r\n"
)
HONEST = f"GET /tips/ HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def many_open_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8_000, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def say_nothing(front, i):
    return socket.create_connection(("127.0.0.1", front.port), source_address=(source(i), 0))


def begin(front, i, text):
    """Half a head, or a whole one whose body is to follow."""
    wire = front.open(come_from=source(i))
    wire.sendall(text.encode())
    return wire


def source(i):
    """Every ten from an address of their own, so that it is not the limit for one address that keeps them off."""
    return f"127.0.{1 + i // 10}.1"


@contextlib.contextmanager
def holding(wires, *, silent=()):
    """Send a byte a second on each but the silent ones, as long as it is taken."""
    stop = threading.Event()

    def drip():
        while not stop.wait(1):
            for wire in wires:
                with contextlib.suppress(OSError):
                    wire.sendall(b"a")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        yield
    finally:
        stop.set()
        dripping.join()
        for wire in [*wires, *silent]:
            wire.close()


def seconds_of(ask, times):
    taken = []
    for _ in range(times):
        began = time.monotonic()
        assert ask().startswith("HTTP/1.1 200"), "an honest visitor was turned away"
        taken.append(time.monotonic() - began)
    return sorted(taken)


def test_an_honest_visitor_does_not_notice_those_who_hold_connections(front):
    each = range(size("connections held") // 3)
    nothing = [say_nothing(front, i) for i in each]
    wires = [begin(front, i, text) for i in each for text in (HEAD, f"{HEAD}\r\n")]

    with holding(wires, silent=nothing):
        taken = seconds_of(lambda: front.ask(HONEST), ASKED)

    assert taken[round(0.99 * ASKED) - 1] < P99_SECONDS


def test_the_site_alone_is_stopped_by_them(front):
    def open_to_the_site():
        wire = socket.create_connection(("127.0.0.1", front.site), timeout=PATIENCE_SECONDS)
        wire.sendall(f"{HEAD}\r\n".encode())
        return wire

    wires = [open_to_the_site() for _ in range(size("connections held"))]
    honest = socket.create_connection(("127.0.0.1", front.site), timeout=PATIENCE_SECONDS)
    honest.sendall(HONEST.replace("Connection", "X-Forwarded-For: 192.0.2.7\r\nConnection").encode())

    with holding(wires), honest, pytest.raises(TimeoutError):
        honest.recv(1)


def test_one_address_cannot_hold_more_than_its_share(front):
    wires = [begin(front, 0, f"{HEAD}\r\n") for _ in range(50)]
    answers = []
    for wire in wires:
        wire.settimeout(0.05)
        with contextlib.suppress(TimeoutError):
            answers.append(wire.recv(12))

    for wire in wires:
        wire.close()
    assert answers == [b"HTTP/1.1 429"] * 10
