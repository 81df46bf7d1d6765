"""The clinic's own facts, its hours and holidays."""

import math
import threading
import time
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import Error, OperationalError, models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from clinic import generation
from clinic.wording import days_together

from .approval import Approval

NOTHING_READ = {"settings": None, "read_at": -math.inf, "generation": b"", "asks_again_at": -math.inf}
_shared, _own = dict(NOTHING_READ), threading.local()


def _memory():
    """Of this process; of this thread alone where what it reads was changed and may yet be taken back."""
    return _own.__dict__.setdefault("memory", dict(NOTHING_READ)) if generation.is_changing() else _shared


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")

    @property
    def short(self):
        """As it is typed, and kept: "mon"."""
        return self.name[:3].lower()


def validate_time_zone(name):
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Write it like America/New_York."), params={"name": name}
        )


def between(least, most, label, *, default, **options):
    """A whole number within bounds. Too few days kept would lose what is still needed, and no promise is kept in 0 hours."""
    bounds = [MinValueValidator(least), MaxValueValidator(most)]
    return models.PositiveSmallIntegerField(label, default=default, validators=bounds, **options)


class ClinicSettings(models.Model):
    """The clinic's own facts and rules: one row, kept in the memory of each process.

    Read it through `current()`, or `remembered()` where the database must not be touched.
    """

    name = models.CharField(_("name"), max_length=120, default=_("The clinic"))
    tagline = models.CharField(_("tagline"), max_length=200, blank=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    zone = models.CharField(_("time zone"), max_length=60, default="America/New_York", validators=[validate_time_zone])
    emergency_number = models.CharField(_("emergency number"), max_length=20, default="911")
    emergency_words = models.CharField(
        _("emergency advice"), max_length=200, default=_("Call 911 now, or go to the nearest emergency room.")
    )
    urgent_care_words = models.CharField(
        _("urgent care"), max_length=200, default=_("Call your doctor or go to urgent care.")
    )
    crisis_words = models.CharField(
        _("crisis line"),
        max_length=200,
        blank=True,
        default=_("In despair, or thinking of harming yourself? Call or text 988, day or night."),
    )
    complimentary = models.CharField(
        _("what “complimentary” means"),
        max_length=300,
        default=_("A first conversation with a physical therapist. It costs nothing and commits you to nothing."),
    )
    offers_clinic = models.BooleanField(_("visits at the clinic"), default=True)
    offers_phone = models.BooleanField(_("talks by phone"), default=True)
    offers_video = models.BooleanField(_("talks by video"), default=False)
    video_words = models.CharField(_("how patients join a talk by video"), max_length=200, blank=True)
    urgent_reply_hours = between(1, 40, _("reply to urgent requests within (business hours)"), default=4)
    reply_days = between(1, 10, _("reply to other requests within (business days)"), default=1)
    hold_hours = between(1, 336, _("keep offered times for (hours)"), default=48)
    visit_minutes = models.PositiveSmallIntegerField(
        _("length of a visit (minutes)"),
        default=30,
        choices=[(minutes, str(minutes)) for minutes in range(15, 121, 15)],
    )
    is_paused = models.BooleanField(
        _("take no requests for now"),
        default=False,
        help_text=_("The form closes; the words below and your phone number stand there."),
    )
    pause_words = models.CharField(
        _("what is said meanwhile"),
        max_length=300,
        default=_("We are not taking new requests at the moment. Please call us."),
    )
    # A patient's page opens for 90 days after the end, and so a request is kept at least as long.
    keep_met_days = between(90, 3650, _("requests that ended with a visit (days)"), default=365)
    keep_unmet_days = between(
        90,
        3650,
        _("requests that ended without one (days)"),
        default=365,
        help_text=_("Declined, withdrawn, lapsed or missed. What nobody has looked at yet is never erased by its age."),
    )
    keep_spam_days = between(7, 365, _("spam (days)"), default=30)
    keep_mail_days = between(7, 365, _("the note that a mail was sent, or could not be (days)"), default=30)
    # How long half of those answered lately waited; the worker measures it, None while they are too few.
    typical_answer = models.DurationField(null=True, editable=False)
    is_demo = models.BooleanField(_("this is a demonstration"), default=False)

    class Meta:
        verbose_name = verbose_name_plural = _("clinic settings")
        constraints = [
            models.CheckConstraint(name="clinic_settings_is_one_row", condition=Q(pk=1)),
            models.CheckConstraint(
                name="clinic_keeps_what_is_still_needed",
                condition=Q(
                    keep_met_days__gte=90, keep_unmet_days__gte=90, keep_spam_days__gte=7, keep_mail_days__gte=7
                ),
            ),
            models.CheckConstraint(
                name="clinic_offers_a_way_to_meet",
                condition=Q(offers_clinic=True) | Q(offers_phone=True) | Q(offers_video=True),
                violation_error_message=_("Offer at least one way to meet; without one nobody can send a request."),
            ),
        ]

    def __str__(self):
        return str(self.name)

    def save(self, *args, **kwargs):
        self.pk = 1
        super().save(*args, **kwargs)

    # Queries

    @classmethod
    def current(cls):
        """The settings as they are, or as another machine left them `CLINIC_MEMORY_SECONDS` ago at most.

        Those remembered where the database gives no answer.
        """
        now, shown, memory = time.monotonic(), generation.value(), _memory()
        is_old = now - memory["read_at"] > settings.CLINIC_MEMORY_SECONDS or memory["generation"] != shown
        if is_old and now >= memory["asks_again_at"]:
            try:
                memory.update(settings=cls._read(), read_at=now, generation=shown)
            except Error:
                # Asked again when the time has passed, not at every call.
                memory["asks_again_at"] = now + settings.CLINIC_MEMORY_SECONDS
        return cls.remembered()

    @classmethod
    def known(cls):
        """As `current`, for what the defaults must not decide: an error where nothing was ever read and nothing answers."""
        clinic = cls.current()
        if cls._last_read() is None:
            raise OperationalError("the settings could not be read yet")
        return clinic

    @classmethod
    def remembered(cls):
        """The settings as last read, or the defaults; never touches the database."""
        return cls._last_read() or cls(pk=1)._given([], [], [])

    @staticmethod
    def _last_read():
        return _memory()["settings"] or _shared["settings"]

    @staticmethod
    def are_of(shown):
        """Whether those remembered were read in this generation of what readers see."""
        return _memory()["generation"] == shown

    @classmethod
    def _read(cls):
        return (cls.objects.filter(pk=1).first() or cls(pk=1)).complete()

    def complete(self):
        """As `current` gives it: with the opening hours, holidays and approvals of the database."""
        holidays = Holiday.objects.values_list("date", flat=True)
        return self._given(OpeningHours.objects.all(), holidays, Approval.objects.in_full())

    def _given(self, hours, holidays, approved):
        self.opening_hours = list(hours)
        self.week = {}
        for slot in self.opening_hours:
            self.week.setdefault(slot.weekday, []).append((slot.opens, slot.closes))
        self.holidays = frozenset(holidays)
        self.approved = frozenset(approved)
        # The parts of pages that are made of these alone (`clinic/templatetags/frame.py`), as they are wanted.
        self.parts = {}
        return self

    @property
    def open_days(self):
        return days_together(self.week)

    @property
    def tzinfo(self):
        return ZoneInfo(self.zone)


def forget():
    """Read the settings afresh at the next use."""
    _shared.update(NOTHING_READ)
    _own.__dict__.clear()


def refuse_overlap(others, start, end):
    """`others` have the starts and ends of the same day."""
    for their_start, their_end in others:
        if start and end and start < their_end and their_start < end:
            raise ValidationError(
                _("It overlaps with %(start)s–%(end)s of the same day."),
                params={"start": f"{their_start:%H:%M}", "end": f"{their_end:%H:%M}"},
            )


class OpeningHours(models.Model):
    """One stretch of one weekday in which the clinic answers."""

    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        ordering = ["weekday", "opens", "pk"]
        verbose_name = verbose_name_plural = _("opening hours")
        constraints = [
            models.CheckConstraint(
                name="opening_hours_open_before_they_close",
                condition=Q(opens__lt=F("closes")),
                violation_error_message=_("The closing time must be after the opening time."),
            ),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"

    def clean(self):
        others = OpeningHours.objects.filter(weekday=self.weekday).exclude(pk=self.pk)
        refuse_overlap(others.values_list("opens", "closes"), self.opens, self.closes)


class Holiday(models.Model):
    """A day on which the clinic is closed and no promise runs."""

    date = models.DateField(_("date"), unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        ordering = ["date"]
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")

    def __str__(self):
        return f"{self.name} ({self.date})"
