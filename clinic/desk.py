"""The desk: the admin site with the triage queue in front, for those who triage."""

from allauth.account.views import password_change
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.admin import register_hours, request_urls
from appointments.admin.queue import overview
from appointments.people import OVERSEE, TRIAGE
from tips.admin import article_urls, register_articles
from tips.admin.article import ArticleAdmin
from tips.models import EDIT, REVIEW

from . import opening
from .admin_audit import audit_urls
from .admin_opening import opening_urls
from .desk_mail import mail_urls, writes_mail_to_files
from .models import Subject
from .recorded import Recorded
from .secondsave import SecondReadsFirst
from .visits import go_on, sign_out

# Stock addresses to which nothing of ours leads. The first takes anybody at the desk to the page of any row, and for a
# link to a preview that page is its secret.
UNUSED = {"view_on_site", "autocomplete", "password_change_done"}


class OfferedFilters:
    """A list answers to the filters that lists offer; any other comparison was written into its address by hand."""

    def lookup_allowed(self, lookup, value, request=None):
        field, *rest = lookup.split("__")
        is_offered = field in self.get_list_filter(request) and (not rest or rest[-1] in {"exact", "isnull"})
        return is_offered and super().lookup_allowed(lookup, value, request)


class ClinicAdminSite(AdminSite):
    """The stock admin, with pages of our own that are not one model's."""

    site_title = _("Front desk")
    site_header = _("Front desk")
    index_title = _("Front desk")
    index_template = "admin/front.html"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Not by Django's own search for admin modules: theirs is read for the addresses, before there is a site.
        register_hours(self)
        register_articles(self)

    def get_urls(self):
        return [
            *request_urls(self),
            path("go-on/", self.admin_view(go_on), name="go_on"),
            *audit_urls(self),
            *opening_urls(self),
            *mail_urls(self),
            *article_urls(self),
            *[each for each in super().get_urls() if getattr(each, "name", "") not in UNUSED],
        ]

    def register(self, model_or_iterable, admin_class, **options):
        # Of an article the second reads the whole of both texts.
        added = [Recorded, OfferedFilters, *([] if issubclass(admin_class, ArticleAdmin) else [SecondReadsFirst])]
        offered = type(admin_class.__name__, (*added, admin_class), {})
        super().register(model_or_iterable, offered, **options)

    def each_context(self, request):
        return super().each_context(request) | {"writes_mail_to_files": writes_mail_to_files()}

    def login(self, request, extra_context=None):
        """Sign-in is allauth's, in the clinic's look."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(self, request, extra_context=None):
        return sign_out(request)

    def password_change(self, request, extra_context=None):
        return password_change(request)

    def index(self, request, extra_context=None):
        """Owners have this page; everybody else's work has one of its own."""
        is_owner = request.user.has_perm(OVERSEE)
        if request.user.has_perm(TRIAGE) and not is_owner:
            return redirect("admin:queue")
        if not is_owner and (request.user.has_perm(EDIT) or request.user.has_perm(REVIEW)):
            return redirect("admin:tips_desk")
        of_requests = {"overview": overview(at=timezone.now())} if request.user.has_perm(TRIAGE) else {}
        not_ready = opening.missing(at=timezone.now()) if is_owner else []
        return super().index(request, of_requests | {"not_ready": not_ready} | (extra_context or {}))

    def get_app_list(self, request, app_label=None):
        """The registered models, and before them the pages that are not one model's."""
        apps = super().get_app_list(request, app_label)
        if app_label:
            return apps
        triages = request.user.has_perm(TRIAGE)
        screen = page(_("Safety screen"), "admin:approve", Subject.SAFETY)
        for app in apps:
            if app["app_label"] == "tips":
                app["models"].insert(0, page(_("What is in work"), "admin:tips_desk"))
                # Reviewers stand for it as well, and find no list about requests.
                if not triages and opening.may_approve(request.user, Subject.SAFETY):
                    app["models"].append(screen)
            if app["app_label"] == "clinic" and request.user.has_perm(OVERSEE):
                app["models"].append(page(_("Is everything ready?"), "admin:opening"))
                app["models"].append(page(_("Reports"), "admin:reports"))
                app["models"].append(page(_("Who looked"), "admin:audit"))
                app["models"].append(page(_("One person’s data"), "admin:person"))
        if not triages:
            return apps
        hours = [model for app in apps if app["app_label"] == "appointments" for model in app["models"]]
        pages = [page(_("Queue"), "admin:queue"), page(_("Calendar"), "admin:calendar"), *hours, screen]
        if writes_mail_to_files():
            pages.append(page(_("Mail written (development)"), "admin:mails"))
        requests = {
            "name": _("Consultation requests"),
            "app_label": "appointments",
            "app_url": reverse("admin:queue"),
            "models": pages,
        }
        return [requests, *(app for app in apps if app["app_label"] != "appointments")]


def page(name, view, *args):
    return {
        "name": name,
        "object_name": view,
        "admin_url": reverse(view, args=args),
        "view_only": True,
    }
