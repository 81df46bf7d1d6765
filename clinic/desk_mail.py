"""Development's mail, for those who triage: what was written to files, and a sample of every mail there is."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as modern
from functools import wraps
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from appointments import calendar
from appointments.emails import GIVES_UP
from appointments.models import DeclineReason, NextStep, RequestStatus
from appointments.models.statement import Mode
from appointments.people import TRIAGE

from . import mail
from .models import ClinicSettings, OutgoingMail, User
from .sealing import seal
from .signin import CHANGES
from .wording import spoken

MAILS_SHOWN = 50
HEADERS = ["From", "To", "Subject", "Date", "Message-ID"]
# Every mail has a subject.
SUBJECT = "_subject.txt"
EVENTS = sorted(
    file.name.removesuffix(SUBJECT) for file in (settings.BASE_DIR / "templates/emails").glob(f"*{SUBJECT}")
)
# A Monday at noon in New York.
SAMPLED_AT = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
SAMPLE_GUEST = "somebody@patients.example"
# A mail brings its own style and nothing else; its links open beside it, since no page of ours may be framed.
LINKS_OPEN = ["allow-popups", "allow-popups-to-escape-sandbox"]
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "form-action": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": LINKS_OPEN,
}


def mail_urls(site):
    """The pages of development's mail, under the admin site's address and behind its sign-in."""
    return [
        path("mail/", site.admin_view(mails), name="mails"),
        path("mail/samples/<slug:event>/", site.admin_view(sample), name="mail_sample"),
        path("mail/samples/<slug:event>/html/", site.admin_view(sample_html), name="mail_sample_html"),
        path("mail/<str:name>/", site.admin_view(written), name="mail"),
        path("mail/<str:name>/html/", site.admin_view(written_html), name="mail_html"),
    ]


def writes_mail_to_files():
    return settings.EMAIL_BACKEND == "clinic.mail.EmlFiles"


def in_development(view):
    """Only where mail is written to files, and only for those who triage: a written mail names its patient's address."""

    @require_safe
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not (writes_mail_to_files() and request.user.has_perm(TRIAGE)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def framed(view):
    return xframe_options_sameorigin(csp(MAIL_POLICY)(in_development(view)))


@in_development
def mails(request):
    context = {
        **admin.site.each_context(request),
        "title": _("Mail written in development"),
        "mails": [about(file) for file in files()[:MAILS_SHOWN]],
        "samples": [{"event": event, "subject": sampled(event)["subject"]} for event in EVENTS],
    }
    return TemplateResponse(request, "admin/mails.html", context)


def about(file):
    message = read(file)
    return {"name": file.name, "subject": message["subject"], "to": whom(message["to"])}


def whom(address):
    """As what somebody got a mail: no list says the address of a patient."""
    person = User.objects.filter(email__iexact=address).first()
    return _("to staff: %(name)s") % {"name": person.username} if person else _("to the patient")


@in_development
def sample(request, event):
    return shown(request, sampled(event), reverse("admin:mail_sample_html", args=[event]))


@framed
def sample_html(request, event):
    return html_of(sampled(event))


@in_development
def written(request, name):
    return shown(request, found(name), reverse("admin:mail_html", args=[name]))


@framed
def written_html(request, name):
    return html_of(found(name))


def files():
    return sorted(Path(settings.MAIL_DIR).glob("*.eml"), reverse=True)


def found(name):
    file = next((file for file in files() if file.name == name), None)
    if file is None:
        raise Http404
    return read(file)


def read(file):
    return message_from_bytes(file.read_bytes(), policy=modern)


def sampled(event):
    """The mail as it would leave, about a request that there is not."""
    if event not in EVENTS:
        raise Http404
    queued = OutgoingMail(
        event=event,
        to=SAMPLE_GUEST,
        context=seal(sample_facts() | sample_entry(event), purpose=mail.SEAL),
        message_id=f"<{event}@sample.example>",
        queued_at=SAMPLED_AT,
    )
    return message_from_bytes(mail.render(queued).message().as_bytes(), policy=modern)


def sample_facts():
    zone = ClinicSettings.current().tzinfo
    return {
        "reference": "CR-ACDEFG",
        "answer_by": spoken(SAMPLED_AT + timedelta(days=1), zone),
        "status_path": "/r/aSampleOfTheLongAddressThatLeadsToAPageOfOnesOwn/",
        "times": [spoken(SAMPLED_AT + timedelta(days=days, hours=days), zone) for days in (1, 2, 3)],
        "mode": str(Mode.CLINIC.label),
        "minutes": 30,
        "held_until": spoken(SAMPLED_AT + timedelta(days=2), zone),
        "reason": str(DeclineReason.NO_PLACE.label),
        "next_step": str(NextStep.CALL_US.label),
        "status": str(RequestStatus.BOOKED.label),
        "is_to_be_called": False,
        "references": ["CR-ACDEFG", "CR-HJKMNP"],
        "suspects": 2,
        "problems": [_("The last backup is of %(when)s.") % {"when": spoken(SAMPLED_AT - timedelta(days=3), zone)}],
        "reviews_due": 3,
        "is_screen_due": True,
        "article": "A stronger back",
        "minor": False,
        "is_seen": False,
        "publish_at": spoken(SAMPLED_AT, zone),
        "next_review": date_format(SAMPLED_AT + timedelta(days=365)),
        "path": reverse("admin:tips_desk"),
        "code": "2F4G7H",
        "login": "sam",
        "what": str(CHANGES["mfa/email/totp_activated"]),
    }


def sample_entry(event):
    """The calendar entry of the mails that have one, and its time as the words of a cancellation name it."""
    if event != "booked" and event not in GIVES_UP:
        return {}
    visit = calendar.Visit(
        uid="00000000-0000-0000-0000-000000000000",
        reference="CR-ACDEFG",
        starts_at=SAMPLED_AT + timedelta(days=1, hours=1),
        minutes=30,
        how=str(Mode.CLINIC.label),
        where=ClinicSettings.current().address,
    )
    method = calendar.CANCEL if event in GIVES_UP else calendar.REQUEST
    who = {"clinic": ClinicSettings.current(), "sender": mail.sender_address(), "guest": SAMPLE_GUEST}
    entry = {"calendar": calendar.entry(visit, method, **who, at=SAMPLED_AT)}
    return entry | {"given_up": spoken(visit.starts_at, who["clinic"].tzinfo)}


def shown(request, message, html_address):
    context = {
        **admin.site.each_context(request),
        "title": message["subject"],
        "headers": [(header, message[header]) for header in HEADERS],
        "body": message.get_body(("plain",)).get_content(),
        "html_address": html_address if message.get_body(("html",)) else "",
        "sandbox": " ".join(LINKS_OPEN),
        "entry": entry_of(message),
    }
    return TemplateResponse(request, "admin/mail.html", context)


def entry_of(message):
    """The calendar entry that goes with a mail, as the recipient's program reads it."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            return {"method": part["Content-Type"].params["method"], "text": part.get_content()}
    return None


def html_of(message):
    part = message.get_body(("html",))
    if part is None:
        raise Http404
    return HttpResponse(part.get_content())
