"""Consultation requests: where each one stands, and how it may move."""

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from appointments import clock, emails
from clinic.constraints import both_or_neither
from clinic.models import ClinicSettings, OutgoingMail
from clinic.regions import Region
from clinic.sealing import unseal
from clinic.wording import spoken

from .history import STAFF, Actor, StatusChange
from .queryset import (
    LINK_LIVES,
    LINK_SEAL,
    SLIP,
    WAY_BACK,
    ConsultationRequestQuerySet,
    answer_due,
    new_reference,
    office_hours,
)
from .states import (
    ANSWERS,
    ASSIGNED,
    ERASED,
    OPEN,
    OUTCOMES,
    TRANSITIONS,
    WAITING_ON_US,
    WAYS_BACK,
    WITH_TIMES,
    DeclineReason,
    NextStep,
    RequestStatus,
    Suspicion,
    TransitionNotAllowed,
    Urgency,
)
from .times import OfferedTime, kept_until
from .transitions import Transitions

IS_OPEN = Q(closed_at__isnull=True)


class ConsultationRequest(Transitions, models.Model):
    """One patient asking to be seen.

    The status changes only through the transition methods, which write the
    history and queue the mail in the same transaction. What the patient said
    is in `PatientStatement`, so that it can be erased and this row kept; of
    it here is only by what the queue is sorted, which an erasure empties.
    """

    PERSONAL_FIELDS = ("region", "urgency", "tip", "form_hash", "link_hash", "link_sealed")
    NOT_PERSONAL = ("reference", "status", "suspicion", "decline_reason", "next_step")

    reference = models.CharField(max_length=9, unique=True, default=new_reference, editable=False)
    status = models.CharField(max_length=20, choices=RequestStatus, default=RequestStatus.NEW)
    version = models.PositiveIntegerField(default=0)
    region = models.CharField(max_length=20, choices=Region)
    urgency = models.CharField(max_length=10, choices=Urgency, default=Urgency.ROUTINE)
    tip = models.ForeignKey("tips.Tip", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    assigned_to = models.ForeignKey(
        STAFF, null=True, blank=True, on_delete=models.PROTECT, related_name="consultations"
    )
    submitted_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    # When the visit begins, while one is booked: the list is sorted and cut by it without a look at the times.
    visit_at = models.DateTimeField(null=True)
    # When the patient first heard more than that we have the request.
    first_answered_at = models.DateTimeField(null=True)
    # When the patient was told that the promised time has passed; each new promise begins afresh.
    late_told_at = models.DateTimeField(null=True)
    # When whoever has it is reminded of the promise, half-way through the open hours it has; None once that is done.
    nudge_at = models.DateTimeField(null=True)
    # An urgent request that somebody decided on is looked at by a second therapist before the day closes.
    decided_by = models.ForeignKey(STAFF, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    second_look_by = models.ForeignKey(STAFF, null=True, on_delete=models.PROTECT, related_name="+")
    second_look_at = models.DateTimeField(null=True)
    suspicion = models.CharField(max_length=10, choices=Suspicion, blank=True)
    decline_reason = models.CharField(max_length=20, choices=DeclineReason, blank=True)
    next_step = models.CharField(max_length=20, choices=NextStep, blank=True)
    # The form's key and the link's token are kept as hashes; the sealed copy lets a later mail repeat the link.
    form_hash = models.CharField(max_length=64, unique=True)
    link_hash = models.CharField(max_length=64, unique=True)
    link_sealed = models.TextField()

    objects = ConsultationRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("consultation request")
        verbose_name_plural = _("consultation requests")
        permissions = [
            ("triage_consultationrequest", "Can triage requests"),
            ("oversee_consultationrequest", "Can move requests that are assigned to others"),
        ]
        indexes = [
            models.Index(fields=["status", "suspicion", "answer_by", "id"], name="request_queue"),
            models.Index(fields=["submitted_at"], name="request_by_arrival"),
            models.Index(fields=["first_answered_at"], name="request_by_first_answer"),
            models.Index(fields=["answer_by", "id"], name="request_open", condition=IS_OPEN),
            models.Index(fields=["assigned_to", "answer_by", "id"], name="request_open_of", condition=IS_OPEN),
            models.Index(fields=["urgency", "status", "answer_by", "id"], name="request_urgent", condition=IS_OPEN),
            models.Index(fields=["answer_by", "id"], name="request_suspect", condition=IS_OPEN & Q(suspicion__gt="")),
            models.Index(fields=["visit_at", "id"], name="request_visit", condition=Q(visit_at__isnull=False)),
            models.Index(fields=["-closed_at", "-id"], name="request_closed", condition=Q(closed_at__isnull=False)),
            models.Index(
                fields=["decided_at"],
                name="request_for_second_look",
                condition=Q(decided_at__isnull=False, second_look_at__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="request_in_review_has_a_therapist",
                condition=~Q(status__in=ASSIGNED) | Q(assigned_to__isnull=False),
            ),
            models.CheckConstraint(
                name="request_is_closed_or_open",
                condition=Q(status__in=OPEN, closed_at__isnull=True)
                | (~Q(status__in=OPEN) & Q(closed_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="request_has_a_visit_while_it_is_booked",
                condition=Q(status=RequestStatus.BOOKED, visit_at__isnull=False)
                | (~Q(status=RequestStatus.BOOKED) & Q(visit_at__isnull=True)),
            ),
            both_or_neither("decided_at", "decided_by", name="request_decided_at_and_decided_by"),
            both_or_neither("second_look_at", "second_look_by", name="request_second_look_at_and_second_look_by"),
            models.CheckConstraint(
                name="declined_request_says_why_and_what_next",
                condition=~Q(status=RequestStatus.DECLINED) | (~Q(decline_reason="") & ~Q(next_step="")),
            ),
        ]

    def __str__(self):
        return self.reference

    def _lock(self):
        """Hold the row as it was read before any of its times is touched: in two orders, two people would deadlock."""
        as_read = ConsultationRequest.objects.select_for_update().filter(pk=self.pk, version=self.version)
        if as_read.first() is None:
            raise TransitionNotAllowed(self._standing())

    def _refuse_unless_legal(self, status, *, by=None, frm=None, anyone=False):
        if status not in TRANSITIONS[self.status] or (frm and self.status not in frm):
            raise TransitionNotAllowed(self._standing())
        if self.closed_at and self.statement.erased_at:
            raise TransitionNotAllowed(ERASED)
        if by and not anyone and self.assigned_to_id not in {None, by.pk}:
            raise TransitionNotAllowed(
                _("%(who)s has this request. It has to be handed over before you can act on it.")
                % {"who": self.assigned_to}
            )

    def refuse_unless_seen(self, version):
        """Nobody acts on what they have not read: `version` is the one on their page, None where it names none."""
        if version not in {None, str(self.version)}:
            raise TransitionNotAllowed(
                _(
                    "%(standing)s Your page was older than what the patient or a colleague has done; this one is as it stands now."
                )
                % {"standing": self._standing()}
            )

    def _is_news(self):
        """Whoever has the request open is to read what the patient has said since, though it has not moved."""
        type(self).objects.filter(pk=self.pk).update(version=F("version") + 1)
        self.refresh_from_db(fields=["version"])

    @transaction.atomic
    def _move_to(self, status, *, at, by=None, actor=None, frm=None, anyone=False, tell=(), **changes):
        """Change the status, write the history and queue the mail, or do none of it.

        `by` is staff; without it the patient acts, or the `actor` named. `frm` narrows the table where two
        acts end in the same status. Unless `anyone` may, an assigned request is moved by its therapist alone.
        """
        self._refuse_unless_legal(status, by=by, frm=frm, anyone=anyone)
        if status == RequestStatus.IN_REVIEW and self.status != RequestStatus.NEW:
            changes |= self._promise_again(at)
        if by and status in ANSWERS and self.first_answered_at is None:
            changes["first_answered_at"] = at
        if by and self.urgency == Urgency.URGENT and self._is_decision(status):
            changes |= {"decided_by": by, "decided_at": at, "second_look_by": None, "second_look_at": None}
        changes["closed_at"] = None if status in OPEN else at
        changes.setdefault("visit_at", None)
        self._change(status, by=by, actor=actor or (Actor.STAFF if by else Actor.PATIENT), at=at, **changes)
        if status not in WITH_TIMES:
            self._release_times(at=at)
        for mail in tell:
            if mail is not emails.staff_update or by is None or by.pk != self.assigned_to_id:
                mail(self, at=at)

    def _change(self, status, *, by, actor, at, **changes):
        """Write the row as it was read, or not at all: the update repeats the status and version.

        When two people act at the same moment the first one wins and the second is told.
        """
        before = self.status
        changes |= {"status": status, "version": self.version + 1}
        as_read = ConsultationRequest.objects.filter(pk=self.pk, status=before, version=self.version)
        if not as_read.update(**changes):
            raise TransitionNotAllowed(self._standing())
        for field, value in changes.items():
            setattr(self, field, value)
        self._record(before, by=by, actor=actor, at=at)

    def _record(self, before, *, by, actor, at):
        StatusChange.objects.create(
            consultation=self, from_status=before, to_status=self.status, by=by, actor=actor, at=at
        )

    def _new_time(self, start, minutes, mode, **standing):
        return OfferedTime(
            consultation=self, therapist=self.assigned_to, starts_at=start, minutes=minutes, mode=mode, **standing
        )

    def _release_times(self, *, at):
        for time in self.times.standing():
            time.release(at=at)

    def _before_the_visit(self, *, at):
        if self.has_begun(at=at):
            raise TransitionNotAllowed(_("The visit has begun."))

    def _after_the_start(self, *, at):
        if self.status == RequestStatus.BOOKED and not self.has_begun(at=at):
            raise TransitionNotAllowed(_("The visit has not begun yet."))
        if self.status in OUTCOMES and not self.outcome_may_be_corrected(at=at):
            raise TransitionNotAllowed(_("How that visit went was said more than a week ago, and stands."))

    def _is_decision(self, status):
        """Whether the clinic's own word on a request that waited for it is spoken by going there."""
        return self.status in WAITING_ON_US and status in ANSWERS

    def _promise_again(self, at):
        """A new promise, and what goes with it."""
        clinic = ClinicSettings.current()
        answer_by = answer_due(clinic, self.urgency, at)
        nudge_at = clock.half_way(at, answer_by, within=office_hours(clinic))
        return {"answer_by": answer_by, "nudge_at": nudge_at, "late_told_at": None}

    def _standing(self):
        """Who moved the request last, where to, and when: what a refused person needs to know."""
        last = self.history.exclude(from_status=F("to_status")).select_related("by").last()
        return _("%(reference)s is “%(status)s” since %(when)s (%(who)s). Nothing was changed.") % {
            "reference": self.reference,
            "status": RequestStatus(last.to_status).label,
            "when": spoken(last.at, ClinicSettings.current().tzinfo),
            "who": last.by or last.get_actor_display(),
        }

    # Queries

    @property
    def has_let_an_offer_expire(self):
        """Whether the clock has taken an offer back since the request was last booked or closed."""
        begun_anew = {RequestStatus.BOOKED, RequestStatus.LAPSED, RequestStatus.NO_SHOW, RequestStatus.DECLINED}
        expired = (RequestStatus.PROPOSED, RequestStatus.IN_REVIEW, Actor.SYSTEM)
        for move in self.history.order_by("-at", "-id"):
            if (move.from_status, move.to_status, move.actor) == expired:
                return True
            if move.from_status in begun_anew:
                return False
        return False

    def differs_from(self, facts):
        """Whether a form says something else than this request does."""
        return self.region != facts["region"] or self.statement.differs_from(facts["said"])

    def may_come_back(self, *, at):
        """Whether the patient may take it up again: within 30 days of a lapse, or of a visit that was missed."""
        return self.status in WAYS_BACK and at - self.closed_at <= WAY_BACK

    def outcome_may_be_corrected(self, *, at):
        """Whether what was said of how the visit went may be a slip yet, or news for a patient who has long forgotten it."""
        return self.status in OUTCOMES and at - self.closed_at <= SLIP

    def has_begun(self, *, at):
        """Whether the visit that is booked has begun."""
        return self.visit_at is not None and self.visit_at <= at

    def link_has_expired(self, *, at):
        return self.closed_at is not None and self.closed_at < at - LINK_LIVES

    def is_waiting_too_long(self, *, at):
        return self.status in WAITING_ON_US and self.answer_by < at

    @property
    def link_token(self):
        return unseal(self.link_sealed, purpose=LINK_SEAL)

    @property
    def can_be_mailed(self):
        """Whether mail reaches the patient, as far as we know: an address was given, and our last one did not come back."""
        address = self.statement.email
        return bool(address) and not OutgoingMail.objects.filter(reference=self.reference).comes_back(address)

    def for_staff_mail(self):
        """What a mail to staff may know: no name, no contact, no health field."""
        return {
            "reference": self.reference,
            "status": str(self.get_status_display()),
            "answer_by": spoken(self.answer_by, ClinicSettings.current().tzinfo),
            # The clock's second question reaches only whoever can be mailed.
            "is_to_be_called": self.status == RequestStatus.NEEDS_INFO and not self.can_be_mailed,
        }

    def given_up(self, *, at):
        """The time that was booked last and is no more, as long as somebody might still come to it.

        None where the same time is offered or booked once more.
        """
        last = self.times.filter(booked_at__isnull=False).order_by("booked_at", "pk").last()
        is_ahead = last and last.released_at and last.starts_at > at
        return last if is_ahead and not self.times.standing().filter(starts_at=last.starts_at).exists() else None

    def for_mail(self):
        """What a mail may know: a reference, times and a link. No health field, nothing the patient typed."""
        zone = ClinicSettings.current().tzinfo
        times = []
        if self.status in WITH_TIMES:
            times = self.times.booked() or self.times.standing().order_by("starts_at")
        return {
            "reference": self.reference,
            "answer_by": spoken(self.answer_by, zone),
            "status_path": f"/r/{self.link_token}/",
            "times": [spoken(time.starts_at, zone) for time in times],
            "mode": times[0].how_to_meet if times else "",
            "minutes": times[0].minutes if times else "",
            "held_until": spoken(kept_until(times), zone) if times and times[0].held_until else "",
            "reason": str(self.get_decline_reason_display()),
            "next_step": str(self.get_next_step_display()),
        }
