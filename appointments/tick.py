"""What the clock does: found by queries, so that any number of workers may run it, as often as they like.

Each act repeats the condition under which it was found, in the statement that marks it as done. Whoever comes second,
or looks at a row that has moved meanwhile, does nothing.
"""

import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial

from clinic.jobs import by_itself
from clinic.models import ClinicSettings

from . import keeping, weekly
from .models import ConsultationRequest, DailyAct, OfferedTime, TransitionNotAllowed, working_days_before

logger = logging.getLogger(__name__)

AT_ONCE = 100
# A question is asked a second time after two open days, and the request lapses after five.
ASKED_AGAIN_AFTER, LAPSES_AFTER = 2, 5
# From when until when before a booked time it is recalled, and under which mark. A time agreed later needs no such mail.
TWO_DAYS, ONE_DAY, NO_TIME = timedelta(days=2), timedelta(days=1), timedelta()
REMINDERS = {"reminded_early_at": (TWO_DAYS, ONE_DAY), "reminded_late_at": (ONE_DAY, NO_TIME)}


def tick(*, at):
    about_requests = (tell_who_waits_too_long, nudge, remind, ask_again, let_lapse, let_offers_expire)
    for job in (*about_requests, measure_answers, count_then_purge):
        with by_itself(at=at):
            job(at=at)


def for_each(rows, act, *, at):
    """Act on each row, whatever becomes of the others: one that cannot be acted on must not silence the rest."""
    for row in rows[:AT_ONCE]:
        # A person, or another worker, was first where it is not allowed: the next tick sees what is left to do.
        with by_itself(at=at, reference=str(row)), suppress(TransitionNotAllowed):
            act(row, at=at)


def tell_who_waits_too_long(*, at):
    for_each(ConsultationRequest.objects.to_be_told_late(at=at), ConsultationRequest.tell_late, at=at)


def nudge(*, at):
    for_each(ConsultationRequest.objects.to_be_nudged(at=at), ConsultationRequest.nudge, at=at)


def remind(*, at):
    for mark, (first, last) in REMINDERS.items():
        due = OfferedTime.objects.to_be_recalled(mark, first=first, last=last, at=at)
        for_each(due, partial(OfferedTime.recall, mark=mark), at=at)


def ask_again(*, at):
    silent = ConsultationRequest.objects.to_be_asked_again(asked_before=working_days_before(ASKED_AGAIN_AFTER, at=at))
    for_each(silent, ConsultationRequest.remind_of_question, at=at)


def let_lapse(*, at):
    """Whoever was asked twice and has not answered in five open days; they may come back for 30 days.

    Whoever no mail reaches was not asked by any, and comes back to us instead.
    """
    silent = ConsultationRequest.objects.silent(
        asked_before=working_days_before(LAPSES_AFTER, at=at),
        asked_again_before=working_days_before(LAPSES_AFTER - ASKED_AGAIN_AFTER, at=at),
    )
    for_each(silent, ConsultationRequest.stop_waiting, at=at)


def let_offers_expire(*, at):
    """The first offer that nobody chose from brings the request back to review; the second ends it for now."""
    for_each(ConsultationRequest.objects.with_expired_offer(at=at), ConsultationRequest.let_go, at=at)


def count_then_purge(*, at):
    """Nothing is erased by its age before its week is counted."""
    weekly.count_finished_weeks(at=at)
    purge_once_a_day(at=at)


def purge_once_a_day(*, at):
    """Marked when it is done: one that failed is tried again, and two at once do no harm to each other."""
    done = {"name": keeping.PURGE, "day": at.astimezone(ClinicSettings.current().tzinfo).date()}
    if DailyAct.objects.filter(**done).exists():
        return
    try:
        keeping.purge(at=at)
    except keeping.ClockMovedBack:
        logger.warning("the clock has moved back since the last purge; nothing is erased by it")
    DailyAct.objects.get_or_create(**done)


def measure_answers(*, at):
    """Keep what the start page tells of the last 30 days beside the clinic's other facts: it needs no query there."""
    typical = ConsultationRequest.objects.typical_answer(at=at)
    stale = ClinicSettings.objects.exclude(typical_answer=typical)
    # Whatever writes there has every page made anew.
    if stale.exists():
        stale.update(typical_answer=typical)
