"""The clinic's settings at the desk: each with what it is for, and with the public pages as they would read."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from appointments.models import Urgency, answer_due
from appointments.reasons import REASONS
from appointments.views.pages import why_closed

from .models import ClinicSettings
from .views import notice_is_approved, on_home_page

HELP = {
    "name": _("On every page, as the sender of every mail, and in patients’ calendars."),
    "tagline": _("The large line on the home page; the name stands there without one."),
    "phone": _("Wherever something may go wrong, and in every mail. Patients tap it to call."),
    "address": _("At the foot of every page and mail, and as the place of a visit."),
    "zone": _("All times are shown in it, and all hours counted, such as America/New_York."),
    "emergency_number": _("What the button of the stop page calls."),
    "emergency_words": _("The first words of the stop page and of the “get help now” card, and in mails to patients."),
    "urgent_care_words": _("Where somebody goes today who need not call an ambulance: on the page of medical advice."),
    "crisis_words": _("On the stop page and the card. Empty leaves it out."),
    "complimentary": _("What a first consultation costs and means: on the home page, the form’s first page and below each tip."),
    "offers_clinic": _("Patients choose among the ways that are ticked."),
    "video_words": _("In the mails about a booked time and on the patient’s own page: such as an address to open."),
    "urgent_reply_hours": _("Counted in opening hours. Therapists see when it ends; past it, you are told."),
    "reply_days": _("Counted in open days. The form’s first page, its last one and the first mail say until when."),
    "hold_hours": _("How long a patient may choose among offered times before they are free again."),
    "visit_minutes": _("How much of a therapist’s day one visit takes."),
    "pause_words": _("On the form’s first page while it is closed."),
    "is_demo": _("A banner on every page says that the content is a sample."),
}  # fmt: skip
SENTENCES = ["emergency_words", "urgent_care_words", "crisis_words", "complimentary", "video_words", "pause_words"]
PAGES = {
    "home": (_("Home page"), "clinic/home.html"),
    "start": (_("First page of the form"), "appointments/start.html"),
    "stop": (_("Stop page"), "appointments/stop.html"),
    "privacy": (_("Privacy notice"), "clinic/privacy.html"),
}


class SettingsForm(forms.ModelForm):
    class Meta:
        help_texts = HELP
        widgets = {name: forms.Textarea(attrs={"rows": 2, "cols": 80}) for name in SENTENCES}

    def clean(self):
        """Sentences have room to be read, and are still one paragraph each."""
        facts = super().clean()
        is_about_video = {"offers_video", "video_words"} & set(self.changed_data)
        if is_about_video and facts.get("offers_video") and not facts.get("video_words"):
            self.add_error("video_words", _("Say how, or patients with a booked time do not know where to go."))
        return facts | {name: " ".join(facts[name].split()) for name in SENTENCES if facts.get(name)}


class NothingIsDeleted:
    """People and facts are ended or changed; the record of them stays."""

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(ClinicSettings)
class ClinicSettingsAdmin(NothingIsDeleted, admin.ModelAdmin):
    form = SettingsForm
    change_form_template = "admin/clinic/clinicsettings/form.html"
    fieldsets = [
        (_("The clinic"), {"fields": ["name", "tagline", "phone", "address", "zone"]}),
        (
            _("In an emergency"),
            {"fields": ["emergency_number", "emergency_words", "urgent_care_words", "crisis_words"]},
        ),
        (
            _("What we offer"),
            {"fields": ["complimentary", "offers_clinic", "offers_phone", "offers_video", "video_words"]},
        ),
        (_("What we promise"), {"fields": ["urgent_reply_hours", "reply_days", "hold_hours", "visit_minutes"]}),
        (
            _("What is kept"),
            {
                "fields": ["keep_met_days", "keep_unmet_days", "keep_spam_days", "keep_mail_days"],
                "description": _(
                    "Counted from the end of a request; then it is erased. The privacy page says the same."
                ),
            },
        ),
        (_("Pause"), {"fields": ["is_paused", "pause_words"]}),
        (None, {"fields": ["is_demo"]}),
    ]

    def has_add_permission(self, request):
        return False

    def get_urls(self):
        preview = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/<slug:page>/", preview, name="settings_preview"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        if self.has_change_permission(request) and not ClinicSettings.objects.exists():
            ClinicSettings().save()
        return redirect("admin:clinic_clinicsettings_change", 1)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        pages = {name: title for name, (title, _template) in PAGES.items()}
        return super().changeform_view(request, object_id, form_url, {"pages": pages, **(extra_context or {})})

    def preview(self, request, page):
        """A public page with what is typed and not saved yet: exactly as visitors would see it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if page not in PAGES:
            raise Http404
        title, template = PAGES[page]
        form = self.get_form(request)(request.POST, instance=ClinicSettings.objects.filter(pk=1).first())
        if not form.is_valid():
            context = {**self.admin_site.each_context(request), "title": title, "form": form}
            return TemplateResponse(request, "admin/clinic/clinicsettings/cannot_show.html", context)
        clinic, at = form.instance.complete(), timezone.now()
        context = {
            "clinic": clinic,
            "closed": why_closed(clinic),
            "reasons": REASONS,
            "is_approved": notice_is_approved(clinic),
            "answer_by": answer_due(clinic, Urgency.ROUTINE, at),
        }
        return render(request, template, on_home_page(clinic, at=at) | context)
