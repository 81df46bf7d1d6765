import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone

from tests.factories import DAY, make_tip
from tests.memory import Memory


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
