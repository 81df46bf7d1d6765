"""Times that were offered or agreed, and the quarter hours they take from a therapist's day."""

import uuid
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appointments import calendar, emails
from appointments.free import QUARTER
from clinic.models import ClinicSettings
from clinic.wording import on_one_line

from .history import STAFF
from .statement import Mode
from .states import RequestStatus

TAKEN = _("That time has just been taken. Choose another.")
# Never changed: a calendar takes a visit out by the name under which it took it in.
CALENDAR_NAMES = uuid.UUID("6f2f3a0e-8a4e-4c7b-9d0e-5f8b1c0a7d34")


class TimeTaken(Exception):
    """Another request holds or has booked part of that time; nothing was changed."""


def hold_days_of(therapist):
    """Until the transaction ends: a time and time off that are kept at one moment would not know of each other.

    Taken after the request, and before the quarter hours. Rows that only name the therapist wait for nobody.
    """
    get_user_model().objects.select_for_update(no_key=True).get(pk=therapist.pk)


class OfferedTimeQuerySet(models.QuerySet):
    def standing(self):
        return self.filter(released_at__isnull=True)

    def released(self):
        return self.filter(released_at__isnull=False)

    def held(self, *, at):
        """Offers that the patient can still choose."""
        return self.standing().filter(booked_at__isnull=True, held_until__gt=at, starts_at__gt=at)

    def booked(self):
        return self.standing().filter(booked_at__isnull=False)

    def in_calendar(self, *, at):
        """What was booked, and the offers that can still be chosen."""
        return self.booked() | self.held(at=at)

    def given_up(self, *, at):
        """What was booked until that very moment, and lay ahead."""
        return self.filter(booked_at__isnull=False, released_at=at, starts_at__gt=at)

    def promised_between(self, start, end, *, at):
        """What somebody has agreed on, or offers yet, in a stretch in which there are to be no visits."""
        taken = {"quarters__starts_at__gt": start - QUARTER, "quarters__starts_at__lt": end}
        stands = Q(consultation__status=RequestStatus.BOOKED, booked_at__isnull=False)
        stands |= Q(consultation__status=RequestStatus.PROPOSED, held_until__gt=at, starts_at__gt=at)
        return self.standing().filter(stands, **taken).distinct().order_by("starts_at", "pk")

    def still_to_come(self, *, at):
        """Of requests that are booked: whatever closes one before its visit releases the time.

        Nothing of the request is asked here. Over a join an update would look at the mark before it waits for another
        worker's, and not again afterwards.
        """
        return self.booked().filter(starts_at__gt=at)

    def to_be_recalled(self, mark, *, first, last, at):
        """Booked times, agreed before `first` ahead of them, that are now between `first` and `last` ahead; not yet recalled."""
        agreed_in_time = Q(booked_at__lt=F("starts_at") - first)
        soon = self.still_to_come(at=at).filter(agreed_in_time, starts_at__gt=at + last, starts_at__lte=at + first)
        return soon.filter(**{f"{mark}__isnull": True}).order_by("starts_at", "pk")


