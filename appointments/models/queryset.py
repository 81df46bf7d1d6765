"""Which requests: found by where they stand, by form, by link or by contact; and how a new one is stored."""

import hashlib
import secrets
from datetime import timedelta
from statistics import median

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, OuterRef, Q

from appointments import clock, emails
from appointments.names import words_of
from appointments.people import who_may_not_triage
from clinic.limits import wait_for_turn
from clinic.models import ClinicSettings, OutgoingMail
from clinic.sealing import seal

from .history import Actor, ContactCorrection, Question
from .statement import NameWord, PatientStatement
from .states import WAITING_ON_US, RequestStatus, Urgency
from .times import OfferedTime

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V: the reference is read aloud on the phone.
UNAMBIGUOUS = "34679ACDEFGHJKMNPQRTWXY"
LINK_SEAL = "patient link"
# How long after a lapse the patient may come back to the same request.
WAY_BACK = timedelta(days=30)
# How long "they came" and "they did not come" may be taken for each other.
SLIP = timedelta(days=7)
# How long the patient's page can still be opened once the request is closed.
LINK_LIVES = timedelta(days=90)
# The median that patients are told: of the last 30 days, and of no fewer than 20 answers.
MEASURED, FEWEST_MEASURED, MOST_MEASURED = timedelta(days=30), 20, 1000
# A stranger may ask for it as well.
MOST_LINKS_A_DAY = 3
MOST_PER_CONTACT = 5
TRIES = 3


def new_reference():
    return "CR-" + "".join(secrets.choice(UNAMBIGUOUS) for _ in range(6))


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def new_link():
    """The fields of a link to the patient's page that nobody has yet."""
    token = secrets.token_urlsafe(24)
    return {"link_hash": digest(token), "link_sealed": seal(token, purpose=LINK_SEAL)}


