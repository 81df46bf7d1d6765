"""The outbox: mail is queued in the caller's transaction and sent by the worker.

Over SMTP nothing is delivered exactly once. What holds: a committed mail is never
lost, an outage repeats nothing, and a worker killed between the server's "250" and
our note of it sends at most that one mail again, under the same Message-ID.
"""

import logging
import smtplib
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Q
from django.template import TemplateDoesNotExist

from .letter import write
from .models import ClinicSettings, OutgoingMail
from .sealing import BrokenSeal, seal, unseal
from .wording import on_one_line

logger = logging.getLogger(__name__)

SEAL = "outbox"
LEASE = timedelta(minutes=2)
# Minutes until the next try; the last step repeats for seven days, so an outage of days needs nobody. Tries are counted,
# and not the days: a machine that was off for them, or whose clock is ahead, has tried nothing.
BACK_OFF = [1, 2, 5, 10, 20, 30, 60]
MOST_TRIES = len(BACK_OFF) + 7 * 24


def queue(event: str, *, to: str, **facts: Any) -> OutgoingMail:
    """Promise a mail. It exists exactly when the caller's transaction does; `facts` as in `queue_each`."""
    return queue_each(event, to=[to], **facts)[0]


def queue_each(
    event: str, *, to: list[str], context: dict[str, Any], at: datetime, reference: str = ""
) -> list[OutgoingMail]:
    """Promise the same mail to each of several people, who do not see one another.

    The context is what the words are made of; its "calendar", a method and a text, goes along as a calendar entry.
    """
    sealed = seal(context, purpose=SEAL)
    return OutgoingMail.objects.bulk_create(
        OutgoingMail(
            event=event,
            to=each,
            reference=reference,
            context=sealed,
            message_id=f"<{uuid.uuid4().hex}@{urlsplit(settings.BASE_URL).hostname}>",
            queued_at=at,
            next_attempt_at=at,
        )
        for each in to
    )


def render(mail: OutgoingMail) -> EmailMultiAlternatives:
    """The message as it will be sent: the event's words as plain text, and the same words as HTML."""
    facts = unseal(mail.context, purpose=SEAL)
    entry = facts.pop("calendar", None)
    letter = write(mail.event, facts)
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=sender(),
        to=[mail.to],
        headers={
            "Message-ID": mail.message_id,
            "Date": format_datetime(mail.queued_at.astimezone(UTC)),
            # So that no out-of-office answer comes back to it.
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(letter.html, "text/html")
    if entry:
        # Calendars act on the part beside the text; programs that know none offer the file. Its other type keeps
        # those that do know one from acting twice.
        message.attach_alternative(entry["text"], f"text/calendar; method={entry['method']}")
        message.attach("visit.ics", entry["text"].encode(), "application/ics")
    return message


def sender() -> str:
    """The clinic's name before our address: on one line, and with nothing that a header takes for a code."""
    user, _, host = sender_address().rpartition("@")
    return str(Address(on_one_line(str(ClinicSettings.current().name).replace("=?", " ")), user, host))


def sender_address() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def deliver(*, at: datetime, batch: int = 20) -> int:
    """Send what is due, and say how many went out. Any number of workers may call this."""
    rest = _lease(at=at, batch=batch)
    # Half the lease: no other worker may take up what this one still means to send.
    until = time.monotonic() + LEASE.total_seconds() / 2
    sent = 0
    with_server = get_connection()
    try:
        while rest and time.monotonic() < until:
            sent += _send(rest.pop(0), with_server, at=at)
    except NoServer:
        pass
    finally:
        OutgoingMail.objects.filter(pk__in=[mail.pk for mail in rest]).update(leased_until=None)
        with_server.close()
    return sent


@transaction.atomic
def _lease(*, at: datetime, batch: int) -> list[OutgoingMail]:
    # A time further off than any lease or pause was written before the clock was set back: it holds nothing.
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=at) | Q(leased_until__gt=at + 2 * LEASE)
    due = Q(next_attempt_at__lte=at) | Q(next_attempt_at__gt=at + timedelta(minutes=BACK_OFF[-1]))
    due = OutgoingMail.objects.unsent().in_turn().filter(free, due).order_by("next_attempt_at", "id")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    mails = list(due[:batch])
    OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(leased_until=at + LEASE)
    return mails


class NoServer(Exception):
    """The mail server cannot be talked to, so trying the rest of the batch would only take its time."""


def _send(mail: OutgoingMail, with_server: BaseEmailBackend, *, at: datetime) -> bool:
    row = OutgoingMail.objects.filter(pk=mail.pk)
    # Erased since it was leased: then nobody is to hear of that request any more.
    if not row.exists():
        return False
    attempts = mail.attempts + 1
    message = None
    try:
        # A login that the server does not take, or that cannot be written, is no fault of the mail.
        with_server.open()
        message = render(mail)
        with_server.send_messages([message])
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        with_server.close()
        said = _what_was_said(error)
        if (message and _is_final(error)) or attempts >= MOST_TRIES:
            row.update(parked_at=at, leased_until=None, attempts=attempts, last_error=said)
        else:
            pause = timedelta(minutes=BACK_OFF[min(mail.attempts, len(BACK_OFF) - 1)])
            row.update(next_attempt_at=at + pause, leased_until=None, attempts=attempts, last_error=said)
        public = {"mail": mail.pk, "template": mail.event, "said": said}
        logger.warning("mail not sent", extra={"public": public}, exc_info=None if _is_known(error) else error)
        if _is_the_server(error):
            raise NoServer from error
        return False
    row.update(sent_at=at, leased_until=None, attempts=attempts, last_error="")
    return True


def _is_known(error: Exception) -> bool:
    """Whether its kind and code say enough; of any other the log says where in our code it went by."""
    return isinstance(error, OSError | BrokenSeal | TemplateDoesNotExist)


def _is_final(error: Exception) -> bool:
    """Whether this address or message will never be taken; a login or a sender is ours to mend, so it is not.

    What no server has said is said by Python of an address that it cannot write, and it will say so again.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code >= 500
    return not isinstance(error, OSError)


def _is_the_server(error: Exception) -> bool:
    """Whether the connection failed, and not this one mail."""
    gone = (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError)
    return isinstance(error, gone) or (isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException))


def _what_was_said(error: Exception) -> str:
    """The kind of failure and the server's code; its words may repeat the address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
    else:
        codes = [code for code in [getattr(error, "smtp_code", None)] if code]
    return " ".join([type(error).__name__, *map(str, codes)])


class EmlFiles(BaseEmailBackend):
    """Development's mail server: each message becomes a file that any mail program opens."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_DIR)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            payload = message.message().as_bytes()
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
            (folder / f"{stamp}.eml").write_bytes(payload)
        return len(email_messages)
