"""Mail that was promised."""

from django.db import models
from django.db.models import Count, Exists, Min, OuterRef, Q
from django.db.models.functions import Lower

# What a worker says of a mail that it cannot write; such a mail waits for a key or a new version, and the others do not.
UNWRITTEN = ["BrokenSeal", "TemplateDoesNotExist"]


class OutgoingMailQuerySet(models.QuerySet):
    def unsent(self):
        return self.filter(sent_at__isnull=True, parked_at__isnull=True)

    def unsent_since(self, moment):
        """When the oldest mail was queued that should have left before `moment`; None where none should have.

        What the server refuses for its own address, as a full mailbox, is no outage; where it has
        taken no later mail, and refuses a second person's too, it is one.
        """
        late = self.unsent().in_turn().filter(queued_at__lt=moment)
        refused = Q(last_error__startswith="SMTPRecipientsRefused") | Q(last_error__startswith="SMTPDataError")
        if oldest := late.exclude(refused).aggregate(oldest=Min("queued_at"))["oldest"]:
            return oldest
        later_left = OutgoingMail.objects.filter(sent_at__isnull=False, pk__gt=OuterRef("pk"))
        found = late.filter(refused, ~Exists(later_left)).aggregate(
            oldest=Min("queued_at"), people=Count("to", distinct=True)
        )
        return found["oldest"] if found["people"] > 1 else None

    def in_turn(self):
        """Without what waits for an earlier mail of the same request to the same person: the last they read is what holds."""
        earlier = OutgoingMail.objects.unsent().filter(
            reference=OuterRef("reference"), to=OuterRef("to"), pk__lt=OuterRef("pk")
        )
        return self.filter(Q(reference="") | ~Exists(earlier.exclude(last_error__in=UNWRITTEN)))

    def parked(self):
        return self.filter(parked_at__isnull=False)

    def comes_back(self, address):
        """Whether, of the mails here to this address, the last that is no longer tried was given up."""
        last = self.filter(to=address).exclude(sent_at__isnull=True, parked_at__isnull=True).order_by("queued_at", "pk")
        return bool((mail := last.last()) and mail.parked_at)

    def done_until(self, moment):
        """What was sent by then, or given up."""
        return self.filter(Q(sent_at__lte=moment) | Q(parked_at__lte=moment))

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
            models.Index(
                fields=["reference", "id"],
                name="mail_in_turn",
                condition=Q(sent_at__isnull=True, parked_at__isnull=True),
            ),
            models.Index(Lower("to"), "queued_at", name="mail_by_address"),
            models.Index(fields=["-parked_at", "-id"], name="mail_parked", condition=Q(parked_at__isnull=False)),
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

    @property
    def is_to_staff(self):
        """Every mail to a patient is about a request, and of one of those to staff the name of the event says so."""
        return not self.reference or self.event.startswith("staff_")
