"""The desk: the admin site with the triage queue in front, for those who triage."""

from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path

from allauth.account.views import logout
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from appointments.admin import queue_urls
from appointments.emails import OVERSEE, TRIAGE

MAILS_SHOWN = 50


class ClinicAdminSite(AdminSite):
    """The stock admin, with pages of our own that are not one model's."""

    site_title = _("Front desk")
    site_header = _("Front desk")
    index_title = _("Front desk")
    enable_nav_sidebar = True

    def get_urls(self):
        return [
            *queue_urls(self),
            path("mail/", self.admin_view(self.mails), name="mails"),
            path("mail/<str:name>/", self.admin_view(self.mail), name="mail"),
            *super().get_urls(),
        ]

    def each_context(self, request):
        return super().each_context(request) | {"writes_mail_to_files": writes_mail_to_files()}

    def login(self, request, extra_context=None):
        """Sign-in is allauth's, in the clinic's look."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(self, request, extra_context=None):
        return logout(request)

    def index(self, request, extra_context=None):
        if request.user.has_perm(TRIAGE) and not request.user.has_perm(OVERSEE):
            return redirect("admin:queue")
        return super().index(request, extra_context)

    def get_app_list(self, request, app_label=None):
        """The registered models, and before them the pages that are not one model's."""
        apps = super().get_app_list(request, app_label)
        if app_label or not request.user.has_perm(TRIAGE):
            return apps
        pages = [page(_("Queue"), "admin:queue")]
        if writes_mail_to_files():
            pages.append(page(_("Mail written (development)"), "admin:mails"))
        requests = {
            "name": _("Consultation requests"),
            "app_label": "appointments",
            "app_url": reverse("admin:queue"),
            "has_module_perms": True,
            "models": pages,
        }
        return [requests, *apps]

    def mails(self, request):
        names = [{"name": file.name, "subject": read(file)["subject"]} for file in mail_files(request)[:MAILS_SHOWN]]
        context = {**self.each_context(request), "title": _("Mail written in development"), "mails": names}
        return TemplateResponse(request, "admin/mails.html", context)

    def mail(self, request, name):
        file = next((file for file in mail_files(request) if file.name == name), None)
        if file is None:
            raise Http404
        message = read(file)
        context = {**self.each_context(request), "title": message["subject"], "message": message}
        context["body"] = message.get_body(("plain",)).get_content()
        context["headers"] = [(header, message[header]) for header in ("From", "To", "Subject", "Date", "Message-ID")]
        return TemplateResponse(request, "admin/mail.html", context)


def page(name, view):
    return {
        "name": name,
        "object_name": view,
        "admin_url": reverse(view),
        "view_only": True,
        "perms": {},
        "add_url": None,
    }


def writes_mail_to_files():
    return settings.EMAIL_BACKEND == "clinic.mail.EmlFiles"


def mail_files(request):
    if not (writes_mail_to_files() and request.user.has_perm(TRIAGE)):
        raise PermissionDenied
    return sorted(Path(settings.MAIL_DIR).glob("*.eml"), reverse=True)


def read(file):
    return message_from_bytes(file.read_bytes(), policy=modern)
