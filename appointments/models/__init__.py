from .history import Actor, Note, Question, StatusChange
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
    "TimeTaken",
    "TransitionNotAllowed",
    "Urgency",
]
