"""How often mails to come in by are sent to whom, whoever asks for them."""

import pytest
from django.test import Client

from clinic.models import OutgoingMail

pytestmark = pytest.mark.django_db

CODE, NEW_PASSWORD = "/admin/sign-in/code/", "/admin/password/forgotten/"


@pytest.mark.parametrize("address", [CODE, NEW_PASSWORD])
def test_a_stranger_who_asks_for_mails_to_somebody_leaves_them_their_own(clinic, client, editor, address):
    for _try in range(8):
        Client(REMOTE_ADDR="203.0.113.7").post(address, {"email": editor.email})
    asked_by_stranger = OutgoingMail.objects.filter(to=editor.email).count()

    client.post(address, {"email": editor.email})

    assert (asked_by_stranger, OutgoingMail.objects.filter(to=editor.email).count()) == (5, 6)


@pytest.mark.parametrize("address", [CODE, NEW_PASSWORD])
def test_strangers_in_many_places_send_somebody_forty_mails_at_most(clinic, editor, address):
    for number in range(45):
        Client(REMOTE_ADDR=f"203.0.113.{number % 9}").post(address, {"email": editor.email})

    assert OutgoingMail.objects.filter(to=editor.email).count() == 40
