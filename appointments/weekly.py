"""What is counted of one week, exactly, before it is told in bundles: by day of the event, never changed later."""

from collections import Counter
from datetime import timedelta

from django.db.models import Exists, Min, OuterRef, Q, Sum

from clinic.models import ClinicSettings, OutgoingMail

from .models import OUTCOMES, ConsultationRequest, RequestStatus, StatusChange, StoppedVisit, WeekCount, answer_due
from .models.states import UNMET
from .models.weeks import WEEK, instants, monday_of

# How long mails took to leave: up to so long, under this name; a later one is "later", a parked one "never".
MAIL_TOOK = {"minute": timedelta(minutes=1), "ten": timedelta(minutes=10), "hour": timedelta(hours=1)}


def count_finished_weeks(*, at):
    """Write down each week that is over and is not yet written, the oldest first."""
    zone = ClinicSettings.current().tzinfo
    this_week = monday_of(at.astimezone(zone).date())
    last = WeekCount.objects.last_counted()
    monday = last + WEEK if last else first_week(zone)
    while monday and monday < this_week:
        WeekCount.objects.add(monday, counted_in(monday, zone))
        monday += WEEK


def first_week(zone):
    """The week of the first request, or of the first time that somebody was sent to emergency care."""
    sent = ConsultationRequest.objects.aggregate(first=Min("submitted_at"))["first"]
    stopped = StoppedVisit.objects.aggregate(first=Min("day"))["first"]
    days = [day for day in (sent and sent.astimezone(zone).date(), stopped) if day]
    return monday_of(min(days)) if days else None


def counted_in(monday, zone):
    """Of each kind the rows and how often each occurred; the rows of kinds about the same thing have the same sum."""
    start, end = instants(monday, zone)
    sent = sent_in(start, end)
    stopped = StoppedVisit.objects.filter(day__gte=monday, day__lt=monday + WEEK).aggregate(sum=Sum("count"))["sum"]
    return {
        "sent": {"": len(sent)},
        "region": Counter(region for region, urgency, tip in sent),
        "urgency": Counter(urgency for region, urgency, tip in sent),
        "tip": Counter(str(tip or "") for region, urgency, tip in sent),
        "answered": answered_in(start, end),
        "booked": {"": reached_in(RequestStatus.BOOKED, start, end)},
        "attended": {"": reached_in(RequestStatus.COMPLETED, start, end)},
        "ended": ended_in(start, end),
        "stopped": {"": stopped or 0},
        "mail": mails_of(start, end),
    }


def sent_in(start, end):
    """Where it hurts, how urgent, from which tip: of each request but those that were or look like spam."""
    sent = ConsultationRequest.objects.unsuspected().exclude(status=RequestStatus.SPAM)
    return list(sent.filter(submitted_at__gte=start, submitted_at__lt=end).values_list("region", "urgency", "tip"))


def answered_in(start, end):
    """In time or late, by the first promise: as it is made on the day of the count, since no other stands in the row by then."""
    clinic = ClinicSettings.current()
    answered = ConsultationRequest.objects.answered_between(start, end)
    return Counter(
        "in_time" if answered_at <= answer_due(clinic, urgency, sent_at) else "late"
        for urgency, sent_at, answered_at in answered.values_list("urgency", "submitted_at", "first_answered_at")
    )


def reached_in(status, start, end):
    """How many requests got there for the first time."""
    arrivals = StatusChange.objects.filter(to_status=status).exclude(from_status=status)
    # As it was counted then, whatever was corrected since.
    before = no_slips(arrivals.filter(consultation=OuterRef("consultation"), at__lt=start), start)
    new = no_slips(arrivals.filter(at__gte=start, at__lt=end), end)
    return new.filter(~Exists(before)).values("consultation").distinct().count()


def no_slips(moves, end):
    """Without what was said of a visit and corrected, or declined and taken up again, before the week was over."""
    said_otherwise = StatusChange.objects.filter(
        consultation=OuterRef("consultation"), pk__gt=OuterRef("pk"), from_status=OuterRef("to_status"), at__lt=end
    )
    taken_back = Q(from_status__in=OUTCOMES, to_status__in=OUTCOMES) | Q(from_status=RequestStatus.DECLINED)
    return moves.filter(~Exists(said_otherwise.filter(taken_back)))


def ended_in(start, end):
    """How requests ended without a visit: why we declined, what was not answered when they lapsed, or only how."""
    moves = no_slips(StatusChange.objects.filter(to_status__in=UNMET, at__gte=start, at__lt=end), end)
    told = moves.values_list("to_status", "from_status", "consultation__decline_reason")
    return Counter(why(to, frm, reason) for to, frm, reason in told)


def why(to, frm, reason):
    if to == RequestStatus.DECLINED:
        return f"{to}:{reason}"
    return f"{to}:{frm}" if to == RequestStatus.LAPSED else str(to)


def mails_of(start, end):
    queued = OutgoingMail.objects.filter(queued_at__gte=start, queued_at__lt=end)
    return Counter(took(*times) for times in queued.values_list("queued_at", "sent_at", "parked_at"))


def took(queued_at, sent_at, parked_at):
    if parked_at:
        return "never"
    took = sent_at - queued_at if sent_at else None
    return next((name for name, most in MAIL_TOOK.items() if took is not None and took <= most), "later")