class OfferedTime(models.Model):
    """One time of one therapist, offered for a request: held until a deadline, then booked or released."""

    consultation = models.ForeignKey("appointments.ConsultationRequest", on_delete=models.PROTECT, related_name="times")
    therapist = models.ForeignKey(STAFF, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField(_("starts"))
    minutes = models.PositiveSmallIntegerField(_("length in minutes"))
    mode = models.CharField(_("how"), max_length=10, choices=Mode)
    held_until = models.DateTimeField(null=True)
    booked_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    # When the patient was reminded of a booked time, two days and one day before.
    reminded_early_at = models.DateTimeField(null=True)
    reminded_late_at = models.DateTimeField(null=True)

    objects = OfferedTimeQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(
                fields=["starts_at"],
                name="booked_time_by_start",
                condition=Q(booked_at__isnull=False, released_at__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="offered_time_is_whole_quarter_hours",
                condition=Q(minutes__in=range(15, 241, 15))
                & Q(starts_at__minute__in=[0, 15, 30, 45], starts_at__second=0),
            ),
            models.CheckConstraint(
                name="offered_time_is_held_or_booked",
                condition=Q(held_until__isnull=False) | Q(booked_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["consultation"],
                condition=Q(booked_at__isnull=False, released_at__isnull=True),
                name="request_has_one_booked_time",
            ),
        ]

    def __str__(self):
        return self.consultation.reference

    # Queries

    @property
    def ends_at(self):
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def open_until(self):
        """Until when it can be chosen while it is offered: the deadline, or its own beginning where that is sooner."""
        return min(self.held_until, self.starts_at)

    @property
    def how_to_meet(self):
        """In words for the patient: where to be, or who calls whom."""
        how, clinic = str(self.get_mode_display()), ClinicSettings.current()
        if self.mode == Mode.PHONE:
            return str(_("By phone: we call you at the number that you gave us"))
        if self.mode == Mode.VIDEO:
            return f"{how}: {clinic.video_words}" if clinic.video_words else how
        return f"{how}, {on_one_line(clinic.address)}" if clinic.address else how

    def for_calendar(self):
        """What a calendar may know of it. A time that is agreed after another one is another event, under another name."""
        clinic = ClinicSettings.current()
        how = str(self.get_mode_display())
        return calendar.Visit(
            uid=str(uuid.uuid5(CALENDAR_NAMES, f"{self.consultation.reference} {self.pk}")),
            reference=self.consultation.reference,
            starts_at=self.starts_at,
            minutes=self.minutes,
            how=how,
            where=str(clinic.address or clinic.name) if self.mode == Mode.CLINIC else how,
            is_held=self.booked_at is None,
        )

    # Transitions

    def take(self, *, at):
        """Keep these quarter hours against every other request and the therapist's time off. Raises `TimeTaken`.

        Rows go in in time order, since two inserts in mixed order can wait for each
        other for ever; what expired is cleared first, in the same transaction.
        """
        if self.starts_at.microsecond:
            raise ValueError("times begin on, and last, whole quarter hours")
        hold_days_of(self.therapist)
        if self.therapist.time_off.filter(starts_at__lt=self.ends_at, ends_at__gt=self.starts_at).exists():
            raise TimeTaken(_("%(who)s has time off then. Choose another time.") % {"who": self.therapist})
        HeldQuarter.objects.filter(therapist=self.therapist_id, held_until__lte=at).delete()
        try:
            with transaction.atomic():
                self.save(force_insert=True)
                HeldQuarter.objects.bulk_create(
                    HeldQuarter(
                        therapist=self.therapist,
                        starts_at=self.starts_at + index * QUARTER,
                        time=self,
                        held_until=self.held_until,
                    )
                    for index in range(self.minutes // 15)
                )
        except IntegrityError as clash:
            self._refuse_misfit()
            raise TimeTaken(TAKEN) from clash

    def _refuse_misfit(self):
        """A time off the quarter-hour grid is the caller's mistake, not a race."""
        try:
            self.validate_constraints()
        except ValidationError as misfit:
            raise ValueError("times begin on, and last, whole quarter hours") from misfit

    def book(self, *, at):
        """Make a held time a booked one. Raises `TimeTaken` where the hold has run out and another took the time.

        The rows themselves say until when they are held: whoever clears what expired, at this very
        moment, either finds them booked or has removed them first, and then too few are left here.
        """
        kept = HeldQuarter.objects.filter(time=self).update(held_until=None)
        if kept != self.minutes // 15:
            raise TimeTaken(TAKEN)
        self.booked_at = at
        self.save(update_fields=["booked_at"])

    def give_to(self, therapist, *, at):
        """Move the time into a colleague's day. Raises `TimeTaken` where they are not free then."""
        hold_days_of(therapist)
        HeldQuarter.objects.filter(therapist=therapist, held_until__lte=at).delete()
        not_free = _("%(who)s is not free at the time that was agreed.") % {"who": therapist}
        if therapist.time_off.filter(starts_at__lt=self.ends_at, ends_at__gt=max(self.starts_at, at)).exists():
            raise TimeTaken(not_free)
        try:
            with transaction.atomic():
                HeldQuarter.objects.filter(time=self).update(therapist=therapist)
        except IntegrityError as clash:
            raise TimeTaken(not_free) from clash
        self.therapist = therapist
        self.save(update_fields=["therapist"])

    def recall(self, mark, *, at):
        """Remind the patient of a booked time; once under each mark."""
        due = OfferedTime.objects.still_to_come(at=at).filter(pk=self.pk, **{f"{mark}__isnull": True})
        with transaction.atomic():
            if due.update(**{mark: at}):
                emails.reminder(self.consultation, at=at)

    def release(self, *, at):
        HeldQuarter.objects.filter(time=self).delete()
        self.released_at = at
        self.save(update_fields=["released_at"])


def kept_until(times):
    """Until when one of the times offered can still be chosen."""
    return max(time.open_until for time in times)


class HeldQuarterQuerySet(models.QuerySet):
    def taken_from(self, therapist, start, end, *, at):
        """The beginnings of a therapist's quarter hours that are booked, or held and not expired, between two instants."""
        standing = self.filter(Q(held_until__isnull=True) | Q(held_until__gt=at), therapist=therapist)
        return set(standing.filter(starts_at__range=(start, end)).values_list("starts_at", flat=True))


class HeldQuarter(models.Model):
    """A quarter hour of a therapist's time that is held or booked: one row each, so the database refuses a second."""

    therapist = models.ForeignKey(STAFF, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    time = models.ForeignKey(OfferedTime, on_delete=models.CASCADE, related_name="quarters")
    held_until = models.DateTimeField(null=True)

    objects = HeldQuarterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["therapist", "starts_at"], name="therapist_is_in_one_place_at_a_time"),
        ]

    def __str__(self):
        return f"{self.therapist} {self.starts_at:%Y-%m-%d %H:%M}"
