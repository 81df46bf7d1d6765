"""What is not ready yet, for the owner; a test mail; and what people of the clinic have read and stand for."""

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.forms import SCREEN
from appointments.people import for_owner
from appointments.reasons import REASONS
from appointments.safety import Level

from . import audit, emails, opening
from .models import Approval, AuditAction, Heartbeat, Subject, User
from .regions import Region

LEADS_TO = {
    Level.EMERGENCY: gettext_lazy("Emergency: no request is taken, and the page says to call for help now."),
    Level.TODAY: gettext_lazy("Urgent: the advice is to see a doctor today."),
    Level.DAYS: gettext_lazy("Urgent: the advice is to see a doctor within a few days."),
}
WEEK_SECONDS = 7 * 24 * 60 * 60


@require_safe
@for_owner
def show(request):
    at = timezone.now()
    items = opening.checklist(at=at)
    audit.record(AuditAction.LISTED, by=request.user, at=at, rows=len(items))
    context = {
        **admin.site.each_context(request),
        "title": _("Is everything ready?"),
        "waiting": [item for item in items if not item.is_ready],
        "ready": [item for item in items if item.is_ready],
    }
    return TemplateResponse(request, "admin/opening.html", context)


# A mail that arrives


@require_POST
@for_owner
def send_test_mail(request):
    if request.user.email:
        emails.test_mail(request.user, signing.dumps(request.user.pk, salt=opening.TEST_MAIL), at=timezone.now())
        words = _("A test mail is on its way to %(email)s. Open the link in it.") % {"email": request.user.email}
        messages.success(request, words)
    else:
        messages.error(request, _("Your own account has no e-mail address yet."))
    return redirect("admin:opening")


@require_http_methods(["GET", "HEAD", "POST"])
@for_owner
def arrived(request, token):
    """Where the link of the test mail leads; a program that looks at links in mails presses no button."""
    try:
        signing.loads(token, salt=opening.TEST_MAIL, max_age=WEEK_SECONDS)
    except signing.BadSignature:
        raise Http404 from None
    if request.method == "POST":
        Heartbeat.objects.beat(opening.TEST_MAIL, at=timezone.now())
        messages.success(request, _("Good: mail arrives."))
        return redirect("admin:opening")
    return TemplateResponse(
        request, "admin/arrived.html", {**admin.site.each_context(request), "title": _("The test mail has arrived")}
    )


# What is approved


@require_http_methods(["GET", "HEAD", "POST"])
def approve(request, subject):
    if subject not in Subject.values:
        raise Http404
    if not opening.may_approve(request.user, subject):
        raise PermissionDenied
    version, at = opening.version_of(subject), timezone.now()
    if request.method == "POST":
        if request.POST.get("version") == version:
            give(subject, version, by=request.user, at=at)
            messages.success(request, _("Thank you. It is noted that you stand for it."))
        else:
            messages.error(request, _("It was changed while you read it. Please look at what is new."))
        return redirect("admin:approve", subject)
    context = {
        **admin.site.each_context(request),
        "title": Subject(subject).label,
        "subject": subject,
        "version": version,
        "given": opening.approvals(subject),
        "is_given": opening.stands_for(request.user, subject, at=at),
        "signs": signs() if subject == Subject.SAFETY else [],
        "reasons": REASONS,
    }
    return TemplateResponse(request, "admin/approve.html", context)


def signs():
    """Each with all that is stood for: what it leads to, and who is asked."""
    return [
        {
            "item": item,
            "leads_to": LEADS_TO[item.level],
            "areas": _("every area")
            if item.regions == set(Region)
            else ", ".join(str(region.label) for region in Region if region in item.regions),
        }
        for item in SCREEN.items
    ]


@transaction.atomic
def give(subject, version, *, by, at):
    """A second press on the button, even at the same moment, is nothing new."""
    User.objects.select_for_update().get(pk=by.pk)
    if not opening.stands_for(by, subject, at=at):
        Approval.objects.create(subject=subject, version=version, by=by, at=at)
        audit.record(AuditAction.CHANGED, by=by, at=at, act="approved", subject=subject, version=version)


def opening_urls(site):
    return [
        path("opening/", site.admin_view(show), name="opening"),
        path("opening/mail/", site.admin_view(send_test_mail), name="test_mail"),
        path("opening/arrived/<str:token>/", site.admin_view(arrived), name="test_mail_arrived"),
        path("approve/<slug:subject>/", site.admin_view(approve), name="approve"),
    ]
