import itertools
import time
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default as modern

import pytest
from django.db import transaction

from clinic import mail
from clinic.logs import Plain
from clinic.models import OutgoingMail
from tests.factories import DAY, HOUR, NOON, make_clinic

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
MAILS = 12


def queue(to="robin@clinic.example", *, event="staff_new", at=NOON, **context):
    context = {"reference": "CR-ACDEFG", "status": "New", "answer_by": "Tuesday, noon"} | context
    return mail.queue(event, to=to, context=context, at=at, reference="CR-ACDEFG")


def standing(queued):
    """Where a mail stands: sent, parked or neither, after how many attempts, and the last error."""
    queued.refresh_from_db()
    where = "sent" if queued.sent_at else "parked" if queued.parked_at else "waiting"
    return where, queued.attempts, queued.last_error


# Queueing


def test_a_mail_is_not_sent_when_the_transaction_that_queued_it_is_rolled_back(post_office):
    with transaction.atomic():
        queue("rolled-back@clinic.example")
        transaction.set_rollback(True)
    queue("kept@clinic.example")

    mail.deliver(at=NOON)

    assert post_office.recipients == [["kept@clinic.example"]]


def test_what_the_mail_will_say_cannot_be_read_in_the_database(clinic):
    queued = queue(status_path="/r/a-secret-link/")

    stored = [str(getattr(queued, field.attname)) for field in OutgoingMail._meta.fields]

    assert [value for value in stored if "secret" in value or "/r/" in value] == []
    assert mail.unseal(queued.context, purpose=mail.SEAL)["status_path"] == "/r/a-secret-link/"


def test_a_mail_says_who_it_is_from_and_for_and_when_it_was_promised(post_office, settings, clinic):
    settings.DEFAULT_FROM_EMAIL = "desk@clinic.example"
    queued = queue("robin@clinic.example")

    mail.deliver(at=NOON + HOUR)

    [message] = post_office.taken
    assert {name: message[name] for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted")} == {
        "From": "Elm Street Clinic <desk@clinic.example>",
        "To": "robin@clinic.example",
        "Subject": "Request CR-ACDEFG is waiting",
        "Message-ID": queued.message_id,
        "Auto-Submitted": "auto-generated",
    }
    assert message["Date"].datetime == NOON


def test_a_mail_has_the_same_words_as_text_and_as_html(post_office, clinic):
    queue()

    mail.deliver(at=NOON)

    [message] = post_office.taken
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert (message.get_content_type(), [part.get_content_type() for part in message.iter_parts()]) == (
        "multipart/alternative",
        ["text/plain", "text/html"],
    )
    assert text.replace("\r\n", "\n") == (
        "Request CR-ACDEFG is waiting for somebody to claim it. An answer is promised by:\n\n"
        "- Tuesday, noon\n\n"
        "Open the request:\nhttp://localhost:8000/admin/queue/CR-ACDEFG/\n\n"
        "Elm Street Clinic\n(407) 698-5558\n"
    )
    assert "<p>Request CR-ACDEFG is waiting for somebody to claim it. An answer is promised by:</p>" in html
    assert 'href="http://localhost:8000/admin/queue/CR-ACDEFG/" target="_blank">Open the request</a>' in html


def test_a_sent_mail_is_not_sent_again(post_office):
    queued = queue()
    mail.deliver(at=NOON)

    sent = mail.deliver(at=NOON + DAY)

    assert sent == 0
    assert post_office.taken_ids == [queued.message_id]
    assert (standing(queued), queued.sent_at, queued.leased_until) == (("sent", 1, ""), NOON, None)


def test_a_mail_is_not_tried_again_before_it_is_due(post_office):
    queued = queue()
    post_office.says_to_data = ["451 try later"]
    mail.deliver(at=NOON)

    sent = mail.deliver(at=NOON + MINUTE - timedelta(seconds=1))

    assert (sent, post_office.offered) == (0, [queued.message_id])


