"""A year of sample requests, so that reports, queue and search can be looked at: made up, and marked as such in every word."""

import math
import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db import transaction

from clinic.models import ClinicSettings, DayCount
from clinic.regions import Region
from clinic.sealing import seal
from tips.models import Tip

from . import clock, weekly
from .free import QUARTER
from .models import (
    Actor,
    ConsultationRequest,
    DeclineReason,
    HeldQuarter,
    NameWord,
    NextStep,
    OfferedTime,
    PatientStatement,
    Question,
    StatusChange,
    StoppedVisit,
    Suspicion,
    Urgency,
    WeekCount,
    answer_due,
)
from .models.queryset import LINK_SEAL, digest, new_reference, office_hours
from .models.statement import Mode
from .models.states import WITH_TIMES
from .models.states import RequestStatus as S
from .names import words_of

DAYS = 364
# By weekday, Monday first; and by month: more in the new year and in autumn, fewer in summer and before Christmas.
BY_WEEKDAY = [4.1, 3.6, 3.3, 3.0, 2.5, 1.3, 1.7]
BY_MONTH = [1.35, 1.2, 1.05, 1.0, 0.95, 0.85, 0.75, 0.85, 1.1, 1.15, 1.0, 0.7]
REGIONS = dict(zip(Region.values, [10, 26, 14, 5, 9, 20, 7, 5, 4], strict=True))
GOALS = ["walk the dog", "sleep through", "lift a child", "run again", "work without a break", "climb stairs"]
# How requests end, and how often.
ENDS = {S.COMPLETED: 58, S.NO_SHOW: 6, S.DECLINED: 9, S.WITHDRAWN: 9, S.LAPSED: 10, S.SPAM: 4}
# Where those of the last days stand, and those of the last one.
STANDING, JUST_CAME = [S.BOOKED, S.NEEDS_INFO, S.BOOKED, S.PROPOSED], [S.NEW, S.IN_REVIEW]
RECENT, JUST_NOW = timedelta(days=4), timedelta(days=2)
# Looks at pages on an ordinary day.
LOOKS = {"home": 46, "list": 24, "start": 11, "begun": 4.4}


class NotYet(Exception):
    """That would lie in the future: the request stands where it stands."""


