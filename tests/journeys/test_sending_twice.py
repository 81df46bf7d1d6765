"""One form sent many times at the same moment, through the real web server, is one request."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from appointments.models import ConsultationRequest, PatientStatement, StatusChange
from clinic.models import OutgoingMail
from tests.factories import SAID, make_person
from tests.visitor import at_the_last_page

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

AT_ONCE = 20


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