# Trying again


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ({"says_to_recipient": {"robin@clinic.example": "450 busy"}}, "SMTPRecipientsRefused 450"),
        ({"says_to_recipient": {"robin@clinic.example": "451 try later"}}, "SMTPRecipientsRefused 451"),
        ({"says_to_recipient": {"robin@clinic.example": "421 closing"}}, "SMTPRecipientsRefused 421"),
        ({"says_to_data": ["451 try later"]}, "SMTPDataError 451"),
        ({"says_to_data": ["421 closing"]}, "SMTPDataError 421"),
        ({"says_to_sender": "421 closing"}, "SMTPSenderRefused 421"),
        ({"says_to_sender": "550 not from you"}, "SMTPSenderRefused 550"),
    ],
)
def test_a_passing_refusal_or_one_of_our_sender_is_tried_again(post_office, refusal, said):
    queued = queue()
    vars(post_office).update(refusal)

    mail.deliver(at=NOON)

    assert standing(queued) == ("waiting", 1, said)
    assert (queued.next_attempt_at, queued.leased_until) == (NOON + MINUTE, None)


def test_a_refused_sign_in_is_tried_again_until_the_password_is_mended(post_office, settings):
    queued = queue()
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "desk", "old password"
    mail.deliver(at=NOON)
    assert standing(queued) == ("waiting", 1, "SMTPAuthenticationError 535")

    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    mail.deliver(at=NOON + MINUTE)

    assert post_office.taken_ids == [queued.message_id]
    assert standing(queued) == ("sent", 2, "")


def test_the_message_id_is_the_same_at_every_attempt(post_office):
    post_office.says_to_data = ["451 try later", "421 closing", "250 OK"]
    queued = queue()

    for minutes in (0, 1, 3):
        mail.deliver(at=NOON + minutes * MINUTE)

    assert post_office.offered == [queued.message_id] * 3
    assert post_office.taken_ids == [queued.message_id]


def test_a_mail_outlives_three_days_without_a_server_and_is_then_delivered_once(closed_post_office, opens_post_office):
    queued = queue()
    tries = [NOON]
    while tries[-1] < NOON + 3 * DAY:
        mail.deliver(at=tries[-1])
        queued.refresh_from_db()
        tries.append(queued.next_attempt_at)
    assert standing(queued)[0] == "waiting"
    post_office = opens_post_office(closed_post_office)

    for hours in range(3):
        mail.deliver(at=tries[-1] + hours * HOUR)

    pauses = [(later - earlier) // MINUTE for earlier, later in itertools.pairwise(tries)]
    assert pauses[:7] == [1, 2, 5, 10, 20, 30, 60]
    assert set(pauses[7:]) == {60}
    assert post_office.taken_ids == [queued.message_id]


def test_a_mail_that_nobody_took_for_a_week_is_parked(closed_post_office):
    queued = queue()

    while standing(queued)[0] == "waiting":
        mail.deliver(at=queued.next_attempt_at)

    assert 7 * DAY <= queued.parked_at - NOON < 7 * DAY + 3 * HOUR
    assert standing(queued) == ("parked", mail.MOST_TRIES, "ConnectionRefusedError")
    assert [parked.pk for parked in OutgoingMail.objects.parked()] == [queued.pk]


def test_no_mail_is_given_up_by_the_first_tries_after_a_machine_was_off_for_days(closed_post_office, opens_post_office):
    queued = queue()
    mail.deliver(at=NOON + 8 * DAY)
    opens_post_office(closed_post_office)

    mail.deliver(at=NOON + 8 * DAY + MINUTE)

    assert standing(queued)[0] == "sent"


# In turn


def test_what_somebody_reads_of_their_request_last_is_what_was_promised_last(closed_post_office, opens_post_office):
    booked = queue("zoe@patients.example")
    for minutes in (0, 1, 3):
        mail.deliver(at=NOON + minutes * MINUTE)
    canceled = queue("zoe@patients.example", at=NOON + 4 * MINUTE)
    post_office = opens_post_office(closed_post_office)

    for minutes in range(4, 12):
        mail.deliver(at=NOON + minutes * MINUTE)

    assert post_office.taken_ids == [booked.message_id, canceled.message_id]


def test_nobody_waits_for_the_mail_of_another_person_or_for_one_that_was_given_up(post_office):
    for address, answer in (("full@clinic.example", "452 full"), ("gone@clinic.example", "550 no such person")):
        queue(address)
        post_office.says_to_recipient[address] = answer
    mail.deliver(at=NOON)
    after = [queue(to) for to in ("full@clinic.example", "gone@clinic.example", "sam@clinic.example")]
    post_office.says_to_recipient = {}

    mail.deliver(at=NOON)

    assert post_office.taken_ids == [each.message_id for each in after[1:]]


def test_what_cannot_be_written_holds_up_no_later_mail_of_its_request(post_office):
    broken, after = queue(), queue()
    OutgoingMail.objects.filter(pk=broken.pk).update(context="not sealed by us")

    for _ in range(2):
        mail.deliver(at=NOON)

    assert (standing(broken)[0], post_office.taken_ids) == ("waiting", [after.message_id])


# Giving up on one, going on with the others


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ({"says_to_recipient": {"gone@clinic.example": "550 no such person"}}, "SMTPRecipientsRefused 550"),
        ({"says_to_data": ["554 not this message"]}, "SMTPDataError 554"),
    ],
)
def test_a_final_refusal_parks_that_mail_and_the_queue_goes_on(post_office, refusal, said):
    gone, after = queue("gone@clinic.example"), queue("robin@clinic.example")
    vars(post_office).update(refusal)

    mail.deliver(at=NOON)

    assert standing(gone) == ("parked", 1, said)
    assert (gone.parked_at, gone.leased_until) == (NOON, None)
    assert post_office.taken_ids == [after.message_id]


