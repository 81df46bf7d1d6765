"""One form sent many times at the same moment, through the real web server, is one request."""

import re
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar

import pytest

from appointments.models import ConsultationRequest, PatientStatement, StatusChange
from clinic.models import OutgoingMail
from tests.factories import SAID, make_person

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ANSWERS = {
    "who": {"for_whom": "me", "age": "adult"},
    "where": {"region": "knee"},
    "safety": {"emergency_signs": "none"},
    "urgent": {"urgent_signs": "none"},
    "problem": {"duration": "weeks", "onset": "gradually", "goal": SAID["goal"], "pain_score": "4"},
    "times": {"modes": "clinic", "windows": "mon-am"},
    "contact": {"full_name": SAID["full_name"], "email": SAID["email"]},
}
AT_ONCE = 20


class Visitor:
    """A browser as far as forms need one: cookies, hidden fields and redirects."""

    def __init__(self, site):
        self.site = site
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def twin(self):
        """The same browser once more, so that each of many sendings has its own connection."""
        other = Visitor(self.site)
        for cookie in self.cookies:
            other.cookies.set_cookie(cookie)
        return other

    def get(self, address):
        with self.opener.open(self.site + address, timeout=30) as answer:
            self.page = answer.read().decode()
        return self.page

    def hidden(self):
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page))

    def post(self, address, fields):
        body = urllib.parse.urlencode(fields).encode()
        with self.opener.open(self.site + address, body, timeout=60) as answer:
            self.page = answer.read().decode()
        return self.page


def at_the_last_page(site):
    visitor = Visitor(site)
    for step, answers in ANSWERS.items():
        visitor.get(f"/consultation/{step}/")
        visitor.post(f"/consultation/{step}/", visitor.hidden() | answers)
    return visitor


def test_twenty_sendings_at_once_get_one_reference_and_one_set_of_mails(site):
    therapist = make_person("Therapist")
    visitor = at_the_last_page(site)
    fields = visitor.hidden()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        pages = list(threads.map(lambda _: visitor.twin().post("/consultation/check/", fields), range(AT_ONCE)))

    (consultation,) = ConsultationRequest.objects.all()
    references = [re.search(r"CR-\w{6}", page)[0] for page in pages]
    assert references == [consultation.reference] * AT_ONCE
    assert (PatientStatement.objects.count(), StatusChange.objects.count()) == (1, 1)
    assert sorted(OutgoingMail.objects.values_list("event", "to")) == [
        ("received", SAID["email"]),
        ("staff_new", therapist.email),
    ]
