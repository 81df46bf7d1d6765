"""All open requests of somebody who leaves or is away, given to a colleague at once; by an owner."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from appointments.models import ConsultationRequest, TimeTaken, TransitionNotAllowed
from appointments.people import for_owner, therapists
from clinic import audit
from clinic.models import AuditAction

# What one page asks of the database; whoever has more hands over once more.
AT_ONCE = 200


class LeavingForm(forms.Form):
    use_required_attribute = False

    to = forms.ModelChoiceField(label=_("To"), queryset=None, empty_label=_("Choose a colleague"))
    reason = forms.CharField(
        label=_("Why they are handed over"),
        help_text=_("The reason stays with each request; the colleague is told of each."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args, person, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = therapists().exclude(pk=person.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_owner
def leaving(request, pk):
    at = timezone.now()
    person = get_object_or_404(get_user_model(), pk=pk)
    form = LeavingForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_valid():
        count, problems = hand_over_all(person, by=request.user, at=at, **form.cleaned_data)
        if count:
            done = ngettext("%(count)d request is handed over.", "%(count)d requests are handed over.", count)
            to = form.cleaned_data["to"]
            theirs = _("Open requests of %(person)s") % {"person": to}
            link = format_html('<a href="{}">{}</a>', reverse("admin:leaving", args=[to.pk]), theirs)
            messages.success(request, format_html("{} {}", done % {"count": count}, link))
        for reference, problem in problems:
            messages.error(request, f"{reference}: {problem}")
        return redirect("admin:leaving", pk)
    rows = list(of(person)[:AT_ONCE])
    audit.record(AuditAction.LISTED, by=request.user, at=at, references=[row.reference for row in rows])
    context = {
        **admin.site.each_context(request),
        "title": _("Open requests of %(person)s") % {"person": person},
        "person": person,
        "rows": rows,
        "form": form,
    }
    return TemplateResponse(request, "admin/appointments/leaving.html", context)


def of(person):
    return ConsultationRequest.objects.open().filter(assigned_to=person).order_by("submitted_at", "pk")


def hand_over_all(person, *, to, reason, by, at):
    """How many moved, and why others did not: each moves for itself, so that one that cannot holds back no other."""
    count, problems = 0, []
    for consultation in of(person)[:AT_ONCE]:
        try:
            with transaction.atomic():
                consultation.hand_over(to=to, reason=reason, by=by, at=at)
                audit.record(AuditAction.HANDED_OVER, by=by, at=at, reference=consultation.reference, act="hand_over")
        except (TransitionNotAllowed, TimeTaken) as refused:
            problems.append((consultation.reference, refused))
        else:
            count += 1
    return count, problems
