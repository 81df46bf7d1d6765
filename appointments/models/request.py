"""Consultation requests: where each one stands, and how it may move."""

import itertools
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appointments import emails
from clinic.models import ClinicSettings
from clinic.sealing import unseal
from clinic.wording import spoken

from .history import Actor, StatusChange
from .queryset import LINK_LIVES, LINK_SEAL, WAY_BACK, ConsultationRequestQuerySet, answer_due, new_reference
from .statement import PatientStatement
from .states import (
    ANSWERS,
    ASSIGNED,
    OPEN,
    TRANSITIONS,
    WAITING_ON_US,
    WITH_TIMES,
    DeclineReason,
    NextStep,
    Region,
    RequestStatus,
    Suspicion,
    TransitionNotAllowed,
    Urgency,
)
from .times import OfferedTime


class ConsultationRequest(models.Model):
    """One patient asking to be seen.

    The status changes only through the transition methods, which write the
    history and queue the mail in the same transaction. What the patient said
    is in `PatientStatement`, so that it can be erased and this row kept.
    """

    reference = models.CharField(max_length=9, unique=True, default=new_reference, editable=False)
    status = models.CharField(max_length=20, choices=RequestStatus, default=RequestStatus.NEW)
    version = models.PositiveIntegerField(default=0)
    region = models.CharField(max_length=20, choices=Region)
    urgency = models.CharField(max_length=10, choices=Urgency, default=Urgency.ROUTINE)
    tip = models.ForeignKey("tips.Tip", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="consultations"
    )
    submitted_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    # When the patient first heard more than that we have the request.
    first_answered_at = models.DateTimeField(null=True)
    # When the patient was told that the promised time has passed; each new promise begins afresh.
    late_told_at = models.DateTimeField(null=True)
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
            models.Index(fields=["status", "answer_by", "id"], name="request_queue"),
            models.Index(fields=["submitted_at"], name="request_by_arrival"),
            models.Index(fields=["first_answered_at"], name="request_by_first_answer"),
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
                name="declined_request_says_why_and_what_next",
                condition=~Q(status=RequestStatus.DECLINED) | (~Q(decline_reason="") & ~Q(next_step="")),
            ),
        ]

    def __str__(self):
        return self.reference

    # Transitions

    def claim(self, *, by, at):
        """Take a new request. One that looked like spam is a person's from here on, and they hear that we have it."""
        tell = [emails.received] if self.suspicion else []
        frm = [RequestStatus.NEW]
        self._move_to(RequestStatus.IN_REVIEW, frm=frm, by=by, at=at, tell=tell, assigned_to=by, suspicion="")

    @transaction.atomic
    def clear_suspicion(self, *, by, at):
        """It only looked like spam: among the new ones again, and the sender hears that we have it."""
        if self.status != RequestStatus.NEW or not self.suspicion:
            raise TransitionNotAllowed(self._standing())
        self._change(self.status, by=by, actor=Actor.STAFF, at=at, suspicion="")
        emails.received(self, at=at)

    def tell_late(self, *, at):
        """Say honestly that the promised time has passed: once for each promise, whoever else is about to say it."""
        not_told = ConsultationRequest.objects.to_be_told_late(at=at).filter(pk=self.pk, version=self.version)
        with transaction.atomic():
            if not_told.update(late_told_at=at):
                emails.running_late(self, at=at)

    @transaction.atomic
    def hand_over(self, *, to, reason, by, at):
        """Give an open request to a colleague; also how one is taken over in an emergency, so the reason is kept."""
        if self.status not in ASSIGNED or self.status not in OPEN:
            raise TransitionNotAllowed(_("Only a request that somebody has claimed can be handed over."))
        self._lock()
        before = self.assigned_to
        for time in self.times.standing():
            time.give_to(to, at=at)
        self._change(self.status, by=by, actor=Actor.STAFF, at=at, assigned_to=to)
        self.add_note(text=reason, by=by, at=at)
        emails.staff_handed_over(self, people=[before, to], at=at)

    @transaction.atomic
    def ask(self, *, question, by, at):
        self._move_to(RequestStatus.NEEDS_INFO, by=by, at=at)
        self.questions.create(text=question, asked_by=by, asked_at=at)
        emails.one_thing(self, at=at)

    @transaction.atomic
    def answer(self, *, text, at, by=None):
        """The answer to the clinic's question: the patient's, or `by` staff who logged a call."""
        frm = [RequestStatus.NEEDS_INFO]
        self._move_to(RequestStatus.IN_REVIEW, frm=frm, by=by, at=at, anyone=True, tell=[emails.staff_update])
        question = self.questions.filter(answered_at__isnull=True).last()
        question.answer, question.answered_at = text, at
        question.save(update_fields=["answer", "answered_at"])

    @transaction.atomic
    def propose(self, times, *, minutes, mode, by, at):
        """Offer one to three future times, held until the deadline. Raises `TimeTaken`, or `ValueError` for bad times."""
        starts = sorted(times)
        if not 1 <= len(starts) <= 3 or starts[0] <= at:
            raise ValueError("offer one to three times, all in the future")
        if any(later - earlier < timedelta(minutes=minutes) for earlier, later in itertools.pairwise(starts)):
            raise ValueError("the times offered must not overlap")
        self._refuse_unless_legal(RequestStatus.PROPOSED, by=by)
        self._lock()
        until = at + timedelta(hours=ClinicSettings.current().hold_hours)
        for start in starts:
            self._new_time(start, minutes, mode, held_until=until).take(at=at)
        self._move_to(RequestStatus.PROPOSED, by=by, at=at, tell=[emails.choose_a_time])

    @transaction.atomic
    def book(self, start, *, minutes, mode, by, at):
        """A time agreed by phone. Raises `TimeTaken`, or `ValueError` for a time that has passed."""
        if start <= at:
            raise ValueError("book a time in the future")
        self._refuse_unless_legal(RequestStatus.BOOKED, by=by)
        self._lock()
        tell = [emails.booked, emails.staff_update] if self.status == RequestStatus.PROPOSED else [emails.booked]
        self._release_times(at=at)
        self._new_time(start, minutes, mode, booked_at=at).take(at=at)
        self._move_to(RequestStatus.BOOKED, by=by, at=at, tell=tell)

    @transaction.atomic
    def choose(self, time, *, at, by=None):
        """The patient (or `by` staff on the phone) takes one of the times offered; the others are free again."""
        self._lock()
        if not self.times.held(at=at).filter(pk=time.pk).exists():
            raise TransitionNotAllowed(_("That time is no longer held for you. Please choose another, or call us."))
        self._refuse_unless_legal(RequestStatus.BOOKED, frm=[RequestStatus.PROPOSED], by=by)
        for other in self.times.held(at=at).exclude(pk=time.pk):
            other.release(at=at)
        time.book(at=at)
        self._move_to(RequestStatus.BOOKED, by=by, at=at, tell=[emails.booked, emails.staff_update])

    def none_of_these(self, *, at):
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.PROPOSED], at=at, tell=[emails.staff_update])

    def take_back_offer(self, *, by, at):
        tell = [emails.staff_update]
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.PROPOSED], by=by, at=at, tell=tell)

    def let_offer_expire(self, *, at):
        tell = [emails.still_want_to_talk, emails.staff_update]
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.PROPOSED], at=at, actor=Actor.SYSTEM, tell=tell)

    @transaction.atomic
    def reschedule(self, *, at, by=None, reason=""):
        """The time that was agreed is given up; staff say why."""
        if by:
            self.add_note(text=reason, by=by, at=at)
        tell = [emails.time_changed, emails.staff_update]
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.BOOKED], by=by, at=at, tell=tell)

    def complete(self, *, by, at):
        self._after_the_start(at=at)
        self._move_to(RequestStatus.COMPLETED, by=by, at=at, anyone=True)

    def mark_missed(self, *, by, at):
        self._after_the_start(at=at)
        self._move_to(RequestStatus.NO_SHOW, by=by, at=at, anyone=True, tell=[emails.missed])

    def take_up_again(self, *, at, by=None):
        """Back to review after a missed time or a lapse; the person who had it still does."""
        too_late = self.status == RequestStatus.LAPSED and at - self.closed_at > WAY_BACK
        if by is None and too_late:
            raise TransitionNotAllowed(_("This request was closed a while ago. Please send a new one, or call us."))
        tell = [emails.staff_update]
        frm = [RequestStatus.NO_SHOW, RequestStatus.LAPSED]
        self._move_to(RequestStatus.IN_REVIEW, frm=frm, by=by, at=at, anyone=True, tell=tell)

    def decline(self, *, reason, next_step, by, at):
        why = {"decline_reason": reason, "next_step": next_step}
        anyone = self.status == RequestStatus.NEW
        self._move_to(RequestStatus.DECLINED, by=by, at=at, anyone=anyone, tell=[emails.about_your_request], **why)

    def withdraw(self, *, at):
        self._move_to(RequestStatus.WITHDRAWN, at=at, tell=[emails.withdrawn, emails.staff_update])

    def lapse(self, *, at):
        self._move_to(RequestStatus.LAPSED, at=at, actor=Actor.SYSTEM, tell=[emails.closed_for_now])

    def mark_spam(self, *, by, at):
        self._move_to(RequestStatus.SPAM, by=by, at=at, anyone=True)

    @transaction.atomic
    def restore_from_spam(self, *, reason, by, at):
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.SPAM], by=by, at=at, anyone=True, assigned_to=by)
        self.add_note(text=reason, by=by, at=at)

    @transaction.atomic
    def correct_contact(self, *, at, phone="", email=""):
        """The patient's new number or address; what it replaces is kept beside it, and told to the old address."""
        if self.status not in OPEN:
            raise TransitionNotAllowed(self._standing())
        statement = PatientStatement.objects.select_for_update().get(pk=self.pk)
        before = statement.email
        self.corrections.create(old_phone=statement.phone, old_email=before, corrected_at=at)
        statement.correct_contact(phone=phone, email=email)
        self.statement = statement
        emails.contact_changed(self, to=before, at=at)
        emails.staff_update(self, at=at)

    def add_note(self, *, text, by, at):
        self.notes.create(text=text, written_by=by, written_at=at)

    def _lock(self):
        """Hold the row as it was read before any of its times is touched: in two orders, two people would deadlock."""
        as_read = ConsultationRequest.objects.select_for_update().filter(pk=self.pk, version=self.version)
        if as_read.first() is None:
            raise TransitionNotAllowed(self._standing())

    def _refuse_unless_legal(self, status, *, by=None, frm=None, anyone=False):
        if status not in TRANSITIONS[self.status] or (frm and self.status not in frm):
            raise TransitionNotAllowed(self._standing())
        if by and not anyone and self.assigned_to_id not in {None, by.pk} and not by.has_perm(emails.OVERSEE):
            raise TransitionNotAllowed(
                _("%(who)s has this request. It has to be handed over before you can act on it.")
                % {"who": self.assigned_to}
            )

    @transaction.atomic
    def _move_to(self, status, *, at, by=None, actor=None, frm=None, anyone=False, tell=(), **changes):
        """Change the status, write the history and queue the mail, or do none of it.

        `by` is staff; without it the patient acts, or the `actor` named. `frm` narrows the table where two
        acts end in the same status. Unless `anyone` may, an assigned request is moved by its therapist or the owner.
        """
        self._refuse_unless_legal(status, by=by, frm=frm, anyone=anyone)
        if status == RequestStatus.IN_REVIEW and self.status != RequestStatus.NEW:
            changes |= {"answer_by": self._due_again(at), "late_told_at": None}
        if by and status in ANSWERS and self.first_answered_at is None:
            changes["first_answered_at"] = at
        changes["closed_at"] = None if status in OPEN else at
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

    def _after_the_start(self, *, at):
        booked = self.times.booked().first()
        if booked and booked.starts_at > at:
            raise TransitionNotAllowed(_("The visit has not begun yet."))

    def _due_again(self, at):
        return answer_due(ClinicSettings.current(), self.urgency, at)

    def _standing(self):
        """Who moved the request last, where to, and when: what a refused person needs to know."""
        last = self.history.select_related("by").last()
        return _("%(reference)s is “%(status)s” since %(when)s (%(who)s). Nothing was changed.") % {
            "reference": self.reference,
            "status": RequestStatus(last.to_status).label,
            "when": spoken(last.at, ClinicSettings.current().tzinfo),
            "who": last.by or last.get_actor_display(),
        }

    # Queries

    def differs_from(self, facts):
        """Whether a form says something else than this request does."""
        return self.region != facts["region"] or self.statement.differs_from(facts["said"])

    def link_has_expired(self, *, at):
        return self.closed_at is not None and self.closed_at < at - LINK_LIVES

    def is_waiting_too_long(self, *, at):
        return self.status in WAITING_ON_US and self.answer_by < at

    @property
    def link_token(self):
        return unseal(self.link_sealed, purpose=LINK_SEAL)

    def for_mail(self):
        """What a mail may know: a reference, times and a link. No health field, nothing the patient typed."""
        zone = ClinicSettings.current().tzinfo
        times = self.times.standing().order_by("starts_at")
        return {
            "reference": self.reference,
            "answer_by": spoken(self.answer_by, zone),
            "status_path": f"/r/{self.link_token}/",
            "times": [spoken(time.starts_at, zone) for time in times],
            "mode": str(times[0].get_mode_display()) if times else "",
            "reason": str(self.get_decline_reason_display()),
            "next_step": str(self.get_next_step_display()),
        }
