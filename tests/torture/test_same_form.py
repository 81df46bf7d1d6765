"""Each of many forms is sent by twenty browsers at the same moment, and each is one request."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from appointments.models import ConsultationRequest
from tests.factories import make_person

from .senders import CHECK, Persistent, another_form, faults
from .sizes import size

pytestmark = [pytest.mark.torture, pytest.mark.django_db(transaction=True)]

AT_ONCE = 20


def test_every_form_sent_twenty_times_at_once_is_one_request(site, record_property):
    make_person("Therapist")
    first = Persistent(site)
    first.walk("goal number 0")
    # The token only: a session of its own for each, so that each reads the answer to its own sending.
    browsers = [first.twin("csrftoken") for _ in range(AT_ONCE)]
    goals = [f"goal number {number}" for number in range(size("forms"))]
    forms = [(goal, first.form | {"carried": another_form(first.form["carried"], goal)}) for goal in goals]
    at_once = threading.Barrier(AT_ONCE, timeout=60)

    def send_all(browser):
        return [send(browser, form) for _, form in forms]

    def send(browser, form):
        at_once.wait()
        browser.post(CHECK, form)
        return browser.reference

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(send_all, browsers))

    told = {goal: [answer[number] for answer in answers] for number, goal in enumerate(goals)}
    record_property("done", f"{len(goals)} forms × {AT_ONCE} sendings at once")
    assert faults(told) == []
    assert ConsultationRequest.objects.count() == len(goals)