def test_a_parked_mail_is_not_tried_again(post_office):
    queue("gone@clinic.example")
    post_office.says_to_recipient = {"gone@clinic.example": "550 no such person"}
    mail.deliver(at=NOON)
    post_office.says_to_recipient = {}

    sent = mail.deliver(at=NOON + DAY)

    assert (sent, post_office.taken) == (0, [])


def test_a_mail_that_cannot_be_unsealed_waits_for_its_key_and_the_queue_goes_on(post_office):
    broken, after = queue(), queue("sam@clinic.example")
    OutgoingMail.objects.filter(pk=broken.pk).update(context="not sealed by us")

    mail.deliver(at=NOON)

    assert standing(broken) == ("waiting", 1, "BrokenSeal")
    assert post_office.taken_ids == [after.message_id]


def test_a_mail_that_this_worker_does_not_know_waits_for_one_that_does(post_office):
    # As while a new version is being put in place: its web server queues what the old worker has no template for.
    unknown, after = queue(event="of_the_next_version"), queue("sam@clinic.example")

    mail.deliver(at=NOON)

    assert standing(unknown)[:2] == ("waiting", 1)
    assert post_office.taken_ids == [after.message_id]


def test_neither_the_log_nor_the_error_repeats_an_address(post_office, caplog):
    post_office.says_to_recipient = {"zoe@patients.example": "550 <zoe@patients.example> is unknown"}
    queued = queue("zoe@patients.example")

    mail.deliver(at=NOON)

    [line] = [Plain().format(record) for record in caplog.records if record.name == "clinic.mail"]
    assert line.endswith(f"mail not sent mail={queued.pk} template=staff_new said=SMTPRecipientsRefused 550")
    assert "zoe" not in caplog.text + standing(queued)[2]


def test_a_silent_server_holds_the_worker_for_three_time_outs_at_most(silent_post_office, settings):
    waiting = [queue() for _ in range(MAILS)]
    began = time.monotonic()

    mail.deliver(at=NOON)

    # Three of the ten seconds that are shipped are the thirty that were promised.
    assert time.monotonic() - began < 3 * settings.EMAIL_TIMEOUT
    assert standing(waiting[0]) == ("waiting", 1, "SMTPServerDisconnected")
    assert OutgoingMail.objects.unsent().count() == MAILS


