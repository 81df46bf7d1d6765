"""Reports for the owner: how many came, from where, how soon they were answered and what became of them.

Numbers of people are in bundles of five (docs/decisions/0019), of whole weeks that are over.
"""

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from appointments.models import WeekCount
from appointments.people import for_owner
from clinic import audit
from clinic.models import AuditAction
from clinic.sheets import sheet

from .period import OFFERED, PeriodForm, last_weeks
from .tables import TITLES, tables

REASONS = [
    ("meeting", _("To talk about it here in the clinic")),
    ("books", _("For the books, or whoever advises us")),
    ("authority", _("An authority or an insurer asks for it")),
]


class ExportForm(PeriodForm):
    """Which table, of which period, and what for."""

    since = forms.DateField(required=False, widget=forms.HiddenInput)
    until = forms.DateField(required=False, widget=forms.HiddenInput)
    table = forms.ChoiceField(label=_("Table"), choices=TITLES.items())
    reason = forms.ChoiceField(label=_("What for"), choices=[("", "–"), *REASONS])

    def __init__(self, *args, **kwargs):
        # The page has a form of the same fields above this one.
        super().__init__(*args, auto_id="export_%s", **kwargs)


@require_safe
@for_owner
def reports(request):
    at = timezone.now()
    form = PeriodForm(request.GET)
    period = form.period(today=timezone.localdate(at))
    return show_reports(request, period, at=at, form=form if form.errors else None)


@for_owner
@transaction.atomic
def export(request):
    """One table as a file for a spreadsheet. Whoever comes by a link finds the page."""
    at = timezone.now()
    if request.method != "POST":
        return redirect("admin:reports")
    form = ExportForm(request.POST)
    period = form.period(today=timezone.localdate(at))
    if not form.is_valid():
        # The form is some screens below.
        form_below = format_html('<a href="#report-export">{}</a>', _("A table as a file"))
        messages.error(request, format_html(_("No file was made. Please look again at {form}."), form=form_below))
        return show_reports(request, period, at=at, export=form)
    name = form.cleaned_data["table"]
    table = next(each for each in tables(period) if each.name == name)
    response = HttpResponse(sheet(table.head, table.rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{period.first}-{period.until}.csv"'
    add_never_cache_headers(response)
    reason = form.cleaned_data["reason"]
    audit.record(AuditAction.EXPORTED, by=request.user, at=at, report=name, reason=reason, **recorded(period))
    return response


def recorded(period):
    return {"since": period.first.isoformat(), "until": period.until.isoformat()}


@transaction.atomic
def show_reports(request, period, *, at, form=None, export=None):
    """That it was looked at is recorded before it is shown. A form is given where it has to be looked at again."""
    today = timezone.localdate(at)
    asked = {"since": period.first, "until": period.until}
    counted = WeekCount.objects.last_counted()
    context = {
        **admin.site.each_context(request),
        "title": _("Reports"),
        "is_refused": bool(form or export),
        "form": form or PeriodForm(initial=asked),
        "period": period,
        "offered": [(last_weeks(weeks, today=today), label) for weeks, label in OFFERED],
        "is_behind": counted is None or counted < period.last,
        "tables": tables(period),
        "export": export or ExportForm(initial=asked),
    }
    audit.record(AuditAction.LISTED, by=request.user, at=at, report="all", **recorded(period))
    return TemplateResponse(request, "admin/appointments/reports.html", context)
