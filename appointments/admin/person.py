"""One person's data, for the owner: what we hold about them, as a file for them, and its erasure.

Everything is sent by POST, so that no address holds a contact. The person is found only by a whole one.
"""

from functools import wraps

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

from appointments import keeping
from appointments.models import ConsultationRequest
from appointments.names import words_of
from appointments.people import for_owner
from clinic import audit
from clinic.models import AuditAction, Heartbeat

from .held import about, in_sections
from .search import MOST_LETTERS, Unsearchable, looks_like_a_number, whole_email, whole_number

PAGE = "admin/appointments/person.html"
IDENTITY = [
    ("called_back", _("We called them on the number that they gave us before")),
    ("wrote", _("They wrote from the address that they gave us before")),
    ("came", _("They came and showed who they are")),
    ("represented", _("Somebody who may act for them showed so")),
]
REASONS = [
    ("asked", _("The person asked for it")),
    ("order", _("A court or an authority orders it")),
    ("mistake", _("It was sent by mistake, or as a test")),
]


class PersonForm(forms.Form):
    """For which of the requests that were found, and how we know who asks."""

    use_required_attribute = False

    term = forms.CharField(max_length=MOST_LETTERS, widget=forms.HiddenInput)
    reference = forms.MultipleChoiceField(
        label=_("Requests"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick one or more requests.")},
    )
    identity = forms.ChoiceField(label=_("How you know who asks"), choices=[("", "–"), *IDENTITY])
    reason = forms.ChoiceField(label=_("Why"), choices=[("", "–"), *REASONS])
    checked = forms.BooleanField(
        label=_("I have checked that this is the person, and not somebody with the same phone")
    )

    def __init__(self, *args, rows, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reference"].choices = [
            (row.reference, f"{row.reference} · {row.statement.full_name} · {row.get_status_display()}") for row in rows
        ]
        # A phone may be a family's: where there is more than one name, whoever asks is ticked by hand.
        self.is_of_several = len({tuple(words_of(row.statement.full_name)) for row in rows}) > 1
        self.fields["reference"].initial = [] if self.is_of_several else [row.reference for row in rows]
        self.rows = rows

    @property
    def chosen(self):
        return [row for row in self.rows if row.reference in self.cleaned_data["reference"]]

    @property
    def recorded(self):
        return {name: self.cleaned_data[name] for name in ("identity", "reason")}


def sent(view):
    """For a view that is given what was sent, complete; anybody else gets the page where it is asked for."""

    @for_owner
    @wraps(view)
    def wrapper(request):
        at = timezone.now()
        if request.method != "POST":
            return redirect("admin:person")
        rows, problem = found(request.POST.get("term", "").strip())
        form = PersonForm(request.POST, rows=rows)
        return (
            view(request, form, at=at) if rows and form.is_valid() else show_person(request, rows, problem, form, at=at)
        )

    return wrapper


@for_owner
def person(request):
    term = request.POST.get("term", "").strip()
    rows, problem = found(term) if term else ([], "")
    return show_person(request, rows, problem, PersonForm(rows=rows, initial={"term": term}), at=timezone.now())


def found(term):
    """Every request of whoever is or was reached there that holds a word yet; and what is wrong with the term."""
    try:
        if "@" in term:
            contact = {"email": whole_email(term)}
        elif looks_like_a_number(term):
            contact = {"phone": whole_number(term)}
        else:
            raise Unsearchable(_("Write a whole e-mail address or a whole phone number."))
    except Unsearchable as refusal:
        return [], str(refusal)
    rows = ConsultationRequest.objects.of_whoever(**contact).unerased().select_related("statement", "tip__live")
    return list(rows.order_by("-submitted_at", "-pk")), _("Nobody was found.")


@transaction.atomic
def show_person(request, rows, problem, form, *, at):
    """A search is recorded whatever it finds, and so is what it shows."""
    term = request.POST.get("term", "").strip()
    if term:
        references = [row.reference for row in rows]
        audit.record(AuditAction.SEARCHED, by=request.user, at=at, term=audit.fingerprint(term), references=references)
    context = {
        **admin.site.each_context(request),
        "title": _("One person’s data"),
        "is_refused": bool(rows and form.errors),
        "term": term[:MOST_LETTERS],
        "problem": "" if rows else problem,
        "form": form if rows else None,
        "purged": Heartbeat.objects.filter(name=keeping.PURGE).first(),
    }
    return TemplateResponse(request, PAGE, context)


@sent
@transaction.atomic
def access_file(request, form, *, at):
    """The file for the person: to read, or for a program."""
    kind = "json" if request.POST.get("kind") == "json" else "html"
    held = [about(each) for each in form.chosen]
    if kind == "json":
        facts = {"made_at": at.isoformat(), "requests": held}
        response = JsonResponse(facts, json_dumps_params={"ensure_ascii": False, "indent": 2})
    else:
        facts = {"at": at, "requests": [each | {"sections": in_sections(each)} for each in held]}
        response = HttpResponse(render_to_string("admin/appointments/access_file.html", facts))
    for each in form.chosen:
        audit.record(
            AuditAction.EXPORTED, by=request.user, at=at, reference=each.reference, format=kind, **form.recorded
        )
    response["Content-Disposition"] = f'attachment; filename="access-file-{at:%Y-%m-%d}.{kind}"'
    add_never_cache_headers(response)
    return response


@sent
def erase(request, form, *, at):
    """What will be erased, once more, before it is; and then the receipt, which names nobody."""
    is_sure = bool(request.POST.get("sure"))
    chosen = form.chosen
    erased = keeping.erase(chosen, at=at, by=request.user, **form.recorded) if is_sure else []
    context = {
        **admin.site.each_context(request),
        "title": _("Erased") if is_sure else _("Erase for good?"),
        "form": form,
        "is_sure": is_sure,
        "at": at,
        "chosen": chosen,
        "erased": erased,
        "moved": [each.reference for each in chosen if each.reference not in erased] if is_sure else [],
    }
    return TemplateResponse(request, "admin/appointments/person_erase.html", context)
