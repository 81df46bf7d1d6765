"""An article: its address, its people and its dates, and every way its text may move."""

from functools import partial

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from clinic.wording import in_full
from tips import emails, pdf, search
from tips.checks import check

from .history import READ_AGAIN, FormerAddress, TipRegion, changed_to, labels
from .people import NAME_ANOTHER, WhoMayAgree
from .queryset import TipQuerySet
from .revision import TipRevision, as_kept
from .states import (
    BEFORE_A_CLINICIAN,
    BEING_WRITTEN,
    EDIT,
    IN_REVIEW,
    REVIEW,
    TRANSITIONS,
    TipKind,
    TipStatus,
    TransitionNotAllowed,
)
from .topic import Topic

YEARS_BETWEEN_REVIEWS = 2
# What is arranged around a text, by editors; everything else changes by a step of the workflow.
FACTS = ["slug", "author", "publish_at", "expire_at"]


def latest_review(day):
    """The last day on which something reviewed on this day may be reviewed again."""
    try:
        return day.replace(year=day.year + YEARS_BETWEEN_REVIEWS)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + YEARS_BETWEEN_REVIEWS, day=28)


class Tip(WhoMayAgree, models.Model):
    """An article, or a guide to keep.

    The text is in `TipRevision` rows that never change; `live` is the one readers see, and `status` says
    where the newest one stands. Only the methods below move either, and each writes a `TipStep`.
    """

    kind = models.CharField(max_length=10, choices=TipKind, default=TipKind.TIP, editable=False)
    slug = models.SlugField(_("address"), max_length=80, help_text=_("The last part of the page's address."))
    status = models.CharField(_("status"), max_length=20, choices=TipStatus, default=TipStatus.DRAFT, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    is_minor = models.BooleanField(default=False, editable=False)
    live = models.ForeignKey("TipRevision", null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    topics = models.ManyToManyField(Topic, verbose_name=_("topics"), related_name="tips", blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("author"), on_delete=models.PROTECT, related_name="+"
    )
    clinical_reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    independently_reviewed = models.BooleanField(default=False, editable=False)
    last_reviewed = models.DateField(null=True, editable=False)
    next_review = models.DateField(_("next review"), null=True, editable=False)
    review_told_at = models.DateTimeField(null=True, editable=False)
    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True)
    expire_at = models.DateTimeField(_("expire at"), null=True, blank=True)

    objects = TipQuerySet.as_manager()

    class Meta:
        verbose_name = _("tip")
        verbose_name_plural = _("tips")
        permissions = [
            ("publish_tip", "Can agree to a text as an editor, and archive it"),
            ("review_tip", "Can agree to a text as a clinician"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "slug"],
                name="tip_has_an_address_of_its_own",
                violation_error_message=_("Another page already has this address."),
            ),
            models.CheckConstraint(
                name="live_text_has_a_date", condition=Q(live__isnull=True) | Q(publish_at__isnull=False)
            ),
            models.CheckConstraint(
                name="approved_tip_has_a_live_text",
                condition=~Q(status=TipStatus.APPROVED) | Q(live__isnull=False),
            ),
            models.CheckConstraint(
                name="tip_expires_after_it_is_published",
                condition=Q(expire_at__isnull=True) | Q(publish_at__isnull=True) | Q(expire_at__gt=F("publish_at")),
                violation_error_message=_("It must expire after it is published."),
            ),
            models.CheckConstraint(
                name="tip_is_reviewed_again_after_its_last_review",
                condition=Q(next_review__isnull=True)
                | Q(last_reviewed__isnull=True)
                | Q(next_review__gt=F("last_reviewed")),
            ),
            models.CheckConstraint(
                name="independent_review_names_who_and_when",
                condition=Q(independently_reviewed=False)
                | Q(clinical_reviewer__isnull=False, last_reviewed__isnull=False, next_review__isnull=False),
            ),
        ]

    def __str__(self):
        latest = self.live or self.latest
        return latest.title if latest else self.slug

    def get_absolute_url(self):
        return reverse("tips:guide" if self.kind == TipKind.GUIDE else "tips:detail", args=[self.slug])

    # Texts

    @transaction.atomic
    def revise(self, *, by, at, **text):
        """Keep a new text; nobody has agreed to it yet, and the live one stays. The same text again keeps nothing."""
        # One at a time: two who save at once would both number their text the same.
        now = Tip.objects.select_for_update().get(pk=self.pk)
        latest = self.latest = now.latest
        text = {field: as_kept(value, field) for field, value in text.items()}
        if latest and latest.text | text == latest.text:
            return latest
        number = latest.number + 1 if latest else 1
        revision = TipRevision(tip=self, number=number, written_by=by, written_at=at, **text)
        self.status, self.version, self.live = now.status, now.version, now.live
        is_back = self._is_agreed_to(revision)
        if is_back:
            # Whoever brings it back has written none of it; the step says who they are.
            revision.written_by = self.live.written_by
        revision.save()
        self.latest = revision
        if is_back:
            self._write(TipStatus.APPROVED, version=now.version, frm=now.status, live=revision)
        else:
            voids = now.status in IN_REVIEW or now.status == TipStatus.APPROVED
            self._write(TipStatus.DRAFT if voids else now.status, version=now.version, frm=now.status)
        if self.status != now.status:
            # Nobody has agreed to anything, and for readers nothing has changed.
            self._note(None if is_back else revision, now.status, by=by, at=at)
        return revision

    def _is_agreed_to(self, revision):
        """It says again what readers see, in a new text's place."""
        return bool(self.live_id and self.status != TipStatus.ARCHIVED and self.live.text == revision.text)

    def discard(self, *, by, at):
        """Throw away what readers have not seen: the newest text is again the one they see."""
        if self.status not in BEING_WRITTEN or not self.live_id:
            raise TransitionNotAllowed(self._standing())
        self.revise(by=by, at=at, **self.live.text)

    def restore(self, revision, *, by, at):
        """An older text once more, as a new one: it goes the same way as any other."""
        return self.revise(by=by, at=at, **revision.text)

    @transaction.atomic
    def arrange(self, *, by, at, topics, regions, **facts):
        """Change what stands around the text. An address that readers may have kept goes on leading here."""
        before = Tip.objects.select_for_update().get(pk=self.pk)
        changed = [name for name in FACTS if getattr(before, name) != facts.get(name, getattr(before, name))]
        said = [
            changed_to(self._meta.get_field(name).verbose_name, [getattr(before, name)], [facts[name]])
            for name in changed
        ]
        said.append(changed_to(_("topics"), self.topics.all(), topics))
        said.append(
            changed_to(_("parts of the body"), *map(labels, ([row.region for row in self.regions.all()], regions)))
        )
        if not changed and not any(said):
            return
        self.status, self.live = before.status, before.live
        self._write(before.status, version=before.version, frm=before.status, **{name: facts[name] for name in changed})
        if "slug" in changed:
            was_down = self.steps.filter(from_status=TipStatus.ARCHIVED).exists()
            self._leave(before.get_absolute_url(), was_seen=was_down or before.live_id is not None)
        self.topics.set(topics)
        self.regions.exclude(region__in=regions).delete()
        TipRegion.objects.bulk_create([TipRegion(tip=self, region=each) for each in regions], ignore_conflicts=True)
        if any(said):
            self._note(None, self.status, by=by, at=at, comment="\n".join(filter(None, said)))
        if self.live_id:
            search.index(self)

    def _leave(self, path, *, was_seen):
        self.former_addresses.filter(path=self.get_absolute_url()).delete()
        if was_seen:
            FormerAddress.objects.get_or_create(path=path, tip=self)

    # Transitions

    def submit(self, *, by, at, minor=False):
        """Ask another editor to agree. A minor correction of what readers see needs nobody beside that editor."""
        if minor and not self.live_id:
            raise TransitionNotAllowed(_("Only a text that readers see already can be corrected."))
        if minor and self.was_refused_by_a_clinician:
            raise TransitionNotAllowed(_("A clinician has asked for changes: a clinician has to see it again."))
        self._refuse_unless_sound(at=at)
        if self.status in BEING_WRITTEN and not self.editors_left.exists():
            raise TransitionNotAllowed(_("Every editor here wrote some of it, so none of them can agree to it."))
        if self.status in BEING_WRITTEN and self.needs_another_author(minor=minor):
            raise TransitionNotAllowed(NAME_ANOTHER)
        told = {"tell": emails.tip_to_edit, "people": self.editors_free}
        self._move_to(TipStatus.IN_EDITORIAL, frm=BEING_WRITTEN, by=by, at=at, is_minor=minor, **told)

    def pass_over_editors(self, *, reason, by, at):
        """Where every editor wrote some of it: straight to a clinician who did not, and the reason is kept."""
        self._refuse_unless_sound(at=at)
        if self.needs_another_author(minor=False):
            raise TransitionNotAllowed(NAME_ANOTHER)
        if self.editors_left.exists():
            raise TransitionNotAllowed(_("Another editor here can agree to it first."))
        if not self.clinicians_left.exists():
            raise TransitionNotAllowed(_("No clinician here could agree to it either."))
        tell = partial(emails.tip_to_review, passed_over=True)
        told = {"tell": tell, "people": self.clinicians_free, "comment": reason}
        self._move_to(TipStatus.IN_CLINICAL, frm=BEFORE_A_CLINICIAN, by=by, at=at, is_minor=False, **told)

    def take_back(self, *, by, at):
        if not self.is_work_of(by):
            raise TransitionNotAllowed(_("Only who wrote some of it takes it back."))
        self._move_to(TipStatus.DRAFT, frm=IN_REVIEW, by=by, at=at)

    def request_changes(self, *, comment, by, at):
        """Whoever it waits for says what has to change first."""
        if not by.has_perm(REVIEW if self.status == TipStatus.IN_CLINICAL else EDIT):
            raise TransitionNotAllowed(self._standing())
        told = {"tell": emails.tip_changes, "people": self.writers, "comment": comment}
        self._move_to(TipStatus.CHANGES_REQUESTED, frm=IN_REVIEW, by=by, at=at, **told)

    def approve_editorial(self, revision, *, by, at):
        """An editor who wrote none of it agrees to exactly this text."""
        self._refuse_unless_free(revision, by)
        if self.status == TipStatus.IN_EDITORIAL and self.needs_another_author(after=by):
            raise TransitionNotAllowed(NAME_ANOTHER)
        if self.is_minor:
            self._go_live(revision, frm={TipStatus.IN_EDITORIAL}, by=by, at=at)
            return
        told = {"tell": emails.tip_to_review, "people": self.clinicians_free.exclude(pk=by.pk)}
        self._move_to(TipStatus.IN_CLINICAL, frm={TipStatus.IN_EDITORIAL}, by=by, at=at, revision=revision, **told)

    def approve_clinical(self, revision, *, next_review, by, at):
        """A clinician who wrote none of it, and was not the editor, agrees to exactly this text; it goes live."""
        self._refuse_unless_free(revision, by)
        self._refuse_unless_clinician(by)
        reviewed = self._reviewed(next_review, at=at) | {"clinical_reviewer": by, "independently_reviewed": True}
        self._go_live(revision, frm={TipStatus.IN_CLINICAL}, by=by, at=at, **reviewed)

    def publish_alone(self, revision, *, reason, next_review, by, at):
        """Where nobody else could agree: it goes or stays live, and its page says that nobody independent reviewed it."""
        self._refuse_unless_newest(revision)
        if not self.nobody_else_could_agree:
            raise TransitionNotAllowed(_("Somebody else here can agree to it. Send it to review."))
        self._refuse_unless_sound(at=at)
        reviewed = self._reviewed(next_review, at=at) | {"clinical_reviewer": None, "independently_reviewed": False}
        self._go_live(revision, frm=set(TipStatus) - {TipStatus.ARCHIVED}, by=by, at=at, comment=reason, **reviewed)

    def confirm(self, revision, *, next_review, by, at):
        """A clinician has read the live text again, exactly this one, and it still holds."""
        self._refuse_unless_free(revision, by)
        self._refuse_unless_clinician(by)
        reviewed = self._reviewed(next_review, at=at) | {"clinical_reviewer": by, "independently_reviewed": True}
        self._move_to(TipStatus.APPROVED, frm={TipStatus.APPROVED}, by=by, at=at, comment=READ_AGAIN, **reviewed)

    def archive(self, *, by, at):
        """What readers never saw leaves nothing that they are told of."""
        unseen = {"live": None} if self.live_id and self.publish_at > at else {}
        self._move_to(TipStatus.ARCHIVED, by=by, at=at, **unseen)

    def take_up_again(self, *, by, at):
        """A draft again, which readers do not see until it has gone the whole way."""
        anew = {"live": None, "clinical_reviewer": None, "independently_reviewed": False}
        anew |= {"last_reviewed": None, "next_review": None}
        self._move_to(TipStatus.DRAFT, frm={TipStatus.ARCHIVED}, by=by, at=at, **anew)

    @transaction.atomic
    def _go_live(self, revision, *, by, at, **changes):
        # To the minute, as editors set it: a form that shows no seconds would else change it.
        publish_at = (self.publish_at if self.live_id else max(self.publish_at or at, at)).replace(
            second=0, microsecond=0
        )
        if self.expire_at and self.expire_at <= max(publish_at, at):
            raise TransitionNotAllowed(
                _("It would have expired by the time it is published. Change one of the two dates.")
            )
        changes |= {"live": revision, "publish_at": publish_at, "tell": emails.tip_approved, "people": self.writers}
        self._move_to(TipStatus.APPROVED, by=by, at=at, revision=revision, **changes)
        search.index(self)

    def _reviewed(self, next_review, *, at):
        today = timezone.localdate(at)
        if not today < next_review <= latest_review(today):
            raise TransitionNotAllowed(_("The next review is after today, and in two years at the latest."))
        return {"last_reviewed": today, "next_review": next_review, "review_told_at": None}

    def _refuse_unless_sound(self, *, at):
        latest = self.latest if self.status in BEING_WRITTEN else None
        for finding in check(self, latest, at=at) if latest else []:
            if finding.must:
                raise TransitionNotAllowed(finding.message)

    def _refuse_unless_newest(self, revision):
        if revision != self.latest:
            raise TransitionNotAllowed(_("The text was changed after you opened it. Read the new one first."))

    def _refuse_unless_free(self, revision, by):
        self._refuse_unless_newest(revision)
        if self.is_work_of(by):
            raise TransitionNotAllowed(_("Nobody agrees to their own text. Somebody else has to read it."))

    def _refuse_unless_clinician(self, by):
        """Whose name stands below the whole page as its reviewer has written none of it, and is not its editor."""
        if self.status == TipStatus.IN_CLINICAL and self.has_agreed_as_editor(by):
            raise TransitionNotAllowed(
                _("You have agreed to it as an editor. A clinician beside you has to agree as well.")
            )
        if self.has_part_in(by):
            raise TransitionNotAllowed(_("Your words are on this page: another clinician has to review it."))

    @transaction.atomic
    def _move_to(self, status, *, by, at, frm=None, revision=None, comment="", tell=None, people=None, **changes):
        """Change the status as it was read, write the step and queue the mails, or none of it.

        Of two people at once the second is told who was first.
        """
        if status not in TRANSITIONS[self.status] or (frm and self.status not in frm):
            raise TransitionNotAllowed(self._standing())
        before, revision = self.status, revision or self.latest
        if revision is None:
            raise TransitionNotAllowed(_("There is no text yet."))
        will_be_offered = status == TipStatus.APPROVED and self.kind == TipKind.GUIDE
        # No guide is live without the PDF that its page offers, with the text, the name and the dates as they will be.
        if will_be_offered and (why := pdf.refusal(self, day=timezone.localdate(at), **changes)):
            raise TransitionNotAllowed(why)
        if not self._write(status, version=self.version, frm=before, **changes):
            raise TransitionNotAllowed(Tip.objects.get(pk=self.pk)._standing())
        self._note(revision, before, by=by, at=at, comment=comment)
        if tell:
            tell(self, people, at=at)

    def _write(self, status, *, version, frm, **changes):
        changes |= {"status": status, "version": version + 1}
        if not Tip.objects.filter(pk=self.pk, status=frm, version=version).update(**changes):
            return False
        for field, value in changes.items():
            setattr(self, field, value)
        return True

    def _note(self, revision, before, *, by, at, comment=""):
        self.steps.create(revision=revision, from_status=before, to_status=self.status, comment=comment, by=by, at=at)

    def _standing(self):
        """Where it stands and who brought it there, for somebody who thought it stood elsewhere."""
        last = self.steps.select_related("by").last()
        if last is None:
            return _("This is a draft. It cannot go there from here.")
        facts = {
            "status": self.get_status_display(),
            "who": last.by,
            "when": in_full(last.at, timezone.get_current_timezone()),
        }
        return _("It stands at “%(status)s” since %(who)s acted on %(when)s. Look again before you go on.") % facts

    # Queries

    @cached_property
    def latest(self):
        """The newest text, as of when it was first asked for: whoever acts on an older one is refused by `version`."""
        return self.revisions.order_by("-number").first() if self.pk else None

    def refresh_from_db(self, *args, **kwargs):
        super().refresh_from_db(*args, **kwargs)
        self.__dict__.pop("latest", None)

    def is_live(self, *, at):
        return Tip.objects.published(at=at).filter(pk=self.pk).exists()


class Guide(Tip):
    """A tip that is also a PDF to keep; listed on its own for editors."""

    class Meta:
        proxy = True
        verbose_name = _("guide")
        verbose_name_plural = _("guides")
