"""Rows for tests. Each takes what the test is about and fills in the rest."""

from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from itertools import count
from time import time as clock

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client

from appointments.forms import SCREEN
from appointments.models import OPEN, ConsultationRequest, PatientStatement, RequestStatus
from appointments.models.queryset import digest
from clinic.models import Approval, ClinicSettings, OpeningHours, Subject, User, forget
from clinic.regions import Region
from clinic.sealing import seal
from clinic.signin import PROVEN, sees_requests, steps_of
from tips import search
from tips.models import Tip, TipKind, TipRegion, TipStatus

# A Monday, at noon where the clinic is.
NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PASSWORD = "correct horse battery staple"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SEE_REQUESTS = {"Owner", "Therapist"}
numbers = count(1)

# The words of one patient; a test that looks for a leak looks for these.
SAID = {
    "for_whom": "me",
    "age": "adult",
    "safety_version": SCREEN.version,
    "safety": {"emergency": ["none"], "urgent": ["none"], "seen": []},
    "duration": "weeks",
    "onset": "gradually",
    "goal": "carry my cello upstairs",
    "note": "It aches after rehearsals.",
    "pain_score": 4,
    "any_time": False,
    "windows": ["mon-am", "wed-eve"],
    "modes": ["clinic"],
    "sooner": True,
    "full_name": "Zoë Núñez",
    "phone": "+14076985559",
    "email": "zoe@patients.example",
    "prefer": "phone",
    "may_leave_voicemail": True,
    "may_name_clinic": False,
    "access_needs": "A ramp, please.",
}


def make_roles():
    """The groups of the migrations; a test that flushes the database takes them with it."""
    if not Group.objects.exists():
        import_module("clinic.migrations.0002_roles").make_groups(apps, None)
        import_module("clinic.migrations.0006_who_keeps_hours").give_hours(apps, None)
        import_module("clinic.migrations.0007_who_reviews").give_review(apps, None)
        import_module("clinic.migrations.0008_pictures_roles").give_pictures(apps, None)


def make_person(role=None, **fields):
    make_roles()
    username = fields.pop("username", None) or f"{(role or 'person').lower().replace(' ', '-')}-{next(numbers)}"
    fields = {"email": f"{username}@clinic.example", "display_name": username.title(), "is_staff": True} | fields
    person = User(username=username, **fields)
    person.set_password(PASSWORD)
    person.save()
    if role:
        person.groups.add(Group.objects.get(name=role))
    if role in SEE_REQUESTS:
        TOTP.activate(person, TOTP_SECRET)
    return person


def come_in(person, **options):
    """A browser's worth of cookies for somebody who has signed in, with a second step where one is asked for."""
    client = Client(**options)
    client.force_login(person)
    if sees_requests(person) and not steps_of(person).exists():
        TOTP.activate(person, TOTP_SECRET)
    if steps_of(person).exists():
        session = client.session
        session[PROVEN] = person.pk
        session.save()
    return client


def code_of_app():
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(TOTP_SECRET, int(clock() // 30)))


def make_clinic(*, weekdays=range(5), approved=True, **fields):
    """A clinic in New York's zone that answers from 8 to 18, from Monday to Friday if not said otherwise; open to patients."""
    clinic = ClinicSettings(
        **{"name": "Elm Street Clinic", "phone": "+14076985558", "tagline": "Strong again."} | fields
    )
    clinic.save()
    for weekday in weekdays:
        OpeningHours(weekday=weekday, opens=time(8), closes=time(18)).save()
    if approved:
        approve_screen()
    return clinic


def approve_screen():
    """As two people stood for the safety screen who have left since, and so are in no list, queue or mail."""
    for name in ("founder", "first-therapist"):
        person, _is_new = User.objects.get_or_create(
            username=name, defaults={"credentials": "PT", "is_active": False, "is_staff": False}
        )
        Approval.objects.get_or_create(subject=Subject.SAFETY, version=SCREEN.version, by=person, defaults={"at": NOON})
    forget()


def make_consultation(*, status=RequestStatus.NEW, assigned_to=None, at=NOON, said=None, **fields):
    """A request as it stands in `status`, with its statement; no mail is queued."""
    number = next(numbers)
    token = f"token-of-request-{number}"
    consultation = ConsultationRequest.objects.create(
        **{
            "status": status,
            "assigned_to": assigned_to,
            "region": Region.KNEE,
            "submitted_at": at,
            "answer_by": at + DAY,
            "closed_at": None if status in OPEN else at,
            "visit_at": fields.get("answer_by", at + DAY) if status == RequestStatus.BOOKED else None,
            "decline_reason": "not_offered" if status == RequestStatus.DECLINED else "",
            "next_step": "call_us" if status == RequestStatus.DECLINED else "",
            "form_hash": digest(f"form-{number}"),
            "link_hash": digest(token),
            "link_sealed": seal(token, purpose="patient link"),
        }
        | fields
    )
    PatientStatement.objects.create(consultation=consultation, **SAID | (said or {}))
    return consultation


def make_tip(*, author=None, published_at=NOON - DAY, kind=TipKind.TIP, topics=(), regions=(), text=None, **fields):
    """A tip with one text, live unless `published_at` is None; nobody is mailed. It stands where `fields` say."""
    author = author or make_person("Editor")
    words = {
        "title": "A stronger back",
        "summary": "Three calm exercises.",
        "body": "Stand tall.",
        "sources": "A study.",
    }
    tip = Tip.objects.create(kind=kind, slug=f"tip-{next(numbers)}", author=author)
    tip.topics.set(topics)
    TipRegion.objects.bulk_create(TipRegion(tip=tip, region=region) for region in regions)
    revision = tip.revise(by=author, at=NOON - 2 * DAY, **words | (text or {}))
    live = {"live": revision, "status": TipStatus.APPROVED, "publish_at": published_at} if published_at else {}
    if fields.get("independently_reviewed"):
        reviewed = NOON.date() - DAY
        fields = {
            "clinical_reviewer": author,
            "last_reviewed": reviewed,
            "next_review": reviewed.replace(year=2099),
        } | fields
    Tip.objects.filter(pk=tip.pk).update(**live | fields)
    tip.refresh_from_db()
    if published_at:
        search.index(tip)
    return tip
