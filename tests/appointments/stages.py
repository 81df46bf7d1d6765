"""Requests brought to where they stand by their own methods, and every act that may be tried on one."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from appointments.models import (
    TRANSITIONS,
    Actor,
    ConsultationRequest,
    DeclineReason,
    HeldQuarter,
    NextStep,
    Note,
    OfferedTime,
    PatientStatement,
    Question,
    RequestStatus,
    StatusChange,
)
from appointments.models.statement import Mode
from clinic.models import OutgoingMail
from tests.factories import DAY, HOUR, NOON, make_consultation

# Requests arrive and are brought where a test wants them before NOON; the visit is the next day.
EARLIER = NOON - HOUR
START = NOON + DAY
NEXT = START + HOUR
AFTER = START + 2 * HOUR
HALF_AN_HOUR = {"minutes": 30, "mode": Mode.CLINIC}
WHY = {"reason": DeclineReason.NO_PLACE, "next_step": NextStep.CALL_US}

S = RequestStatus
OPEN = [S.NEW, S.IN_REVIEW, S.NEEDS_INFO, S.PROPOSED, S.BOOKED]


@dataclass(frozen=True)
class Act:
    """One method with good arguments: from where it is allowed, where it leads, and who does it."""

    frm: list
    to: RequestStatus
    do: Any
    actor: Actor = Actor.STAFF
    at: Any = NOON

    def __call__(self, consultation, by, at=None):
        self.do(consultation, at=at or self.at, **({"by": by} if self.actor == Actor.STAFF else {}))


def choose_first(consultation, **who_and_when):
    time = consultation.times.filter(released_at=None).first() or OfferedTime()
    consultation.choose(time, **who_and_when)


def model(name, **arguments):
    return lambda consultation, **who_and_when: getattr(consultation, name)(**arguments, **who_and_when)


PATIENT, SYSTEM = Actor.PATIENT, Actor.SYSTEM
ACTS = {
    "claim": Act([S.NEW], S.IN_REVIEW, model("claim")),
    "ask": Act([S.IN_REVIEW], S.NEEDS_INFO, model("ask", question="Which side?")),
    "answer": Act([S.NEEDS_INFO], S.IN_REVIEW, model("answer", text="The left."), PATIENT),
    "log_answer": Act([S.NEEDS_INFO], S.IN_REVIEW, model("answer", text="The left.")),
    "propose": Act([S.IN_REVIEW], S.PROPOSED, model("propose", times=[START, NEXT], **HALF_AN_HOUR)),
    "book": Act([S.IN_REVIEW, S.PROPOSED], S.BOOKED, model("book", start=START + DAY, **HALF_AN_HOUR)),
    "choose": Act([S.PROPOSED], S.BOOKED, choose_first, PATIENT),
    "choose_by_phone": Act([S.PROPOSED], S.BOOKED, choose_first),
    "none_of_these": Act([S.PROPOSED], S.IN_REVIEW, model("none_of_these"), PATIENT),
    "take_back_offer": Act([S.PROPOSED], S.IN_REVIEW, model("take_back_offer")),
    "let_offer_expire": Act([S.PROPOSED], S.IN_REVIEW, model("let_offer_expire"), SYSTEM),
    "reschedule": Act([S.BOOKED], S.IN_REVIEW, model("reschedule"), PATIENT),
    "reschedule_by_phone": Act([S.BOOKED], S.IN_REVIEW, model("reschedule", reason="She is ill.")),
    "complete": Act([S.BOOKED, S.NO_SHOW], S.COMPLETED, model("complete"), at=AFTER),
    "mark_missed": Act([S.BOOKED, S.COMPLETED], S.NO_SHOW, model("mark_missed"), at=AFTER),
    "take_up_again": Act([S.NO_SHOW, S.LAPSED], S.IN_REVIEW, model("take_up_again"), PATIENT, at=AFTER),
    "take_up_again_by_phone": Act([S.NO_SHOW, S.LAPSED], S.IN_REVIEW, model("take_up_again"), at=AFTER),
    "reconsider": Act([S.DECLINED], S.IN_REVIEW, model("reconsider")),
    "decline": Act(OPEN, S.DECLINED, model("decline", **WHY)),
    "withdraw": Act(OPEN, S.WITHDRAWN, model("withdraw"), PATIENT),
    "withdraw_by_phone": Act(OPEN, S.WITHDRAWN, model("withdraw")),
    "lapse": Act([S.NEEDS_INFO, S.PROPOSED], S.LAPSED, model("lapse"), SYSTEM),
    "mark_spam": Act([S.NEW, S.IN_REVIEW], S.SPAM, model("mark_spam")),
    "restore_from_spam": Act([S.SPAM], S.IN_REVIEW, model("restore_from_spam", reason="A real person.")),
}
# The acts that bring a new request to each status.
WAYS = {
    S.NEW: [],
    S.IN_REVIEW: ["claim"],
    S.NEEDS_INFO: ["claim", "ask"],
    S.PROPOSED: ["claim", "propose"],
    S.BOOKED: ["claim", "propose", "choose"],
    S.COMPLETED: ["claim", "propose", "choose", "complete"],
    S.NO_SHOW: ["claim", "propose", "choose", "mark_missed"],
    S.DECLINED: ["claim", "decline"],
    S.WITHDRAWN: ["claim", "withdraw"],
    S.LAPSED: ["claim", "ask", "lapse"],
    S.SPAM: ["claim", "mark_spam"],
}
ALLOWED = [(name, frm) for name, act in ACTS.items() for frm in act.frm]
# What only the person who has the request may do to it.
THEIRS = [
    ("ask", S.IN_REVIEW),
    ("propose", S.IN_REVIEW),
    ("book", S.IN_REVIEW),
    ("book", S.PROPOSED),
    ("choose_by_phone", S.PROPOSED),
    ("take_back_offer", S.PROPOSED),
    ("reschedule_by_phone", S.BOOKED),
    ("decline", S.IN_REVIEW),
    ("mark_spam", S.IN_REVIEW),
    ("decline", S.NEEDS_INFO),
    ("decline", S.PROPOSED),
    ("decline", S.BOOKED),
]
# Whoever does one of these with a new request claims it by that.
CLAIMING = {("ask", S.NEW), ("propose", S.NEW), ("book", S.NEW)}
REFUSED = [
    (name, frm)
    for name, act in ACTS.items()
    for frm in TRANSITIONS
    if frm not in act.frm and (name, frm) not in CLAIMING
]


def make_arrived(**fields):
    """A new request as the form leaves it, with the first line of its history; no mail is queued."""
    consultation = make_consultation(**{"at": EARLIER - HOUR} | fields)
    StatusChange.objects.create(
        consultation=consultation, to_status=S.NEW, actor=Actor.PATIENT, at=consultation.submitted_at
    )
    return consultation


def bring_to(status, *, by, **fields):
    """A request that its own methods brought to `status`; the mails of the way there are gone."""
    consultation = make_arrived(**fields)
    for name in WAYS[status]:
        ACTS[name](consultation, by, at=NEXT if name in {"complete", "mark_missed"} else EARLIER)
    OutgoingMail.objects.all().delete()
    return ConsultationRequest.objects.get(pk=consultation.pk)


def make_visit(therapist, start, *, at, **fields):
    """A request with a booked visit that begins then, agreed at `at`."""
    consultation = make_arrived(at=at - HOUR, **fields)
    consultation.book(start, by=therapist, at=at, **HALF_AN_HOUR)
    OutgoingMail.objects.all().delete()
    return consultation


def move_visit(consultation, start):
    """The visit that is booked begins then, in both rows that say so: pages read the clock themselves."""
    consultation.times.booked().update(starts_at=start)
    consultation.visit_at = start
    consultation.save(update_fields=["visit_at"])


def everything():
    """Every row that a transition may touch, column by column."""
    tables = [ConsultationRequest, PatientStatement, StatusChange, Question, Note, OfferedTime, HeldQuarter]
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in [*tables, OutgoingMail]}


def queued():
    return sorted(OutgoingMail.objects.values_list("event", "to"))


def quarters(therapist):
    """The minutes after START at which the therapist is held or booked."""
    starts = HeldQuarter.objects.filter(therapist=therapist).order_by("starts_at").values_list("starts_at", flat=True)
    return [(start - START) // timedelta(minutes=1) for start in starts]
