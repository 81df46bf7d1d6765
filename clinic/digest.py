"""The owner's digest: once a week, and once on each day for each kind of trouble that there is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments.models import ConsultationRequest, DailyAct
from appointments.people import OVERSEE, who_may
from tips.models import Tip

from . import emails, health, opening
from .models import ClinicSettings, Heartbeat, OutgoingMail
from .wording import spoken

MOST_NAMED = 100
WEEKLY = "weekly digest"
# A worker that is stopped for an upgrade is back sooner.
WORKER_MISSED_AFTER = timedelta(hours=1)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Findings:
    """`overdue` are references; `problems` are sentences, by their kind; the rest are counts, and whether nobody has read the safety screen for a year."""

    overdue: list[str]
    suspects: int
    problems: dict[str, str]
    reviews_due: int
    is_screen_due: bool

    @property
    def troubles(self) -> list[str]:
        """Their kinds: each is told once a day, and none uses up the mail of another."""
        waiting = {"overdue": self.overdue, "suspects": self.suspects}
        return [*(kind for kind, found in waiting.items() if found), *self.problems]


def tell_owners(*, at: datetime) -> None:
    """Whichever worker comes first tells them; the next ones of the day, and of the week, find it told."""
    today = timezone.localdate(at, ClinicSettings.current().tzinfo)
    found = look(at=at)
    with transaction.atomic():
        # Of a clinic that has just opened there is no week to tell of.
        has_begun = DailyAct.objects.filter(name=WEEKLY).exists()
        is_due = DailyAct.objects.is_first(WEEKLY, on=today - timedelta(days=today.weekday())) and has_begun
        news = [kind for kind in found.troubles if DailyAct.objects.is_first(kind, on=today)]
        if is_due or news:
            emails.owner_digest(who_may(OVERSEE), found, at=at)


def look(*, at: datetime) -> Findings:
    overdue = ConsultationRequest.objects.overdue(at=at).unsuspected().longest_waiting_first()
    return Findings(
        overdue=list(overdue.values_list("reference", flat=True)[:MOST_NAMED]),
        suspects=ConsultationRequest.objects.suspected()[:MOST_NAMED].count(),
        problems=dict(problems(at=at)),
        reviews_due=Tip.objects.review_due(by=timezone.localdate(at, ClinicSettings.current().tzinfo), at=at).count(),
        is_screen_due=opening.is_review_due(at=at),
    )


def problems(*, at: datetime):
    """What is wrong with the machines, as they are before this worker says that it is here: kinds and sentences."""
    state = health.look(at=at)
    if since := state.mail_waits_since:
        yield "mail waits", _("Mail has not been leaving since %(when)s.") % {"when": told(since)}
    if state.worker_has_failed:
        yield (
            "worker failed",
            _("Something failed that the worker does by itself. Whoever runs the server finds it in its log."),
        )
    if parked := OutgoingMail.objects.parked().filter(parked_at__gt=at - ONE_DAY)[:MOST_NAMED].count():
        words = ngettext(
            "%(count)d mail was refused for good and was given up on. The queue says whose, so that you can call.",
            "%(count)d mails were refused for good and were given up on. The queue says whose, so that you can call.",
            parked,
        )
        yield "mail given up", words % {"count": parked}
    # A worker that doubts its clock is here, but reminds nobody either.
    seen_at = Heartbeat.objects.seen_at(health.CLOCK)
    if seen_at and at - seen_at > WORKER_MISSED_AFTER:
        words = _("The worker was not running from %(start)s to %(end)s. Nobody was reminded meanwhile.")
        # Each time that it was away is found once.
        yield f"worker {seen_at:%H:%M:%S}", words % {"start": told(seen_at), "end": told(at)}
    backed_up = health.last_backup()
    if backed_up and at - backed_up > health.BACKUP_WITHIN:
        yield "backup", _("The last backup is of %(when)s.") % {"when": told(backed_up)}
    elif settings.PRODUCTION and not backed_up:
        yield "backup", _("No backup was made yet.")


def told(moment: datetime) -> str:
    return spoken(moment, ClinicSettings.current().tzinfo)
