"""A row of everything that an address may name, each where something may be done with it."""

from datetime import time
from email.message import EmailMessage
from email.policy import SMTP

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.core import signing
from django.utils import timezone

from appointments.admin.acts import ACTS
from appointments.models import TimeOff, WorkingHours
from clinic.health import WORKER
from clinic.models import Heartbeat, Holiday, User
from clinic.opening import TEST_MAIL
from tests.appointments.stages import START, S, bring_to, make_arrived, make_visit
from tests.factories import DAY, HOUR, NOON, make_person, make_tip
from tests.tips.files import jpeg
from tips import shown
from tips.admin.acts import ACTS as TIP_ACTS
from tips.models import Guide, Picture, Tip, TipStatus, Topic
from tips.pictures import made_from

ON_THE_WAY = [S.IN_REVIEW, S.NEEDS_INFO, S.PROPOSED, S.SPAM, S.NO_SHOW]


def known(therapist, mail_dir):
    """By the name of what an address takes, or by a route and that name where it wants another."""
    Heartbeat.objects.beat(WORKER, at=timezone.now())
    newcomer, editor = make_person("Therapist", username="newcomer"), make_person("Editor")
    key = Authenticator.objects.create(user=newcomer, type=Authenticator.Type.WEBAUTHN, data={"name": "A key"})
    requests, articles = requests_on_their_way(therapist), articles_of(editor)
    return {
        "reference": requests[0].reference,
        "token": requests[0].link_token,
        "step": "who",
        "name": write_mail(mail_dir),
        "event": "received",
        "uidb36": user_pk_to_url_str(newcomer),
        "key": default_token_generator.make_token(newcomer),
        "app_label": "tips",
        "subject": "safety",
        "page": "home",
        ("admin:test_mail_arrived", "token"): signing.dumps(therapist.pk, salt=TEST_MAIL),
        ("admin:leaving", "pk"): newcomer.pk,
        "url": "nowhere/",
        ("calendar_feed", "token"): therapist.open_calendar(),
        ("mfa_edit_webauthn", "pk"): key.pk,
        ("mfa_remove_webauthn", "pk"): key.pk,
        **articles,
        **objects(newcomer, therapist),
        **acts_on_requests(requests, therapist),
        **acts_on_articles(editor),
    }


def write_mail(folder):
    mail, name = EmailMessage(policy=SMTP), "20260302-1.eml"
    mail.set_content("Hello.")
    mail.add_alternative("<p>Hello.</p>", subtype="html")
    (folder / name).write_bytes(mail.as_bytes())
    return name


def articles_of(editor):
    topic = Topic.objects.create(name="Back", slug="back")
    tip = make_tip(author=editor, topics=[topic], regions=["back"])
    guide = make_tip(kind="guide", author=editor)
    link = make_tip(author=editor, published_at=None).preview_links.create(made_by=editor, made_at=timezone.now())
    picture = Picture.keep(made_from(jpeg()), title="Knee", alt="A knee", by=editor, at=NOON)
    return {
        "topic": topic.slug,
        "region": "back",
        "slug": tip.slug,
        "pk": tip.pk,
        "number": 1,
        "link": link.pk,
        "width": "480",
        ("tips:picture", "name"): picture.name,
        ("tips:shown", "digest"): shown.digest(tip),
        ("tips:guide", "slug"): guide.slug,
        ("tips:guide_pdf", "slug"): guide.slug,
        ("tips:shared_preview", "token"): link.get_absolute_url().split("/")[-2],
        ("admin:tips_link", "pk"): link.tip_id,
        ("admin:tips_link_revoke", "pk"): link.tip_id,
    }


def requests_on_their_way(therapist):
    """The first one is new; one looks like spam, one is booked."""
    requests = [make_arrived(), make_arrived(suspicion=["links"])]
    # Offered times and a visit do not meet: each has another therapist.
    requests += [bring_to(status, by=make_person("Therapist")) for status in ON_THE_WAY]
    return [*requests, make_visit(therapist, START + DAY, at=NOON)]


def acts_on_requests(requests, therapist):
    """Each act with a request on which it is open to somebody who has that request, or the first one."""
    now = timezone.now()
    found = {}
    for name, act in ACTS.items():
        legal = (each for each in requests if act.is_legal(each, each.assigned_to or therapist, now))
        found[f"admin:consultation_{name}", "reference"] = next(legal, requests[0]).reference
    return found


def acts_on_articles(editor):
    """Each act of publishing with an article that it is open on."""
    live = make_tip(author=editor)
    standing = {
        status: make_tip(author=editor, published_at=None, status=status)
        for status in (TipStatus.DRAFT, TipStatus.IN_EDITORIAL, TipStatus.IN_CLINICAL, TipStatus.ARCHIVED)
    }
    about = dict.fromkeys(TIP_ACTS, standing[TipStatus.DRAFT])
    about |= dict.fromkeys(["confirm", "archive", "discard"], live)
    about |= dict.fromkeys(["approve_editorial", "request_changes", "take_back"], standing[TipStatus.IN_EDITORIAL])
    about |= {"approve_clinical": standing[TipStatus.IN_CLINICAL], "take_up_again": standing[TipStatus.ARCHIVED]}
    return {(f"admin:tips_{name}", "pk"): tip.pk for name, tip in about.items()}


def objects(newcomer, therapist):
    """The row that the stock admin's pages of each model are about."""
    WorkingHours.objects.create(therapist=therapist, weekday=0, starts=time(9), ends=time(12))
    TimeOff.objects.create(therapist=therapist, starts_at=NOON, ends_at=NOON + HOUR)
    Holiday.objects.create(date=NOON.date(), name="A day off")
    rows = {
        User: newcomer,
        Guide: Tip.objects.filter(kind="guide").first(),
        Tip: Tip.objects.filter(kind="tip").first(),
    }
    found = {}
    for model in admin.site._registry:
        row = rows.get(model) or model._default_manager.order_by("pk").first()
        label = model._meta.label_lower.replace(".", "_")
        found |= {(f"admin:{label}_{page}", "object_id"): row.pk for page in ("change", "delete", "history")}
        found[f"admin/{label.replace('_', '/')}/<path:object_id>/", "object_id"] = row.pk
    return found