@dataclass
class Sample:
    """The year as it comes together: rows that are written at once, and the times of therapists that are taken."""

    at: datetime
    staff: list
    tips: list
    chance: random.Random
    clinic: ClinicSettings
    changes: list = field(default_factory=list)
    statements: list = field(default_factory=list)
    times: list = field(default_factory=list)
    questions: list = field(default_factory=list)
    taken: set = field(default_factory=set)

    @property
    def hours(self):
        return office_hours(self.clinic)

    def later(self, start, least, most):
        """So many open hours after it."""
        return clock.add_hours(start, self.chance.uniform(least, most), within=self.hours)

    def move(self, consultation, to, *, at, by=None, actor=Actor.PATIENT):
        """One step of its history, and the row as it stands after it. Raises `NotYet`."""
        if at > self.at:
            raise NotYet
        actor = Actor.STAFF if by else actor
        frm = consultation.status if consultation.version >= 0 else ""
        if to not in WITH_TIMES:
            for time in self.times[-2:]:
                if time.consultation is consultation:
                    time.released_at = time.released_at or at
        change = StatusChange(consultation=consultation, from_status=frm, to_status=to, by=by, actor=actor, at=at)
        self.changes.append(change)
        consultation.status, consultation.version = to, consultation.version + 1
        consultation.visit_at = None
        if by and to in {S.NEEDS_INFO, S.PROPOSED, S.BOOKED, S.DECLINED} and not consultation.first_answered_at:
            consultation.first_answered_at = at

    def visit(self, therapist, after):
        """The therapist's next free half hour of an open day, at least a day later."""
        moment = after + timedelta(days=1)
        for opens, closes in self.hours.open_from(moment):
            start = opens.replace(minute=30 * (opens.minute // 30), second=0, microsecond=0)
            while start + 2 * QUARTER <= closes:
                if start >= opens and (therapist.pk, start) not in self.taken:
                    self.taken.add((therapist.pk, start))
                    return start
                start += 2 * QUARTER
        raise clock.NeverOpen


def is_there():
    return ConsultationRequest.objects.filter(form_hash=digest("sample year 1")).exists()


@transaction.atomic
def make(staff, *, at):
    """About a thousand requests of the year before `at`, and the looks at pages that go with them. Nobody is mailed."""
    clinic = ClinicSettings.current()
    tips = list(Tip.objects.published(at=at).tips().order_by("publish_at"))
    # The same year each time.
    sample = Sample(at, staff, tips, random.Random(19), clinic)  # noqa: S311 - sample data, no secret
    quarters = HeldQuarter.objects.filter(therapist__in=staff).values_list("therapist", "starts_at")
    sample.taken.update(quarters)
    requests = [request_of(sample, number, came) for number, came in enumerate(arrivals(sample), 1)]
    write(sample, requests)
    count_looks(sample)
    WeekCount.objects.begin_anew()
    weekly.count_finished_weeks(at=at)
    return len(requests)


def arrivals(sample):
    today = sample.at.astimezone(sample.clinic.tzinfo).date()
    for day in (today - timedelta(days=n) for n in range(DAYS, 0, -1)):
        usual = BY_WEEKDAY[day.weekday()] * BY_MONTH[day.month - 1]
        for _ in range(poisson(usual, sample.chance)):
            minutes = int(sample.chance.triangular(7 * 60, 23 * 60, 19 * 60))
            yield datetime.combine(day, time(minutes // 60, minutes % 60), sample.clinic.tzinfo)


def poisson(mean, chance):
    """How often something happens that happens so often on average."""
    left, count = math.exp(-mean), -1
    product = 1.0
    while product > left:
        product *= chance.random()
        count += 1
    return count


def request_of(sample, number, came):
    chance = sample.chance
    urgency = Urgency.URGENT if chance.random() < 0.11 else Urgency.ROUTINE
    link = f"sample-{number}"
    consultation = ConsultationRequest(
        reference=new_reference(),
        version=-1,
        region=chance.choices(list(REGIONS), list(REGIONS.values()))[0],
        urgency=urgency,
        tip=source(sample, came),
        submitted_at=came,
        answer_by=answer_due(sample.clinic, urgency, came),
        form_hash=digest(f"sample year {number}"),
        link_hash=digest(link),
        link_sealed=seal(link, purpose=LINK_SEAL),
    )
    sample.statements.append(statement_of(consultation, number, chance))
    sample.move(consultation, S.NEW, at=came)
    lead(sample, consultation, goal_of(sample, number, came))
    return consultation


def goal_of(sample, number, came):
    if came > sample.at - RECENT:
        standing = JUST_CAME if came > sample.at - JUST_NOW else STANDING
        return standing[number % len(standing)]
    return sample.chance.choices(list(ENDS), list(ENDS.values()))[0]


def source(sample, came):
    """From which tip: from none for half of them; an older tip has more readers than a newer one."""
    there = [tip for tip in sample.tips if tip.publish_at <= came]
    if not there or sample.chance.random() < 0.5:
        return None
    return sample.chance.choices(there, [1 / (n + 1) for n in range(len(there))])[0]


def statement_of(consultation, number, chance):
    return PatientStatement(
        consultation=consultation,
        full_name=f"Sample Person {number:04}",
        goal=f"Sample: {chance.choice(GOALS)}",
        phone=f"+1407555{100 + number % 100:04}",
        for_whom="me",
        age="adult",
        duration="weeks",
        onset="gradually",
        prefer="phone",
        any_time=True,
        modes=["clinic"],
        safety={"emergency": ["none"], "urgent": ["none"], "seen": []},
    )


def lead(sample, consultation, goal):
    """The way of one request to where it ends, or stands."""
    if goal == S.NEW:
        return
    therapist = sample.chance.choice(sample.staff)
    is_quick = consultation.urgency == Urgency.URGENT or goal == S.IN_REVIEW
    most = 3.0 if is_quick else sample.chance.choice([4.0, 9.0, 12.0])
    claimed = sample.later(consultation.submitted_at, 0.1, most / 2)
    answered = sample.later(claimed, 0.1, most / 2)
    with suppress(NotYet):
        sample.move(consultation, S.IN_REVIEW, at=claimed, by=therapist)
        consultation.assigned_to = therapist
        if goal in WAYS:
            WAYS[goal](sample, consultation, therapist, answered)


def declined(sample, consultation, therapist, at):
    end(sample, consultation, S.DECLINED, at=at, by=therapist)
    consultation.decline_reason = sample.chance.choices(DeclineReason.values, [8, 5, 3, 6, 4])[0]
    consultation.next_step = NextStep.CALL_US


def withdrawn(sample, consultation, therapist, at):
    if sample.chance.random() < 0.6:
        offer(sample, consultation, therapist, at)
    end(sample, consultation, S.WITHDRAWN, at=at + timedelta(days=1))


def lapsed(sample, consultation, therapist, at):
    if sample.chance.random() < 0.5:
        asked(sample, consultation, therapist, at)
        end(sample, consultation, S.LAPSED, at=at + timedelta(days=8), actor=Actor.SYSTEM)
        return
    offer(sample, consultation, therapist, at)
    sample.move(consultation, S.IN_REVIEW, at=at + timedelta(days=2), actor=Actor.SYSTEM)
    offer(sample, consultation, therapist, at + timedelta(days=3))
    end(sample, consultation, S.LAPSED, at=at + timedelta(days=5), actor=Actor.SYSTEM)


def spam(sample, consultation, therapist, at):
    end(sample, consultation, S.SPAM, at=at, by=therapist)
    consultation.suspicion = Suspicion.LINKS


def asked(sample, consultation, therapist, at):
    sample.move(consultation, S.NEEDS_INFO, at=at, by=therapist)
    question = Question(consultation=consultation, text="Sample question?", asked_by=therapist, asked_at=at)
    sample.questions.append(question)


def offer(sample, consultation, therapist, at):
    sample.move(consultation, S.PROPOSED, at=at, by=therapist)
    start = sample.visit(therapist, at)
    facts = {"starts_at": start, "minutes": 30, "mode": Mode.CLINIC, "held_until": at + timedelta(hours=48)}
    time = OfferedTime(consultation=consultation, therapist=therapist, **facts)
    sample.times.append(time)
    return time


def booked(sample, consultation, therapist, at):
    time = offer(sample, consultation, therapist, at)
    chosen_at = min(at + timedelta(hours=sample.chance.randint(1, 20)), time.starts_at - timedelta(hours=1))
    sample.move(consultation, S.BOOKED, at=chosen_at)
    time.booked_at, consultation.visit_at = chosen_at, time.starts_at
    return time


def met(sample, consultation, therapist, at, *, to=S.COMPLETED):
    time = booked(sample, consultation, therapist, at)
    end(sample, consultation, to, at=time.starts_at + timedelta(hours=1), by=therapist)


def missed(sample, consultation, therapist, at):
    met(sample, consultation, therapist, at, to=S.NO_SHOW)


WAYS = {
    S.COMPLETED: met,
    S.NO_SHOW: missed,
    S.DECLINED: declined,
    S.WITHDRAWN: withdrawn,
    S.LAPSED: lapsed,
    S.SPAM: spam,
    S.NEEDS_INFO: asked,
    S.PROPOSED: offer,
    S.BOOKED: booked,
}


def end(sample, consultation, to, *, at, **who):
    sample.move(consultation, to, at=at, **who)
    consultation.closed_at = at


def write(sample, requests):
    """All at once."""
    ConsultationRequest.objects.bulk_create(requests)
    for each in (sample.statements, sample.changes, sample.times, sample.questions):
        for row in each:
            row.consultation_id = row.consultation.pk
        type(each[0]).objects.bulk_create(each)
    NameWord.objects.bulk_create(
        NameWord(statement=statement, word=word.encode())
        for statement in sample.statements
        for word in words_of(statement.full_name)
    )
    HeldQuarter.objects.bulk_create(
        HeldQuarter(
            therapist=time.therapist,
            starts_at=time.starts_at + n * QUARTER,
            time=time,
            held_until=None if time.booked_at else time.held_until,
        )
        for time in sample.times
        if not time.released_at
        for n in range(2)
    )


def count_looks(sample):
    """Looks at pages and stops of the safety screen, day by day."""
    looks, stops = [], []
    today = sample.at.astimezone(sample.clinic.tzinfo).date()
    for day in (today - timedelta(days=n) for n in range(DAYS, 0, -1)):
        usual = BY_MONTH[day.month - 1] * BY_WEEKDAY[day.weekday()] / 3
        counts = {(kind, ""): mean for kind, mean in LOOKS.items()}
        there = [tip for tip in sample.tips if tip.publish_at.date() <= day]
        counts |= {("tip", tip.slug): 26 / (n + 1) for n, tip in enumerate(there)}
        drawn = {key: poisson(mean * usual, sample.chance) for key, mean in counts.items()}
        looks += [DayCount(day=day, kind=kind, key=key, count=count) for (kind, key), count in drawn.items() if count]
        if count := poisson(0.35 * usual, sample.chance):
            stops.append(StoppedVisit(day=day, count=count))
    DayCount.objects.bulk_create(looks, ignore_conflicts=True)
    StoppedVisit.objects.bulk_create(stops, ignore_conflicts=True)
