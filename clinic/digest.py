"""The owner's digest: once a week, and on each day on which something is wrong."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments.models import ConsultationRequest, DailyAct
from appointments.people import OVERSEE, who_may
from tips.models import Tip

from . import emails, health
from .models import ClinicSettings, Heartbeat, OutgoingMail

MOST_NAMED = 100
DAILY, WEEKLY = "overdue", "weekly digest"
# A worker that is stopped for an upgrade is back sooner.
WORKER_MISSED_AFTER = timedelta(hours=1)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Findings:
    """`overdue` are references; `problems` are sentences; the rest are counts."""

    overdue: list[str]
    suspects: int
    problems: list[str]
    reviews_due: int

    @property
    def is_wrong(self) -> bool:
        return bool(self.overdue or self.suspects or self.problems)


def tell_owners(*, at: datetime) -> None:
    """Whichever worker comes first tells them; the next ones of the day, and of the week, find it told."""
    today = timezone.localdate(at, ClinicSettings.current().tzinfo)
    found = look(at=at)
    with transaction.atomic():
        # Of a clinic that has just opened there is no week to tell of.
        has_begun = DailyAct.objects.filter(name=WEEKLY).exists()
        is_due = DailyAct.objects.is_first(WEEKLY, on=today - timedelta(days=today.weekday())) and has_begun
        if found.is_wrong:
            is_due |= DailyAct.objects.is_first(DAILY, on=today)
        if is_due:
            emails.owner_digest(who_may(OVERSEE), found, at=at)


def look(*, at: datetime) -> Findings:
    overdue = ConsultationRequest.objects.overdue(at=at).unsuspected().longest_waiting_first()
    return Findings(
        overdue=list(overdue.values_list("reference", flat=True)[:MOST_NAMED]),
        suspects=ConsultationRequest.objects.suspected()[:MOST_NAMED].count(),
        problems=list(problems(at=at)),
        reviews_due=Tip.objects.review_due(by=timezone.localdate(at, ClinicSettings.current().tzinfo)).count(),
    )


def problems(*, at: datetime):
    """What is wrong with the machines, as they are before this worker says that it is here."""
    if since := health.look(at=at).mail_waits_since:
        yield _("Mail has not been leaving since %(when)s.") % {"when": spoken_in_utc(since)}
    if parked := OutgoingMail.objects.parked().filter(parked_at__gt=at - ONE_DAY)[:MOST_NAMED].count():
        yield ngettext(
            "%(count)d mail was refused for good and was given up on. The queue says whose, so that you can call.",
            "%(count)d mails were refused for good and were given up on. The queue says whose, so that you can call.",
            parked,
        ) % {"count": parked}
    seen_at = Heartbeat.objects.filter(name=health.WORKER).values_list("seen_at", flat=True).first()
    if seen_at and at - seen_at > WORKER_MISSED_AFTER:
        yield _("The worker was not running from %(start)s to %(end)s. Nobody was reminded meanwhile.") % {
            "start": spoken_in_utc(seen_at),
            "end": spoken_in_utc(at),
        }
    backed_up = health.last_backup()
    if backed_up and at - backed_up > health.BACKUP_WITHIN:
        yield _("The last backup is of %(when)s.") % {"when": spoken_in_utc(backed_up)}
    elif settings.PRODUCTION and not backed_up:
        yield _("No backup was made yet.")


def spoken_in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
