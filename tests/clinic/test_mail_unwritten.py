"""Mails that cannot be written: each by itself, and the queue goes on."""

import pytest
from django.db import OperationalError

from clinic import mail
from clinic.logs import Plain
from tests.factories import NOON

from .test_mail import queue, standing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ('"\x0bq:"@example.org', "HeaderParseError"),
        ("=?us-ascii?b??=@" + ".".join(["\u121f\u0857\u1a8e\u142b\u112e\u1da5"] * 2), "IndexError"),
    ],
)
def test_an_address_that_python_cannot_write_parks_that_mail(post_office, caplog, address, said):
    unwritable, after = queue(address), queue("sam@clinic.example")

    mail.deliver(at=NOON)

    [line] = [Plain().format(record) for record in caplog.records if record.name == "clinic.mail"]
    assert standing(unwritable) == ("parked", 1, said)
    assert post_office.taken_ids == [after.message_id]
    assert (f"exception={said}" in line, "clinic/mail.py" in line, "example.org" in line) == (True, True, False)


def test_a_mail_that_we_make_a_mistake_in_writing_waits_until_it_is_mended(post_office):
    broken, after = queue(calendar="no entry"), queue("sam@clinic.example")

    mail.deliver(at=NOON)

    assert standing(broken) == ("waiting", 1, "TypeError")
    assert post_office.taken_ids == [after.message_id]


def test_a_server_whose_name_cannot_be_written_is_no_fault_of_the_mail(post_office, settings):
    settings.EMAIL_HOST = "a..b"
    queued = queue()

    mail.deliver(at=NOON)

    assert standing(queued) == ("waiting", 1, "UnicodeError")


def test_a_database_that_is_away_is_no_fault_of_the_mail_in_hand(post_office, monkeypatch):
    queued = queue()

    def away(*facts):
        raise OperationalError

    monkeypatch.setattr(mail, "write", away)
    with pytest.raises(OperationalError):
        mail.deliver(at=NOON)

    assert standing(queued) == ("waiting", 0, "")
