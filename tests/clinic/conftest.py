import socket
import threading
import time
from email import message_from_bytes
from email.policy import default as modern

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from tests.conftest import free_port
from tests.factories import DAY, make_tip
from tests.memory import Memory


class PostOffice:
    """A real mail server on loopback that says what the test has it say, and keeps what it took."""

    def __init__(self, port):
        self.port = port
        self.says_to_sender = "250 OK"
        self.says_to_recipient = {}
        self.says_to_data = []  # one answer for each message, then "250 OK"
        self.offered = []
        self.taken = []
        self.recipients = []
        self.lock = threading.Lock()

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.says_to_sender

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.says_to_recipient.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=modern)
        with self.lock:
            answer = self.says_to_data.pop(0) if self.says_to_data else "250 OK"
            self.offered.append(message["Message-ID"])
            if answer.startswith("250"):
                self.taken.append(message)
                self.recipients.append(list(envelope.rcpt_tos))
        return answer

    def wait_for_a_mail(self):
        deadline = time.monotonic() + 20
        while not self.taken and time.monotonic() < deadline:
            time.sleep(0.02)

    @property
    def taken_ids(self):
        return [message["Message-ID"] for message in self.taken]


def use(settings, port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5


@pytest.fixture
def opens_post_office(settings):
    """Open a post office, now or after an outage; every sign-in at it is refused."""
    controllers = []

    def open_it(port=None):
        office = PostOffice(port or free_port())
        controller = Controller(
            office,
            hostname="127.0.0.1",
            port=office.port,
            authenticator=lambda *_: AuthResult(success=False, handled=False),
            auth_require_tls=False,
        )
        controller.start()
        controllers.append(controller)
        use(settings, office.port)
        return office

    yield open_it
    for controller in controllers:
        controller.stop()


@pytest.fixture
def post_office(opens_post_office):
    return opens_post_office()


@pytest.fixture
def closed_post_office(settings):
    """A port at which nobody answers."""
    port = free_port()
    use(settings, port)
    return port


@pytest.fixture
def silent_post_office(settings):
    """It accepts the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        use(settings, listener.getsockname()[1])
        settings.EMAIL_TIMEOUT = 0.3
        yield listener


@pytest.fixture
def database_is_gone():
    """Every statement fails, as when the server has gone away."""

    def refuse(execute, sql, params, many, context):
        raise OperationalError("the server closed the connection")

    return lambda: connection.execute_wrapper(refuse)


@pytest.fixture
def connections_stay():
    """As with Django's own client: the site would end the connection that the test's rows are in."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def memory(clinic, connections_stay):
    return Memory()


@pytest.fixture
def tip(clinic):
    return make_tip(slug="a-tip", published_at=timezone.now() - DAY)
