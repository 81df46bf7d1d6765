"""One thing, many who want it at the same moment: one has it, and the others read why not.

On PostgreSQL each contest is run once more with its guard taken away, where more than one must win: a contest that
cannot be lost proves nothing. SQLite lets one writer in at a time, so its control would show nothing.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection

from appointments.models import (
    ConsultationRequest,
    HeldQuarter,
    OfferedTime,
    RequestStatus,
    TimeTaken,
    TransitionNotAllowed,
)
from tests.appointments.stages import HALF_AN_HOUR, START, WHY, S, bring_to, make_arrived
from tests.factories import DAY, NOON, make_clinic, make_person

from .sizes import size

pytestmark = [pytest.mark.torture, pytest.mark.race, pytest.mark.django_db(transaction=True)]

REFUSALS = (TransitionNotAllowed, TimeTaken)
CONTROL_ROUNDS, CONTROL_RACERS = 5, 10


def fresh(consultation):
    return ConsultationRequest.objects.get(pk=consultation.pk)


class Contest:
    """What is wanted, how it is taken, and how it would be taken without its guard."""

    def __init__(self, people):
        self.people = people

    def prepare(self, number):
        """Make what is wanted; gives what each racer holds before the start."""
        raise NotImplementedError

    def left(self):
        """How many have it, as the database says."""
        raise NotImplementedError


class Claim(Contest):
    def prepare(self, number):
        self.wanted = make_arrived()
        return [fresh(self.wanted) for _ in range(number)]

    def take(self, consultation, person):
        consultation.claim(by=person, at=NOON)

    def take_unguarded(self, consultation, person):
        if consultation.status != S.NEW:
            raise TransitionNotAllowed
        ConsultationRequest.objects.filter(pk=consultation.pk).update(status=S.IN_REVIEW, assigned_to=person)

    def left(self):
        return self.wanted.history.filter(to_status=S.IN_REVIEW).count()


class Decide(Contest):
    """Half of them decline, half of them ask."""

    def prepare(self, number):
        self.wanted = bring_to(S.IN_REVIEW, by=self.people[0])
        return [fresh(self.wanted) for _ in range(number)]

    def take(self, consultation, person):
        if person.pk % 2:
            consultation.decline(by=self.people[0], at=NOON, **WHY)
        else:
            consultation.ask(question="Which side?", by=self.people[0], at=NOON)

    def take_unguarded(self, consultation, person):
        if consultation.status != S.IN_REVIEW:
            raise TransitionNotAllowed
        ConsultationRequest.objects.filter(pk=consultation.pk).update(status=S.NEEDS_INFO)

    def left(self):
        return self.wanted.history.filter(from_status=S.IN_REVIEW).count()


class OneFreeTime(Contest):
    """Offered from many requests' pages at once."""

    day = 0

    def prepare(self, number):
        self.day += 1
        self.start = START + self.day * DAY
        # Who lost the round before is still in review, and asks again.
        waiting = list(ConsultationRequest.objects.filter(status=S.IN_REVIEW))
        return waiting + [bring_to(S.IN_REVIEW, by=self.people[0]) for _ in range(number - len(waiting))]

    def take(self, consultation, person):
        consultation.propose([self.start], by=self.people[0], at=NOON, **HALF_AN_HOUR)

    def take_unguarded(self, consultation, person):
        if OfferedTime.objects.filter(therapist=self.people[0], starts_at=self.start).exists():
            raise TimeTaken
        facts = {"therapist": self.people[0], "starts_at": self.start, "held_until": self.start}
        OfferedTime.objects.create(consultation=consultation, **facts, **HALF_AN_HOUR)

    def left(self):
        return HeldQuarter.objects.filter(starts_at=self.start).count()


class OneHeldTime(Contest):
    """Chosen from its link and by staff on the phone at once."""

    day = 0

    def prepare(self, number):
        self.day += 1
        self.wanted = bring_to(S.IN_REVIEW, by=self.people[0])
        start = START + self.day * DAY
        self.wanted.propose([start, start + DAY / 24], by=self.people[0], at=NOON, **HALF_AN_HOUR)
        self.time = self.wanted.times.first()
        return [fresh(self.wanted) for _ in range(number)]

    def take(self, consultation, person):
        consultation.choose(self.time, at=NOON, by=self.people[0] if person.pk % 2 else None)

    def take_unguarded(self, consultation, person):
        if consultation.status != S.PROPOSED:
            raise TransitionNotAllowed
        OfferedTime.objects.filter(pk=self.time.pk).update(booked_at=NOON)
        ConsultationRequest.objects.filter(pk=consultation.pk).update(status=S.BOOKED, visit_at=NOON)

    def left(self):
        return self.wanted.history.filter(to_status=RequestStatus.BOOKED).count()


CONTESTS = [Claim, Decide, OneFreeTime, OneHeldTime]
AS_IT_IS = [pytest.param(kind, True, id=kind.__name__) for kind in CONTESTS]
WITHOUT_ITS_GUARD = [
    pytest.param(kind, False, id=f"{kind.__name__} without its guard")
    for kind in CONTESTS
    if connection.vendor == "postgresql"
]


def race(take, held, people):
    """Let all take at the same moment; gives the refusals, and None for each who has it."""
    ready = threading.Barrier(len(held), timeout=60)

    def run(number):
        connection.close()  # the pool is smaller than the crowd
        ready.wait()
        try:
            for _ in range(20):
                try:
                    return take(held[number], people[number % len(people)])
                except OperationalError:
                    # No connection was free in time; what was held before the start is tried again as it was.
                    connection.close()
        except REFUSALS as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(held)) as threads:
        return list(threads.map(run, range(len(held))))


@pytest.mark.parametrize(("kind", "guarded"), AS_IT_IS + WITHOUT_ITS_GUARD)
def test_one_of_many_has_it_and_the_others_read_why_not(record_property, kind, guarded):
    make_clinic()
    people = [make_person("Therapist") for _ in range(4)]
    contest = kind(people)
    take = contest.take if guarded else contest.take_unguarded
    rounds, racers = (size("race rounds"), size("racers")) if guarded else (CONTROL_ROUNDS, CONTROL_RACERS)

    results = [race(take, contest.prepare(racers), people) for _ in range(rounds)]

    won = [result.count(None) for result in results]
    record_property("done", f"{rounds} rounds of {racers}, at most {max(won)} had it")
    if not guarded:
        assert max(won) > 1
        return
    sentences = {str(refusal) for result in results for refusal in result if refusal}
    assert (won, contest.left()) == ([1] * rounds, 1)
    assert [sentence for sentence in sentences if not sentence.endswith(".")] == []
