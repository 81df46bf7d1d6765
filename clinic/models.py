"""What both apps share: the people who work here, the clinic's own facts, its outgoing mail and its audit."""

import hashlib
import math
import secrets
import time
from contextlib import suppress
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.db.models import F, Min, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

_memory = {"settings": None, "read_at": -math.inf}


class User(AbstractUser):
    """Somebody who works at the clinic; patients have no account."""

    display_name = models.CharField(_("display name"), max_length=120, blank=True)
    credentials = models.CharField(
        _("credentials"), max_length=60, blank=True, help_text=_("As readers see them, such as “PT, DPT”.")
    )

    # The address of a therapist's private calendar feed, as a hash: a new address takes the old one away.
    calendar_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)

    def __str__(self):
        return self.display_name or self.username

    # Transitions

    def open_calendar(self):
        """A new secret for the address of one's calendar feed. It is not kept, and the one before opens nothing any more."""
        token = secrets.token_urlsafe(32)
        self.calendar_hash = hashlib.sha256(token.encode()).hexdigest()
        self.save(update_fields=["calendar_hash"])
        return token

    def close_calendar(self):
        self.calendar_hash = None
        self.save(update_fields=["calendar_hash"])

    # Queries

    @classmethod
    def for_calendar(cls, token):
        """Whose feed it is, as long as they work here."""
        sought = hashlib.sha256(token.encode()).hexdigest()
        return cls.objects.filter(calendar_hash=sought, is_active=True).first()

    def get_short_name(self):
        return str(self)

    @property
    def byline(self):
        return ", ".join(filter(None, [str(self), self.credentials]))


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


def validate_time_zone(name):
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Write it like America/New_York."), params={"name": name}
        )


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
    urgent_reply_hours = models.PositiveSmallIntegerField(
        _("reply to urgent requests within (business hours)"), default=4
    )
    reply_days = models.PositiveSmallIntegerField(_("reply to other requests within (business days)"), default=1)
    hold_hours = models.PositiveSmallIntegerField(_("keep offered times for (hours)"), default=48)
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
    # How long half of those answered lately waited; the worker measures it, None while they are too few.
    typical_answer = models.DurationField(null=True, editable=False)
    is_demo = models.BooleanField(_("this is a demonstration"), default=False)

    class Meta:
        verbose_name = verbose_name_plural = _("clinic settings")
        constraints = [
            models.CheckConstraint(name="clinic_settings_is_one_row", condition=Q(pk=1)),
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
        transaction.on_commit(forget)

    # Queries

    @classmethod
    def current(cls):
        """The settings, at most `CLINIC_MEMORY_SECONDS` old; those remembered where the database gives no answer."""
        if time.monotonic() - _memory["read_at"] > settings.CLINIC_MEMORY_SECONDS:
            # Without an answer it is asked again when the time has passed, not at every call.
            with suppress(DatabaseError):
                _memory["settings"] = cls._read()
            _memory["read_at"] = time.monotonic()
        return cls.remembered()

    @classmethod
    def remembered(cls):
        """The settings as last read, or the defaults; never touches the database."""
        return _memory["settings"] or cls._with_hours(cls(pk=1), [], [])

    @classmethod
    def _read(cls):
        row = cls.objects.filter(pk=1).first() or cls(pk=1)
        return cls._with_hours(row, OpeningHours.objects.all(), Holiday.objects.values_list("date", flat=True))

    @staticmethod
    def _with_hours(row, hours, holidays):
        row.opening_hours = list(hours)
        row.week = {}
        for slot in row.opening_hours:
            row.week.setdefault(slot.weekday, []).append((slot.opens, slot.closes))
        row.holidays = frozenset(holidays)
        return row

    @property
    def tzinfo(self):
        return ZoneInfo(self.zone)


def forget():
    """Read the settings afresh at the next use."""
    _memory.update(settings=None, read_at=-math.inf)


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

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        transaction.on_commit(forget)

    def delete(self, *args, **kwargs):
        transaction.on_commit(forget)
        return super().delete(*args, **kwargs)


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

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        transaction.on_commit(forget)

    def delete(self, *args, **kwargs):
        transaction.on_commit(forget)
        return super().delete(*args, **kwargs)


class OutgoingMailQuerySet(models.QuerySet):
    def unsent(self):
        return self.filter(sent_at__isnull=True, parked_at__isnull=True)

    def unsent_since(self, moment):
        """When the oldest mail was queued that has been waiting since before `moment`; None where none has."""
        return self.unsent().filter(queued_at__lt=moment).aggregate(oldest=Min("queued_at"))["oldest"]

    def parked(self):
        return self.filter(parked_at__isnull=False)

    def queued_for(self, address, *, since):
        """Mail to an address, in any case, that was promised after `since`."""
        return self.alias(lowered=Lower("to")).filter(lowered=address.lower(), queued_at__gt=since)


class OutgoingMail(models.Model):
    """A mail that has been promised: which event, to whom, and how far it has come.

    No text is stored. `context` is sealed, since it may hold the link to a patient's page.
    """

    event = models.CharField(max_length=40)
    to = models.EmailField(max_length=254)
    reference = models.CharField(max_length=20, blank=True)
    context = models.TextField()
    message_id = models.CharField(max_length=200, unique=True)
    queued_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="mail_due",
                condition=Q(sent_at__isnull=True, parked_at__isnull=True),
            ),
            models.Index(Lower("to"), "queued_at", name="mail_by_address"),
        ]
        constraints = [
            models.CheckConstraint(
                name="mail_is_sent_or_parked_not_both", condition=Q(sent_at__isnull=True) | Q(parked_at__isnull=True)
            ),
        ]

    def __str__(self):
        return f"{self.event} {self.reference}".strip()

    @property
    def label(self):
        return self.event.replace("_", " ").capitalize()


class Tally(models.Model):
    """How often one somebody did one thing in one stretch of time. The key is a hash that names nobody."""

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=1)
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self):
        return f"{self.count} until {self.ends_at:%Y-%m-%d %H:%M}"


class HeartbeatQuerySet(models.QuerySet):
    def beat(self, name, *, at):
        beat = Heartbeat(name=name, seen_at=at)
        self.bulk_create([beat], update_conflicts=True, unique_fields=["name"], update_fields=["seen_at"])

    def seen_between(self, name, start, end):
        return self.filter(name=name, seen_at__range=(start, end)).exists()


class Heartbeat(models.Model):
    """When a process that answers nobody was last at work: one row for each name."""

    name = models.CharField(max_length=40, unique=True)
    seen_at = models.DateTimeField()

    objects = HeartbeatQuerySet.as_manager()

    def __str__(self):
        return self.name


class AuditAction(models.TextChoices):
    OPENED = "opened", _("Opened")
    LISTED = "listed", _("Listed")
    SEARCHED = "searched", _("Searched")


class AuditEntry(models.Model):
    """Who looked at what, and when: written once, holding no word of a patient."""

    append_only = True

    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=20, choices=AuditAction)
    reference = models.CharField(max_length=20, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["at", "id"], name="audit_by_time")]

    def __str__(self):
        return f"{self.get_action_display()} {self.reference}".strip()
