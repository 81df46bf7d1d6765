"""What stands in one week's calendar: who sees patients, when they work, and each time that is held or booked."""

from datetime import UTC, date, datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from appointments.models import OfferedTime, RequestStatus, TimeOff, hours_of
from appointments.people import who_sees_patients
from clinic.models import Holiday

A_DAY = timedelta(days=1)
# Nobody plans further; and dates have an end.
FARTHEST = timedelta(days=3660)
SHAPES = {RequestStatus.BOOKED: "●", RequestStatus.COMPLETED: "✓", RequestStatus.NO_SHOW: "✕"}


class Week:
    """Seven days from a Monday, in the clinic's zone."""

    def __init__(self, monday, *, clinic):
        self.monday, self.clinic = monday, clinic
        self.days = [monday + index * A_DAY for index in range(7)]
        self.start, self.end = self.midnight(monday), self.midnight(monday + 7 * A_DAY)

    @classmethod
    def named(cls, name, *, clinic, today):
        """A week such as 2026-W11; this week where it is no such name, or one that is far away."""
        this_week = today - timedelta(days=today.weekday())
        try:
            year, number = name.split("-W")
            monday = date.fromisocalendar(int(year), int(number), 1)
        except (ValueError, OverflowError):
            monday = this_week
        return cls(monday if abs(monday - this_week) <= FARTHEST else this_week, clinic=clinic)

    def midnight(self, day):
        return datetime.combine(day, time.min, self.clinic.tzinfo).astimezone(UTC)

    def times(self, *, at):
        found = OfferedTime.objects.in_calendar(at=at).filter(starts_at__gte=self.start, starts_at__lt=self.end)
        return list(found.select_related("consultation", "therapist"))

    def holidays(self):
        return dict(Holiday.objects.filter(date__in=self.days).values_list("date", "name"))

    def people(self, times):
        """Who sees patients, and whoever else has a time in this week."""
        off = TimeOff.objects.filter(starts_at__lt=self.end, ends_at__gt=self.start)
        shown = {person.pk for person in who_sees_patients()} | {time.therapist_id for time in times}
        found = get_user_model().objects.filter(pk__in=shown)
        found = found.prefetch_related("working_hours", Prefetch("time_off", queryset=off))
        return sorted(found, key=lambda person: (str(person).casefold(), person.pk))

    def shown(self, people, times, *, today):
        """Each day on which the clinic is open or somebody works or sees a patient, with everybody's times in order."""
        holidays = self.holidays()
        days = [
            {
                "date": day,
                "is_today": day == today,
                "holiday": holidays.get(day, ""),
                "people": [self.day_of(person, day, times) for person in people],
            }
            for day in self.days
        ]
        return [day for day in days if day["date"].weekday() in self.clinic.week or any(map(is_used, day["people"]))]

    def day_of(self, person, day, times):
        start, end = self.midnight(day), self.midnight(day + A_DAY)
        off = [
            {
                "kind": "off",
                "shape": "–",
                "words": _("Time off"),
                "starts": max(away.starts_at, start),
                "ends": min(away.ends_at, end),
                "is_whole_day": away.starts_at <= start and away.ends_at >= end,
            }
            for away in person.time_off.all()
            if away.starts_at < end and start < away.ends_at
        ]
        theirs = [as_entry(time) for time in times if time.therapist_id == person.pk and start <= time.starts_at < end]
        return {
            "person": person,
            "hours": hours_of(person, clinic=self.clinic).stretches(day),
            "entries": sorted(off + theirs, key=lambda entry: entry["starts"]),
        }


def as_entry(time):
    status = time.consultation.status
    return {
        "kind": status if time.booked_at else "held",
        "shape": SHAPES.get(status, "●") if time.booked_at else "○",
        "words": time.consultation.get_status_display() if time.booked_at else _("Held"),
        "starts": time.starts_at,
        "ends": time.ends_at,
        "held_until": time.open_until if not time.booked_at else None,
        "reference": time.consultation.reference,
        "how": time.get_mode_display(),
    }


def is_used(day):
    return bool(day["hours"]) or any(entry["kind"] != "off" for entry in day["entries"])