class ConsultationRequestQuerySet(models.QuerySet):
    def open(self):
        return self.filter(closed_at__isnull=True)

    def closed(self):
        return self.filter(closed_at__isnull=False)

    def unsuspected(self):
        return self.filter(suspicion="")

    def new(self):
        return self.filter(status=RequestStatus.NEW)

    def urgent(self):
        return self.filter(urgency=Urgency.URGENT)

    def of(self, therapist):
        return self.filter(assigned_to=therapist)

    def waiting_for_us(self, *, at):
        """New, claimed and not answered yet, or long met without a word of how it went; but for what looks like spam.

        As stretches, each of which an index holds in order, so that a part of them is had without sorting all.
        """
        return [*self.in_stretches(*WAITING_ON_US), self.without_outcome(at=at)]

    def left_behind(self):
        """Open, with somebody who can do nothing about it any more: their account is closed, or their role was taken."""
        return self.open().filter(assigned_to__in=who_may_not_triage())

    def in_stretches(self, *statuses):
        """The unsuspected ones by where they stand, likewise."""
        return [self.unsuspected().filter(status=status) for status in statuses]

    def booked_between(self, start, end):
        """Whose visit begins from `start` on and before `end`."""
        return self.filter(visit_at__gte=start, visit_at__lt=end)

    def who_want_sooner(self, *, at):
        """Booked for later, and asked to be told if something sooner opens."""
        return self.filter(visit_at__gt=at, statement__sooner=True)

    def without_outcome(self, *, at):
        """Booked, and a working day after the visit nobody has said how it went."""
        return self.filter(visit_at__lte=working_days_before(1, at=at))

    def for_second_look(self, *, since):
        """Urgent requests that somebody has decided on since then, and nobody else has looked at."""
        return self.filter(urgency=Urgency.URGENT, decided_at__gte=since, second_look_at__isnull=True)

    def to_be_nudged(self, *, at):
        return self.filter(status__in=WAITING_ON_US, suspicion="", nudge_at__lte=at).order_by("nudge_at", "pk")

    def with_expired_offer(self, *, at):
        still_held = OfferedTime.objects.held(at=at).filter(consultation=OuterRef("pk"))
        return self.filter(~Exists(still_held), status=RequestStatus.PROPOSED).order_by("pk")

    def to_be_asked_again(self, *, asked_before):
        """The question that stands last was asked before then, once, and has no answer."""
        return self._with_question(asked_at__lte=asked_before, reminded_at__isnull=True)

    def silent(self, *, asked_before, asked_again_before):
        """Asked twice, the second time before then, and silent."""
        return self._with_question(asked_at__lte=asked_before, reminded_at__lte=asked_again_before)

    def _with_question(self, **facts):
        later = Question.objects.filter(consultation=OuterRef("consultation"), pk__gt=OuterRef("pk"))
        standing = Question.objects.filter(~Exists(later), consultation=OuterRef("pk"), answered_at__isnull=True)
        return self.filter(Exists(standing.filter(**facts)), status=RequestStatus.NEEDS_INFO).order_by("pk")

    def overdue(self, *, at):
        return self.filter(status__in=WAITING_ON_US, answer_by__lt=at)

    def to_be_told_late(self, *, at):
        """Whom the clinic has promised an answer by now, and has not told that it is late."""
        return self.overdue(at=at).filter(late_told_at__isnull=True, suspicion="").order_by("answer_by", "pk")

    def longest_waiting_first(self):
        return self.order_by("answer_by", "pk")

    def suspected(self):
        """New requests that look like spam: kept apart until somebody has looked at them."""
        return self.open().filter(suspicion__gt="")

    def for_form(self, key):
        form = self.filter(form_hash=digest(key))
        # Mostly there is none, which is quicker told than the whole is read.
        return form.select_related("statement").get() if form.exists() else None

    def for_link(self, token):
        return self.filter(link_hash=digest(token)).first()

    def by_contact(self, *, email="", phone=""):
        """Requests of whoever is reached there: the same address in any case, or the same number."""
        return self.filter(pk__in=PatientStatement.objects.reached_at(email=email, phone=phone).values("pk"))

    def of_whoever(self, *, email="", phone=""):
        """Requests of whoever is reached there, or was until they corrected it."""
        former = {"old_email__iexact": email} if email else {"old_phone": phone}
        corrected = ContactCorrection.objects.filter(**former).values("consultation")
        return self.filter(Q(pk__in=self.model.objects.by_contact(email=email, phone=phone)) | Q(pk__in=corrected))

    def unerased(self):
        return self.filter(statement__erased_at__isnull=True)

    def closed_until(self, moment, *statuses):
        """What ended so by then, and holds somebody's words yet."""
        return self.unerased().filter(status__in=statuses, closed_at__lte=moment).order_by("pk")

    def by_name(self, name, *, most):
        """The newest requests of whoever has, for each word given, a word in their name that begins so."""
        return self.filter(pk__in=NameWord.objects.newest(words_of(name), most=most))

    def sent_since(self, moment):
        return self.filter(submitted_at__gt=moment)

    def has_enough_from(self, said, *, at):
        """Whether whoever is reached there has sent enough today. Who sends at the same moment waits, and sees this one too."""
        for each in sorted({said["email"].lower(), str(said["phone"])} - {""}):
            wait_for_turn(each, at=at)
        theirs = self.by_contact(email=said["email"], phone=said["phone"])
        return theirs.sent_since(at - timedelta(days=1)).count() >= MOST_PER_CONTACT

    def answered_between(self, start, end):
        """What had its first answer from `start` on and before `end`."""
        return self.filter(first_answered_at__gte=start, first_answered_at__lt=end)

    def waited(self):
        """How long each of these waited, all of which were answered."""
        times = self.values_list("submitted_at", "first_answered_at")
        return [answered_at - submitted_at for submitted_at, answered_at in times]

    def typical_answer(self, *, at):
        """How long half of those answered in the last 30 days waited; None where they are too few to say."""
        answered = self.filter(first_answered_at__range=(at - MEASURED, at))
        waited = answered.order_by("-first_answered_at", "-pk")[:MOST_MEASURED].waited()
        return median(waited) if len(waited) >= FEWEST_MEASURED else None

    @transaction.atomic
    def send_link_again(self, email, *, at):
        """Mail the newest request's link to its own address, at most once an hour and thrice a day; to nobody else's, nothing."""
        reachable = self.filter(suspicion="").exclude(status=RequestStatus.SPAM).exclude(closed_at__lt=at - LINK_LIVES)
        # What is open comes before what is not: of a request that was sent twice, the other may be withdrawn.
        theirs = reachable.by_contact(email=email)
        newest = theirs.order_by(F("closed_at").desc(nulls_first=True), "-submitted_at", "-pk").first()
        wait_for_turn(email, at=at)
        today = OutgoingMail.objects.queued_for(email, since=at - timedelta(days=1)).filter(event="your_link")
        lately = today.filter(queued_at__gt=at - timedelta(hours=1))
        if newest and not lately.exists() and today.count() < MOST_LINKS_A_DAY:
            emails.your_link(newest, at=at)

    def submit(self, *, form_key, at, suspicion="", is_crowded=False, **facts):
        """Store a request with what the patient said, its history and its mails, or none of it.

        Where it is one of too many in an hour, its patient gets no mail, and each of us one an hour.
        The same form sent again, even at the same moment, gives the request that it made the first time.
        """
        for _ in range(TRIES):
            try:
                return self._store(form_key, at=at, suspicion=suspicion, is_crowded=is_crowded, **facts)
            except IntegrityError as refused:
                if first := self.for_form(form_key):
                    return first
                # Among a million requests about one new reference in 150 is taken already.
                clash = refused
        raise clash

    @transaction.atomic
    def _store(self, form_key, *, region, urgency, tip, said, at, suspicion, is_crowded):
        clinic = ClinicSettings.current()
        answer_by = answer_due(clinic, urgency, at)
        consultation = self.create(
            form_hash=digest(form_key),
            **new_link(),
            region=region,
            urgency=urgency,
            tip=tip,
            suspicion=suspicion,
            submitted_at=at,
            answer_by=answer_by,
            nudge_at=clock.half_way(at, answer_by, within=office_hours(clinic)),
        )
        PatientStatement.objects.create(consultation=consultation, **said)
        consultation._record("", by=None, actor=Actor.PATIENT, at=at)
        if not suspicion:
            if not is_crowded:
                emails.received(consultation, at=at)
            emails.staff_new(consultation, is_crowded=is_crowded, at=at)
        return consultation


def office_hours(clinic):
    return clock.Hours(clinic.week, clinic.holidays, clinic.tzinfo)


def working_days_before(days, *, at):
    """So many working days ago; by the plain calendar where the clinic has named no hours."""
    try:
        return clock.days_before(at, days, within=office_hours(ClinicSettings.current()))
    except clock.NeverOpen:
        return at - timedelta(days=days)


def answer_due(clinic, urgency, at):
    """When an answer was promised; by the plain clock where the clinic has named no hours."""
    hours = office_hours(clinic)
    try:
        if urgency == Urgency.URGENT:
            return clock.add_hours(at, clinic.urgent_reply_hours, within=hours)
        return clock.add_days(at, clinic.reply_days, within=hours)
    except clock.NeverOpen:
        return at + timedelta(days=clinic.reply_days)
