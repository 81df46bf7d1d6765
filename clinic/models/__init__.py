"""What both apps share: the people who work here, the clinic's own facts, its outgoing mail and its audit."""

from .approval import Approval, Subject
from .audit import AuditAction, AuditEntry, AuditSeal
from .counts import DayCount, Heartbeat, ShownChange, Tally
from .mail import OutgoingMail
from .people import User
from .settings import ClinicSettings, Holiday, OpeningHours, Weekday, forget, refuse_overlap, validate_time_zone

__all__ = [
    "Approval",
    "AuditAction",
    "AuditEntry",
    "AuditSeal",
    "ClinicSettings",
    "DayCount",
    "Heartbeat",
    "Holiday",
    "OpeningHours",
    "OutgoingMail",
    "ShownChange",
    "Subject",
    "Tally",
    "User",
    "Weekday",
    "forget",
    "refuse_overlap",
    "validate_time_zone",
]
