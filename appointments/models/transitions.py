"""Every way a request may move, one method each; the only code that changes a status is `_change` of the request."""

import itertools
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appointments import emails
from appointments.people import OVERSEE
from clinic.models import ClinicSettings, OutgoingMail

from .history import Actor
from .queryset import new_link
from .statement import PatientStatement
from .states import ASSIGNED, ERASED, OPEN, WAYS_BACK, RequestStatus, TransitionNotAllowed, Urgency
from .times import TimeTaken, hold_days_of

A_MINUTE = timedelta(minutes=1)
# Of which none is left where a decision is taken back; the history tells of both.
DECISION = ["decided_by", "decided_at", "second_look_by", "second_look_at"]


class Transitions:
    """What may be done with a request: by staff (`by`), by the patient (without it), or by the clock."""

    def claim(self, *, by, at):
        """Take a new request. One that looked like spam is a person's from here on, and they hear that we have it."""
        tell = [emails.received] if self.suspicion else []
        facts = {"assigned_to": by, **self._cleared(at)}
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.NEW], by=by, at=at, tell=tell, **facts)

    @transaction.atomic
    def clear_suspicion(self, *, by, at):
        """It only looked like spam: among the new ones again, and the sender hears that we have it."""
        if self.status != RequestStatus.NEW or not self.suspicion:
            raise TransitionNotAllowed(self._standing())
        self._change(self.status, by=by, actor=Actor.STAFF, at=at, **self._cleared(at))
        emails.received(self, at=at)

    def _cleared(self, at):
        """No suspect any more; where the promise has passed meanwhile, its sender gets one that can be kept."""
        is_late_suspect = self.suspicion and self.answer_by < at
        return {"suspicion": ""} | (self._promise_again(at) if is_late_suspect else {})

    def tell_late(self, *, at):
        """Say honestly that the promised time has passed: once for each promise, whoever else is about to say it."""
        not_told = type(self).objects.to_be_told_late(at=at).filter(pk=self.pk, version=self.version)
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
            try:
                time.give_to(to, at=at)
            except TimeTaken:
                # What is only offered is no reason to leave somebody without a therapist.
                if time.booked_at:
                    raise
                time.release(at=at)
        status, changes = self.status, {}
        if status == RequestStatus.PROPOSED and not self.times.held(at=at).exists():
            # Taken back by us, and not run out: it does not count against the patient.
            self._release_times(at=at)
            status, changes = RequestStatus.IN_REVIEW, self._promise_again(at)
        self._change(status, by=by, actor=Actor.STAFF, at=at, assigned_to=to, **changes)
        self.add_note(text=reason, by=by, at=at)
        emails.staff_handed_over(self, people=[before, to], by=by, at=at)

    @transaction.atomic
    def ask(self, *, question, by, at):
        self._claim_if_new(by=by, at=at)
        self._move_to(RequestStatus.NEEDS_INFO, by=by, at=at)
        self.questions.create(text=question, asked_by=by, asked_at=at)
        emails.one_thing(self, at=at)

    def remind_of_question(self, *, at):
        """Ask a second time, once, and nobody who has answered or gone meanwhile."""
        with transaction.atomic():
            self._lock()
            question = self.questions.filter(answered_at__isnull=True).last()
            unasked = question and self.questions.filter(pk=question.pk, reminded_at__isnull=True)
            if self.status == RequestStatus.NEEDS_INFO and unasked and unasked.update(reminded_at=at):
                # Whoever no mail reaches can be asked again only by somebody who calls.
                (emails.one_thing if self.can_be_mailed else emails.staff_update)(self, at=at)

    def stop_waiting(self, *, at):
        """Asked twice and silent: closed for now. Whoever can only be called is never closed by the clock."""
        (self.lapse if self.can_be_mailed else self.bring_back)(at=at)

    def bring_back(self, *, at):
        """Nobody has logged an answer, so that somebody is to see to it once more."""
        tell = [emails.staff_update]
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.NEEDS_INFO], at=at, actor=Actor.SYSTEM, tell=tell)

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
        self._claim_if_new(by=by, at=at)
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
        self._claim_if_new(by=by, at=at)
        self._refuse_unless_legal(RequestStatus.BOOKED, by=by)
        self._lock()
        hold_days_of(self.assigned_to)
        tell = [emails.booked, emails.staff_update] if self.status == RequestStatus.PROPOSED else [emails.booked]
        self._release_times(at=at)
        self._new_time(start, minutes, mode, booked_at=at).take(at=at)
        self._move_to(RequestStatus.BOOKED, by=by, at=at, tell=tell, visit_at=start)

    @transaction.atomic
    def choose(self, time, *, at, by=None):
        """The patient (or `by` staff on the phone) takes one of the times offered; the others are free again."""
        self._lock()
        if not self.times.held(at=at).filter(pk=time.pk).exists():
            raise TransitionNotAllowed(_("That time is no longer held for you. Please choose another, or call us."))
        for other in self.times.standing().exclude(pk=time.pk):
            other.release(at=at)
        time.book(at=at)
        tell = [emails.booked, emails.staff_update]
        self._move_to(RequestStatus.BOOKED, by=by, at=at, tell=tell, visit_at=time.starts_at)

    @transaction.atomic
    def none_of_these(self, *, at, windows=(), any_time=False):
        """No time that was offered suits the patient, who says what would."""
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.PROPOSED], at=at, tell=[emails.staff_update])
        self.statement.wish_for(windows=windows, any_time=any_time)

    @transaction.atomic
    def change_wishes(self, *, at, windows, any_time):
        """What suits the patient, said once more while we look for times: no move of the request, and nothing at all
        where they said so before.
        """
        self._lock()
        if self.status != RequestStatus.IN_REVIEW:
            raise TransitionNotAllowed(self._standing())
        self.statement.refresh_from_db(fields=["windows", "any_time"])
        if not self.statement.differs_from({"windows": list(windows), "any_time": any_time}):
            return
        self.statement.wish_for(windows=windows, any_time=any_time)
        self._change(self.status, by=None, actor=Actor.PATIENT, at=at)
        emails.staff_update(self, at=at)

    def take_back_offer(self, *, by, at):
        tell = [emails.staff_update]
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.PROPOSED], by=by, at=at, tell=tell)

    def let_offer_expire(self, *, at):
        tell = [emails.still_want_to_talk, emails.staff_update]
        self._move_to(RequestStatus.IN_REVIEW, frm=[RequestStatus.PROPOSED], at=at, actor=Actor.SYSTEM, tell=tell)

    def let_go(self, *, at):
        """An offer has run out: the first time the request comes back to review, the second time it ends for now.

        Whoever can only be called is not closed by the clock.
        """
        is_second = self.has_let_an_offer_expire and self.can_be_mailed
        (self.lapse if is_second else self.let_offer_expire)(at=at)

    @transaction.atomic
    def reschedule(self, *, at, by=None, reason="", windows=(), any_time=False):
        """The time that was agreed is given up, until then. Staff say why; the patient, what would suit instead.

        Also an owner may, who cannot take it over where they are not free then: it has a reason, and its therapist hears.
        """
        self._lock()
        self._before_the_visit(at=at)
        if by:
            self.add_note(text=reason, by=by, at=at)
        else:
            self.statement.wish_for(windows=windows, any_time=any_time)
        frm, anyone = [RequestStatus.BOOKED], by is not None and by.has_perm(OVERSEE)
        tell = [emails.time_changed, emails.staff_update]
        self._move_to(RequestStatus.IN_REVIEW, frm=frm, by=by, at=at, anyone=anyone, tell=tell)

    @transaction.atomic
    def complete(self, *, by, at):
        self._after_the_start(at=at)
        self._move_to(RequestStatus.COMPLETED, by=by, at=at, anyone=True)
        # Where the wrong button was pressed, nobody who came shall read that they were missed.
        OutgoingMail.objects.filter(reference=self.reference, event="missed", sent_at__isnull=True).delete()

    def mark_missed(self, *, by, at):
        self._after_the_start(at=at)
        self._move_to(RequestStatus.NO_SHOW, by=by, at=at, anyone=True, tell=[emails.missed])

    def take_up_again(self, *, at, by=None):
        """Back to review after a missed time or a lapse; the person who had it still does."""
        if by is None and self.status in WAYS_BACK and not self.may_come_back(at=at):
            raise TransitionNotAllowed(_("This request was closed a while ago. Please send a new one, or call us."))
        tell = [emails.staff_update]
        self._move_to(RequestStatus.IN_REVIEW, frm=WAYS_BACK, by=by, at=at, anyone=True, tell=tell)

    def decline(self, *, reason, next_step, by, at):
        self._before_the_visit(at=at)
        why = {"decline_reason": reason, "next_step": next_step}
        self._move_to(RequestStatus.DECLINED, by=by, at=at, tell=[emails.about_your_request], **why)

    def withdraw(self, *, at, by=None):
        """Until the visit begins: how that went is for us to say. The patient's word, also where `by` took it on the phone."""
        self._before_the_visit(at=at)
        tell = [partial(emails.withdrawn, by=by), emails.staff_update]
        self._move_to(RequestStatus.WITHDRAWN, by=by, at=at, anyone=True, tell=tell)

    def reconsider(self, *, by, at):
        """What was declined is taken up after all, and its patient, who was told otherwise, hears so.

        Whoever had it has it again; what was new when it was declined is whoever's takes it up.
        """
        frm, has_it = [RequestStatus.DECLINED], self.assigned_to or by
        tell = [emails.taken_up_again, emails.staff_update]
        anew = {"assigned_to": has_it} | dict.fromkeys(DECISION)
        self._move_to(RequestStatus.IN_REVIEW, frm=frm, by=by, at=at, anyone=True, tell=tell, **anew)

    def lapse(self, *, at):
        tell = [emails.closed_for_now, emails.staff_update]
        self._move_to(RequestStatus.LAPSED, at=at, actor=Actor.SYSTEM, tell=tell)

    @transaction.atomic
    def look_again(self, *, by, at):
        """The second look at an urgent request on which somebody else has decided."""
        unseen = type(self).objects.filter(pk=self.pk, decided_at=self.decided_at, second_look_at__isnull=True)
        if self.decided_by_id in {None, by.pk}:
            raise TransitionNotAllowed(_("The second look is for somebody who has not decided on it."))
        if not unseen.update(second_look_by=by, second_look_at=at):
            raise TransitionNotAllowed(self._standing())

    def nudge(self, *, at):
        """Remind of the promise, half-way; once for each promise."""
        due = type(self).objects.to_be_nudged(at=at).filter(pk=self.pk, version=self.version)
        with transaction.atomic():
            if due.update(nudge_at=None):
                emails.staff_nudge(self, at=at)

    def mark_spam(self, *, by, at):
        self._move_to(RequestStatus.SPAM, by=by, at=at)

    @transaction.atomic
    def restore_from_spam(self, *, reason, by, at):
        frm, is_theirs = [RequestStatus.SPAM], {"assigned_to": by, "suspicion": ""}
        tell = [emails.received] if self.suspicion else []
        self._move_to(RequestStatus.IN_REVIEW, frm=frm, by=by, at=at, anyone=True, tell=tell, **is_theirs)
        self.add_note(text=reason, by=by, at=at)

    @transaction.atomic
    def erase(self, *, at, by=None):
        """Overwrite whatever was said by or about the patient; what is open is withdrawn first, and only whoever has it hears.

        The reference, the dates and the states stay. False where the request has moved since it was read, or is
        erased already: nothing was changed.
        """
        as_read = type(self).objects.select_for_update().filter(pk=self.pk, version=self.version)
        if as_read.first() is None or self.statement.erased_at:
            return False
        if was_open := self.status in OPEN:
            actor = Actor.STAFF if by else Actor.SYSTEM
            self._move_to(RequestStatus.WITHDRAWN, by=by, actor=actor, at=at, anyone=True)
        # No form and no link has such a hash.
        hashes = dict.fromkeys(["form_hash", "link_hash"], f"erased {self.pk}")
        nothing = {"region": "", "tip": None, "urgency": Urgency.ROUTINE, "link_sealed": "", **hashes}
        type(self).objects.filter(pk=self.pk).update(version=self.version + 1, **nothing)
        self.statement.erase(at=at)
        self.questions.update(text="", answer="")
        self.corrections.update(old_phone="", old_email="")
        self.notes.update(text="")
        OutgoingMail.objects.filter(reference=self.reference).delete()
        if was_open and by != self.assigned_to:
            # A visit may have left their day with it.
            emails.staff_update(self, at=at)
        return True

    @transaction.atomic
    def correct_contact(self, *, at, by=None, phone="", email=""):
        """The patient's new number or address (`by` staff, from a call); what it replaces is kept beside it, and told to the
        old address.

        Whoever reads the mails at the old one may be a stranger, for whom the link in them opens nothing any more. Where
        there was none, the link is on the paper of whoever noted it down, and stays. A second press changes nothing.
        """
        statement, as_read = self._unerased(), self.version
        # As it is now that it is held: one of us may have closed it, or the same button was pressed, since it was read.
        self.refresh_from_db()
        if self.status not in OPEN:
            raise TransitionNotAllowed(self._standing())
        if statement.has_contact(phone=phone, email=email):
            return
        if by and self.version != as_read:
            raise TransitionNotAllowed(self._standing())
        before = statement.email
        self.corrections.create(old_phone=statement.phone, old_email=before, corrected_at=at)
        statement.correct_contact(phone=phone, email=email)
        self.statement = statement
        self._is_news()
        if email and email.lower() != before.lower():
            if before:
                for field, value in new_link().items():
                    setattr(self, field, value)
                self.save(update_fields=["link_hash", "link_sealed"])
            emails.new_address(self, at=at, by=by)
        emails.contact_changed(self, to=before, at=at)
        if by is None or by.pk != self.assigned_to_id:
            emails.staff_corrected(self, at=at)

    @transaction.atomic
    def add_note(self, *, text, by, at):
        """A second press on the button is no second note."""
        self._unerased()
        if not self.notes.filter(text=text, written_by=by, written_at__gt=at - A_MINUTE).exists():
            self.notes.create(text=text, written_by=by, written_at=at)

    def _unerased(self):
        """What the patient said, held until the words that are to stand beside it do: an erasure waits, or came first.

        The request is held first, as an erasure does: in two orders, two people would deadlock.
        """
        type(self).objects.select_for_update().filter(pk=self.pk).first()
        statement = PatientStatement.objects.select_for_update().get(pk=self.pk)
        if statement.erased_at:
            raise TransitionNotAllowed(ERASED)
        return statement

    def _claim_if_new(self, *, by, at):
        """Whoever acts on a new request takes it: one press instead of two, both moves in its history."""
        if self.status == RequestStatus.NEW:
            self.claim(by=by, at=at)
