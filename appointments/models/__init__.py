from .history import Actor, ContactCorrection, Note, Question, StatusChange
from .queryset import answer_due
from .request import ConsultationRequest
from .statement import PatientStatement
from .states import (
    ASSIGNED,
    OPEN,
    TRANSITIONS,
    DeclineReason,
    NextStep,
    Region,
    RequestStatus,
    Suspicion,
    TransitionNotAllowed,
    Urgency,
)
from .stopped import StoppedVisit
from .times import HeldQuarter, OfferedTime, TimeTaken

__all__ = [
    "ASSIGNED",
    "OPEN",
    "TRANSITIONS",
    "Actor",
    "ConsultationRequest",
    "ContactCorrection",
    "DeclineReason",
    "HeldQuarter",
    "NextStep",
    "Note",
    "OfferedTime",
    "PatientStatement",
    "Question",
    "Region",
    "RequestStatus",
    "StatusChange",
    "StoppedVisit",
    "Suspicion",
    "TimeTaken",
    "TransitionNotAllowed",
    "Urgency",
    "answer_due",
]
