from .daily import DailyAct
from .history import Actor, ContactCorrection, Note, Question, StatusChange
from .hours import TimeOff, WorkingHours, free_times, hours_of
from .queryset import answer_due, working_days_before
from .request import ConsultationRequest
from .statement import NameWord, PatientStatement
from .states import (
    ASSIGNED,
    OPEN,
    OUTCOMES,
    TRANSITIONS,
    WAITING_ON_PATIENT,
    WAITING_ON_US,
    DeclineReason,
    NextStep,
    RequestStatus,
    Suspicion,
    TransitionNotAllowed,
    Urgency,
)
from .stopped import StoppedVisit
from .times import HeldQuarter, OfferedTime, TimeTaken, kept_until
from .weeks import CarriedOver, WeekCount

__all__ = [
    "ASSIGNED",
    "OPEN",
    "OUTCOMES",
    "TRANSITIONS",
    "WAITING_ON_PATIENT",
    "WAITING_ON_US",
    "Actor",
    "CarriedOver",
    "ConsultationRequest",
    "ContactCorrection",
    "DailyAct",
    "DeclineReason",
    "HeldQuarter",
    "NameWord",
    "NextStep",
    "Note",
    "OfferedTime",
    "PatientStatement",
    "Question",
    "RequestStatus",
    "StatusChange",
    "StoppedVisit",
    "Suspicion",
    "TimeOff",
    "TimeTaken",
    "TransitionNotAllowed",
    "Urgency",
    "WeekCount",
    "WorkingHours",
    "answer_due",
    "free_times",
    "hours_of",
    "kept_until",
    "working_days_before",
]
