"""Visitors who hold connections: behind nginx nobody notices them; the site alone is stopped by them, which is the control."""

import contextlib
import resource
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

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


def is_held(wire):
    """Whether the other end has it open still."""
    wire.settimeout(0)
    try:
        return wire.recv(4096) != b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False


class Holders:
    """They hold a connection each, send a byte a second on it but for the silent ones, and take another when theirs is ended."""

    def __init__(self, *, silent=(), talking):
        self.openers = [*silent, *talking]
        self.silent = len(silent)
        self.ending = threading.Event()
        self.ended = self.refused = 0

    def __enter__(self):
        with ThreadPoolExecutor(8) as threads:
            self.wires = list(threads.map(lambda opens: opens(), self.openers))
        self.working = threading.Thread(target=self.work)
        self.working.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.working.join()
        for wire in self.wires:
            wire.close()

    def work(self):
        while not self.ending.wait(1):
            for number, wire in enumerate(self.wires):
                if not self.goes_on(wire, number):
                    self.ended += 1
                    wire.close()
                    self.begin_again(number)

    def goes_on(self, wire, number):
        try:
            if number >= self.silent:
                wire.sendall(b"a")
        except OSError:
            return False
        return is_held(wire)

    def begin_again(self, number):
        try:
            self.wires[number] = self.openers[number]()
        except OSError:
            self.refused += 1


def seconds_of(ask, *, times, seconds):
    """How long each took, shortest first: so many, and on until so much time has passed."""
    taken, end = [], time.monotonic() + seconds
    while len(taken) < times or time.monotonic() < end:
        began = time.monotonic()
        assert ask().startswith("HTTP/1.1 200"), "an honest visitor was turned away"
        taken.append(time.monotonic() - began)
    return sorted(taken)


def test_an_honest_visitor_does_not_notice_those_who_hold_connections(front, record_property):
    each = range(size("connections held") // 3)
    silent = [partial(say_nothing, front, i) for i in each]
    talking = [partial(begin, front, i, text) for i in each for text in (HEAD, f"{HEAD}\r\n")]

    with Holders(silent=silent, talking=talking) as holders:
        taken = seconds_of(lambda: front.ask(HONEST), times=ASKED, seconds=size("seconds of holding"))

    p99 = taken[round(0.99 * len(taken)) - 1]
    record_property("done", f"{3 * len(each)} connections held, {holders.ended} ended and begun again, p99 {p99:.2f} s")
    assert p99 < P99_SECONDS
    assert holders.refused == 0


def test_control_the_site_alone_is_stopped_by_them(front, record_property):
    def open_to_the_site():
        wire = socket.create_connection(("127.0.0.1", front.site), timeout=PATIENCE_SECONDS)
        wire.sendall(f"{HEAD}\r\n".encode())
        return wire

    held = size("connections held")
    with Holders(talking=[open_to_the_site] * held):
        honest = socket.create_connection(("127.0.0.1", front.site), timeout=PATIENCE_SECONDS)
        honest.sendall(HONEST.replace("Connection", "X-Forwarded-For: 192.0.2.7\r\nConnection").encode())

        with honest, pytest.raises(TimeoutError):
            honest.recv(1)

    record_property("done", f"{held} connections, no answer in {PATIENCE_SECONDS} s")


def test_one_address_cannot_hold_more_than_its_share(front, record_property):
    wires = [begin(front, 0, f"{HEAD}\r\n") for _ in range(50)]
    answers = []
    for wire in wires:
        wire.settimeout(0.05)
        with contextlib.suppress(TimeoutError):
            answers.append(wire.recv(12))

    for wire in wires:
        wire.close()
    record_property("done", f"{len(answers)} of {len(wires)} turned away")
    assert answers == [b"HTTP/1.1 429"] * 10
