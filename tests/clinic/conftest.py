import socket

import pytest
from aiosmtpd.smtp import AuthResult
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from tests.conftest import free_port
from tests.factories import DAY, make_tip
from tests.memory import Memory
from tests.post_office import PostOffice


def use(settings, port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5


@pytest.fixture
def opens_post_office(settings):
    """Open a post office, now or after an outage; every sign-in at it is refused."""
    doors = []

    def open_it(port=None):
        office = PostOffice(port or free_port())
        refuse = AuthResult(success=False, handled=False)
        doors.append(office.opened(authenticator=lambda *_: refuse, auth_require_tls=False))
        use(settings, office.port)
        return office

    yield open_it
    for door in doors:
        door.stop()


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
