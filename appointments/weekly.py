"""What is counted of one week, exactly, before it is told in bundles: by day of the event, never changed later."""

from collections import Counter
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from django.db.models import Min, Sum

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
    sent, ways = sent_in(start, end), ways_of(start, end)
    stopped = StoppedVisit.objects.filter(day__gte=monday, day__lt=monday + WEEK).aggregate(sum=Sum("count"))["sum"]
    return {
        "sent": {"": len(sent)},
        "region": Counter(region for region, urgency, tip in sent),
        "urgency": Counter(urgency for region, urgency, tip in sent),
        "tip": Counter(str(tip or "") for region, urgency, tip in sent),
        "answered": answered_in(start, end),
        "booked": {"": reached(RequestStatus.BOOKED, ways, start)},
        "attended": {"": reached(RequestStatus.COMPLETED, ways, start)},
        "ended": ended(ways, start),
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


def ways_of(start, end):
    """Of each request that moved in the week its whole way until then, move by move."""
    moved = StatusChange.objects.filter(at__gte=start, at__lt=end).values("consultation")
    moves = StatusChange.objects.filter(consultation__in=moved, at__lt=end).select_related("consultation")
    by_request = groupby(moves.order_by("consultation", "pk"), key=attrgetter("consultation_id"))
    return [list(way) for _request, way in by_request]


def reached(status, ways, start):
    """How many requests got there for the first time, as it was known at the end of each week."""

    def arrivals(way):
        return [move for move in no_slips(way) if move.to_status == status != move.from_status]

    new = [way for way in ways if any(move.at >= start for move in arrivals(way))]
    return sum(not arrivals([move for move in way if move.at < start]) for way in new)


def no_slips(way):
    """Without what was said of a visit and corrected since, or declined and taken up again."""
    return [move for place, move in enumerate(way) if not any(takes_back(move, later) for later in way[place + 1 :])]


def takes_back(move, later):
    is_other_outcome = move.to_status in OUTCOMES and later.to_status in OUTCOMES
    return later.from_status == move.to_status and (is_other_outcome or move.to_status == RequestStatus.DECLINED)


def ended(ways, start):
    """How requests ended without a visit: why we declined, what was not answered when they lapsed, or only how."""
    moves = [move for way in ways for move in no_slips(way) if move.at >= start and move.to_status in UNMET]
    return Counter(why(move.to_status, move.from_status, move.consultation.decline_reason) for move in moves)


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
