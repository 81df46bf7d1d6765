"""Who looked, for the owner: the record of what was seen and done, newest first, to be read and never changed."""

from datetime import datetime, time, timedelta

from django import forms
from django.contrib import admin
from django.template.response import TemplateResponse
from django.urls import path, resolve
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from appointments.admin.acts import ACTS as ACTS_ON_REQUESTS
from appointments.people import for_owner
from tips.admin.acts import ACTS as ACTS_ON_TEXTS

from . import audit
from .models import AuditAction, AuditEntry, User

ROWS = 50


class Sought(forms.Form):
    """What the list is narrowed to. The reference has a shape, so that nobody looks here for a patient's name."""

    use_required_attribute = False

    by = forms.ModelChoiceField(
        User.objects.order_by("display_name", "username"), label=_("Person"), required=False, empty_label=_("Anybody")
    )
    action = forms.ChoiceField(label=_("What"), choices=[("", _("Anything")), *AuditAction.choices], required=False)
    reference = forms.RegexField(
        r"^(CR-[A-Z0-9]{6}|[a-z]{1,30} \d{1,9})\Z",
        label=_("Reference"),
        required=False,
        help_text=_("Such as CR-7KQ2M9, or user 7"),
        error_messages={"invalid": _("Write a reference such as CR-7KQ2M9, or a kind and number such as user 7.")},
    )
    day = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput)

    def narrowed(self):
        """The rows, newest first; where something typed makes no sense, that alone narrows nothing."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        rows = AuditEntry.objects.select_related("by").order_by("-pk")
        if "before" in given:
            rows = rows.filter(pk__lt=given["before"])
        if "day" in given:
            start = timezone.make_aware(datetime.combine(given["day"], time.min))
            end = timezone.make_aware(datetime.combine(given["day"] + timedelta(days=1), time.min))
            rows = rows.filter(at__gte=start, at__lt=end)
        return rows.filter(**{name: given[name] for name in ("by", "action", "reference") if name in given})

    def asked(self):
        """The filters as the address of a page has them."""
        kept = {"by": getattr(self.cleaned_data.get("by"), "pk", "")}
        kept |= {name: self.cleaned_data.get(name) or "" for name in ("action", "reference")}
        day = self.cleaned_data.get("day")
        return {name: value for name, value in {**kept, "day": day.isoformat() if day else ""}.items() if value}


@require_safe
@for_owner
def show(request):
    """The list. That it was looked at is recorded before it is shown, and so stands on top of the next one."""
    form = Sought(request.GET)
    form.is_valid()
    found = list(form.narrowed()[: ROWS + 1])
    rows, asked = found[:ROWS], form.asked()
    audit.record(AuditAction.LISTED, by=request.user, at=timezone.now(), rows=len(rows), sought=asked)
    names = names_of_pages(request)
    following = {**asked, "before": rows[-1].pk} if len(found) > ROWS else {}
    context = {
        **admin.site.each_context(request),
        "title": _("Who looked"),
        "form": form,
        "rows": [
            {"entry": entry, "detail": in_words(entry), "page": page_in_words(entry.route, names)} for entry in rows
        ],
        "is_narrowed": bool(asked),
        "is_later_page": bool(form.cleaned_data.get("before")),
        "first": urlencode(asked),
        "next": urlencode(following) if following else "",
    }
    return TemplateResponse(request, "admin/audit.html", context)


def names_of_pages(request):
    """What the desk's menu calls them, by their routes; the routes of one model's pages begin alike."""
    pages = [page for app in admin.site.get_app_list(request) for page in app["models"]]
    in_menu = {resolve(page["admin_url"]).view_name.removesuffix("_changelist"): page["name"] for page in pages}
    return in_menu | {"admin:consultation": _("Page of a request"), "admin:approve": _("Read and approve")}


def page_in_words(route, names):
    """One that the menu does not have is shown by its route."""
    known = names.get(route) or names.get(route.rpartition("_")[0])
    return known or route.removeprefix("admin:").replace("_", " ")


def in_words(entry):
    """Names and values: short words and references all of them. An act is told by the words on its button."""
    acts = ACTS_ON_REQUESTS if entry.reference.startswith("CR-") else ACTS_ON_TEXTS
    detail = entry.detail
    if detail.get("act") in acts:
        detail = detail | {"act": f"“{acts[detail['act']].button}”"}
    return [
        (name.replace("_", " "), value_in_words(value))
        for name, value in sorted(detail.items())
        if value not in ([], {})
    ]


def value_in_words(value):
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {of}" for name, of in sorted(value.items()))
    return {True: _("yes"), False: _("no")}.get(value, value) if isinstance(value, bool) else value


def audit_urls(site):
    return [path("audit/", site.admin_view(show), name="audit")]