# Nothing that is put in adds a header or a recipient


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"])
def test_a_line_end_in_a_subject_adds_no_header_and_no_recipient(post_office, line_end):
    queue(reference=f"CR-1{line_end}Bcc: stranger@evil.example")

    mail.deliver(at=NOON)

    [message] = post_office.taken
    assert message["Subject"] == "Request CR-1 Bcc: stranger@evil.example is waiting"
    assert sorted(set(message.keys()) & {"Bcc", "Cc", "To"}) == ["To"]
    assert post_office.recipients == [["robin@clinic.example"]]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_line_end_in_an_address_parks_that_mail_and_the_queue_goes_on(post_office, line_end):
    forged, after = queue(f"robin@clinic.example{line_end}Bcc: stranger@evil.example"), queue("sam@clinic.example")

    mail.deliver(at=NOON)

    assert standing(forged)[:2] == ("parked", 1)
    assert (post_office.recipients, post_office.taken_ids) == ([["sam@clinic.example"]], [after.message_id])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Elm Street Clinic\r\nBcc: stranger@evil.example", "Elm Street Clinic Bcc: stranger@evil.example"),
        ("Elm\x0bStreet\x85Clinic\u2028\x1b[2J", "Elm Street Clinic [2J"),
        ('Ann "Elm" O\'Hara, <x@y.example>', 'Ann "Elm" O\'Hara, <x@y.example>'),
        ("Physiothérapie Ørsted 体", "Physiothérapie Ørsted 体"),
        ("=?utf-8?q?x=0aBcc:_stranger@evil.example?=", "utf-8?q?x=0aBcc:_stranger@evil.example?="),
        ("=\u202e?utf-8?q?x=0aBcc:_stranger@evil.example?=", "= ?utf-8?q?x=0aBcc:_stranger@evil.example?="),
        ("back\\slash\\", "back\\slash\\"),
        ("", ""),
    ],
)
def test_whatever_the_clinic_is_called_a_mail_has_one_sender_and_one_recipient(post_office, settings, name, shown):
    settings.DEFAULT_FROM_EMAIL = "The desk <desk@clinic.example>"
    make_clinic(name=name)
    queue()

    mail.deliver(at=NOON)

    [message] = post_office.taken
    senders = message["From"].addresses
    assert [(sender.display_name, sender.addr_spec) for sender in senders] == [(shown, "desk@clinic.example")]
    assert sorted(set(message.keys()) & {"Bcc", "Cc", "To"}) == ["To"]
    assert post_office.recipients == [["robin@clinic.example"]]


def test_a_long_name_in_any_script_is_folded_and_can_be_read_again(settings):
    settings.DEFAULT_FROM_EMAIL = "desk@clinic.example"
    clinic = make_clinic(name="é" * 120)

    header = mail.render(queue()).message()["From"]

    assert str(make_header(decode_header(header))) == f"{clinic.name} <desk@clinic.example>"
    assert max(map(len, header.splitlines())) < 100


# Development's mail server


def test_in_development_each_mail_becomes_a_file_that_a_mail_program_opens(settings, tmp_path):
    settings.EMAIL_BACKEND, settings.MAIL_DIR = "clinic.mail.EmlFiles", tmp_path / "var" / "mail"
    queued = [queue("robin@clinic.example"), queue("sam@clinic.example")]

    mail.deliver(at=NOON)

    messages = [mail_in(file) for file in sorted(settings.MAIL_DIR.iterdir())]
    assert [(message["To"], message["Message-ID"]) for message in messages] == [
        (each.to, each.message_id) for each in queued
    ]
    assert {file.suffix for file in settings.MAIL_DIR.iterdir()} == {".eml"}
    assert settings.MAIL_DIR.stat().st_mode & 0o777 == 0o700


def mail_in(file):
    return message_from_bytes(file.read_bytes(), policy=modern)
