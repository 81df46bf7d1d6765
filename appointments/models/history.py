"""What happened to a request: moves (never rewritten); questions, corrections and notes (erasable: they hold words)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

STAFF = settings.AUTH_USER_MODEL
REQUEST = "appointments.ConsultationRequest"


class Actor(models.TextChoices):
    PATIENT = "patient", _("Patient")
    STAFF = "staff", _("Staff")
    SYSTEM = "system", _("The clock")


class StatusChange(models.Model):
    """One move of one request. A hand-over has the same status on both sides, as what a patient newly wishes has."""

    append_only = True

    consultation = models.ForeignKey(REQUEST, on_delete=models.PROTECT, related_name="history")
    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20)
    actor = models.CharField(max_length=10, choices=Actor)
    by = models.ForeignKey(STAFF, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="status_change_by_staff_names_them",
                condition=Q(actor=Actor.STAFF, by__isnull=False) | (~Q(actor=Actor.STAFF) & Q(by__isnull=True)),
            ),
        ]

    def __str__(self):
        return f"{self.from_status or '–'} → {self.to_status}"


class Question(models.Model):
    """The one thing that the clinic asked, and the answer: from the patient, or logged by staff after a call."""

    PERSONAL_FIELDS = ("text", "answer")

    consultation = models.ForeignKey(REQUEST, on_delete=models.PROTECT, related_name="questions")
    text = models.CharField(_("question"), max_length=300)
    asked_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at", "id"]

    def __str__(self):
        return self.consultation.reference


class ContactCorrection(models.Model):
    """How the patient was reached before they corrected it, on their own page or in a call."""

    PERSONAL_FIELDS = ("old_phone", "old_email")

    consultation = models.ForeignKey(REQUEST, on_delete=models.PROTECT, related_name="corrections")
    old_phone = PhoneNumberField(_("phone until then"), blank=True)
    old_email = models.EmailField(_("e-mail until then"), blank=True)
    corrected_at = models.DateTimeField()

    class Meta:
        ordering = ["corrected_at", "id"]

    def __str__(self):
        return self.consultation.reference


class Note(models.Model):
    """What staff wrote for each other. Appended, never edited."""

    PERSONAL_FIELDS = ("text",)

    consultation = models.ForeignKey(REQUEST, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField(_("note"), max_length=2000)
    written_by = models.ForeignKey(STAFF, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at", "id"]

    def __str__(self):
        return self.consultation.reference
