"""What a clinic sees to before it opens, and must not forget afterwards: found by looking each time, never ticked off."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments.forms import SCREEN
from appointments.models import ConsultationRequest
from appointments.people import OVERSEE, TRIAGE, therapists, who_may
from appointments.reasons import REASONS
from tips.models import REVIEW, Tip

from . import health
from .models import Approval, ClinicSettings, Heartbeat, Holiday, OpeningHours, Subject, User
from .signin import SECOND_STEPS

# Beside the worker's own: that a mail of ours was opened by the one it went to.
TEST_MAIL = "test mail"
# What medicine knows of the signs changes, and somebody has to look whether it has.
REVIEW_WITHIN = timedelta(days=365)


@dataclass(frozen=True)
class Item:
    """One thing: whether it is ready, else what is missing and who can do it; and where."""

    title: str
    is_ready: bool
    todo: str = ""
    path: str = ""
    link: str = ""


def checklist(*, at: datetime) -> list[Item]:
    clinic = ClinicSettings.current()
    return [
        # Without it the form is closed.
        safety_screen(at=at),
        *about_the_clinic(clinic, at=at),
        *about_people(),
        *about_machines(at=at),
        privacy_notice(),
        articles(clinic, at=at),
    ]


def missing(*, at: datetime) -> list[Item]:
    return [item for item in checklist(at=at) if not item.is_ready]


def about_the_clinic(clinic: ClinicSettings, *, at: datetime) -> list[Item]:
    row = reverse("admin:clinic_clinicsettings_change", args=[1])
    is_named = clinic.name != ClinicSettings._meta.get_field("name").default and bool(clinic.phone)
    coming = Holiday.objects.filter(date__gte=timezone.localdate(at, clinic.tzinfo))
    return [
        Item(
            _("The clinic’s name and phone"),
            is_named,
            _("Patients read the name on every page, and are told the phone number wherever something may go wrong."),
            row,
            _("Settings"),
        ),
        Item(
            _("Opening hours"),
            OpeningHours.objects.exists(),
            _("Answers are promised in open hours. Without any, nothing can be promised."),
            reverse("admin:clinic_openinghours_changelist"),
            _("Opening hours"),
        ),
        Item(
            _("Holidays"),
            coming.exists(),
            _("No day ahead is marked as closed, so answers are promised for holidays too."),
            reverse("admin:clinic_holiday_changelist"),
            _("Holidays"),
        ),
    ]


def about_people() -> list[Item]:
    people = reverse("admin:clinic_user_changelist")
    active = User.objects.filter(is_active=True, is_staff=True).order_by("display_name", "username")
    silent = active.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    unsecured = without_second_step(active)
    left = ConsultationRequest.objects.left_behind()
    gone = User.objects.filter(pk__in=left.values("assigned_to"))
    return [
        Item(
            _("Therapists"),
            therapists().exists(),
            _("Nobody here is a therapist yet. The owner invites people and gives them their role."),
            reverse("admin:clinic_user_add"),
            _("Invite somebody"),
        ),
        Item(
            _("Passwords"),
            not silent,
            _("Invited, and no password chosen yet: %(people)s. They open the link in their invitation.")
            % {"people": named(silent)},
            people,
            _("People"),
        ),
        Item(
            _("Second steps"),
            not unsecured,
            _("Still to set it up, at their next sign-in: %(people)s.") % {"people": named(unsecured)},
            people,
            _("People"),
        ),
        Item(
            _("Requests of people who see no patients any more"),
            not gone.exists(),
            _("Requests wait for people who do not see patients here any more: %(people)s.") % {"people": named(gone)},
            reverse("admin:leaving", args=[gone[0].pk]) if gone else "",
            _("Hand them over"),
        ),
    ]


def without_second_step(people):
    """Those of them who see requests and have none."""
    triage, oversee = (who_may(each).values("pk") for each in (TRIAGE, OVERSEE))
    secured = Authenticator.objects.filter(type__in=SECOND_STEPS).values("user")
    return people.filter(Q(pk__in=triage) | Q(pk__in=oversee)).exclude(pk__in=secured)


def about_machines(*, at: datetime) -> list[Item]:
    state, backed_up = health.look(at=at), health.last_backup()
    is_recent = bool(backed_up) and at - backed_up <= health.BACKUP_WITHIN
    page = reverse("admin:opening")
    return [
        Item(
            _("Set up for patients"),
            settings.PRODUCTION and not ClinicSettings.current().is_demo,
            _("This is a set-up for trying things out: with DEBUG on, or marked as a demonstration. Whoever runs the server changes that."),
        ),
        Item(_("The worker"), state.worker_is_running, _("No mail leaves without it. Whoever runs the server starts it.")),
        Item(
            _("A test mail"),
            Heartbeat.objects.filter(name=TEST_MAIL).exists(),
            _("Have one sent to yourself with the button below, and open the link in it."),
            f"{page}#mail",
            _("Test mail"),
        ),
        Item(_("Outgoing mail"), not state.mail_waits_since, _("Mail waits that should have left. Whoever runs the server looks into it.")),
        Item(
            _("A backup"),
            is_recent,
            _("The last one is too old. Whoever runs the server finds out why.")
            if backed_up
            else _("None was made yet. Whoever runs the server starts the nightly one, and tries to restore it once."),
        ),
    ]  # fmt: skip


def safety_screen(*, at: datetime) -> Item:
    given = approvals(Subject.SAFETY)
    people = dict.fromkeys(each.by for each in given)
    is_due = is_review_due(at=at)
    unread = [item.id for item in SCREEN.items if not item.source_read]
    todo = [
        _("Two people stand for version %(version)s, one of them a licensed therapist. So far: %(people)s.")
        % {"version": SCREEN.version, "people": named(people) or _("nobody")}
    ]
    if is_due:
        todo.insert(0, _("Nobody has read it for a year: somebody reads it anew. The form stays open."))
    if unread:
        todo.append(
            ngettext("The source of %(ids)s was not read in full.", "The sources of %(ids)s were not read in full.", len(unread))
            % {"ids": get_text_list(unread, _("and"))}
        )  # fmt: skip
    screen = (Subject.SAFETY, SCREEN.version)
    is_approved = screen in given.in_full()
    if screen not in ClinicSettings.current().approved:
        todo.insert(0, _("Until then the form takes no requests, and the site says so."))
    path = reverse("admin:approve", args=[Subject.SAFETY])
    return Item(
        _("Approval of the safety screen"), is_approved and not is_due, " ".join(todo), path, _("Read and approve")
    )


def privacy_notice() -> Item:
    is_ready = approvals(Subject.PRIVACY).exists()
    todo = _("It came with the software. An owner reads it, and the clinic’s lawyer should, before it is yours.")
    path = reverse("admin:approve", args=[Subject.PRIVACY])
    return Item(_("Approval of the privacy notice"), is_ready, todo, path, _("Read and approve"))


def articles(clinic: ClinicSettings, *, at: datetime) -> Item:
    is_ready = Tip.objects.published(at=at).tips().exists() and not clinic.is_demo
    todo = _(
        "Nothing is published yet. Editors and a clinician agree on each tip; the sample ones wait as drafts, if you kept them."
    )
    if clinic.is_demo:
        todo = _("What stands there is sample content.")
    return Item(_("Tips to read"), is_ready, todo, reverse("admin:tips_desk"), _("What is in work"))


# What people stand for


def version_of(subject: str) -> str:
    """The version that is shown now. The notice's is made of its words: another word makes another version."""
    if subject == Subject.SAFETY:
        return SCREEN.version
    words = get_template("clinic/privacy_words.html").template.source + repr(sorted(REASONS.items()))
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def approvals(subject: str):
    """Of the present version, by people who still work here."""
    given = Approval.objects.filter(subject=subject, version=version_of(subject), by__is_active=True)
    return given.select_related("by").order_by("at")


def is_review_due(*, at: datetime) -> bool:
    """Whether whoever stands for the safety screen has all read it more than a year ago. What nobody stands for is no review."""
    newest = approvals(Subject.SAFETY).last()
    return newest is not None and newest.at <= at - REVIEW_WITHIN


def stands_for(person: User, subject: str, *, at: datetime) -> bool:
    """Whether they have read the present version, and need not read it again yet."""
    given = approvals(subject).filter(by=person)
    return (given.filter(at__gt=at - REVIEW_WITHIN) if subject == Subject.SAFETY else given).exists()


def may_approve(person: User, subject: str) -> bool:
    """Owners stand for the notice; owners and clinicians for the safety screen."""
    return person.has_perm(OVERSEE) or (
        subject == Subject.SAFETY and (person.has_perm(TRIAGE) or person.has_perm(REVIEW))
    )


def named(people) -> str:
    return get_text_list([str(person) for person in people], _("and"))
