"""Looking for a request: by its reference, by a whole phone number or e-mail address, or by how a name begins."""

import re

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import to_python as phone_number

from appointments.models import ConsultationRequest
from appointments.names import words_of
from appointments.people import for_triage
from clinic import audit
from clinic.models import AuditAction

from .rows import rows_of

MOST_FOUND = 50
# As long as an e-mail address may be; a name is shorter.
MOST_LETTERS = 254
FEWEST_BYTES, MOST_WORDS = 2, 6
REFERENCE = re.compile(r"(?:CR[-\s]?)?([A-Z0-9]{6})", re.ASCII)
NOT_OF_A_NUMBER = re.compile(r"\btel\b|\bext\b|x", re.IGNORECASE)


class Unsearchable(Exception):
    """What was typed is nothing that can be looked for; the sentence says what can."""


@for_triage
def search(request):
    """By POST, so that no address holds what was looked for. Whoever arrives by a link finds the queue."""
    term = request.POST.get("term", "").strip()
    if not term:
        return redirect("admin:queue")
    return look_up(request, term, at=timezone.now())


@transaction.atomic
def look_up(request, term, *, at):
    """What was found, newest first. The search is recorded whatever it finds, and so is what it shows."""
    ids, problem = [], ""
    reference = reference_of(term)
    if not reference:
        try:
            found = requests_of(term).order_by("-submitted_at", "-pk")
            ids = list(found.values_list("pk", flat=True)[: MOST_FOUND + 1])
        except Unsearchable as refusal:
            problem = str(refusal)
    shown = rows_of(ids[:MOST_FOUND], at=at)
    references = [reference] if reference else [row.reference for row in shown]
    audit.record(AuditAction.SEARCHED, by=request.user, at=at, term=audit.fingerprint(term), references=references)
    if reference:
        return redirect("admin:consultation", reference)
    context = {
        **admin.site.each_context(request),
        "title": _("Search"),
        "term": term[:MOST_LETTERS],
        "problem": problem,
        "rows": shown,
        "more": len(ids) > MOST_FOUND,
    }
    return TemplateResponse(request, "admin/appointments/search.html", context)


def reference_of(term):
    """The request's reference, where one has it: six such letters may also be a name."""
    if not (typed := REFERENCE.fullmatch(term.upper())):
        return None
    reference = f"CR-{typed[1]}"
    return reference if ConsultationRequest.objects.filter(reference=reference).exists() else None


def requests_of(term):
    """The requests of whoever is reached there or is called so. Raises `Unsearchable`."""
    if len(term) > MOST_LETTERS:
        raise Unsearchable(_("That is too long. Write a reference, a phone number, an e-mail address or a name."))
    if term.upper().startswith("CR-"):
        raise Unsearchable(_("No request has the reference %s.") % term.upper())
    if "@" in term:
        return ConsultationRequest.objects.by_contact(email=whole_email(term))
    if looks_like_a_number(term):
        return ConsultationRequest.objects.by_contact(phone=whole_number(term))
    words = words_of(term)
    if not words or max(len(word.encode()) for word in words) < FEWEST_BYTES:
        raise Unsearchable(_("Write at least two letters of a name."))
    return ConsultationRequest.objects.by_name(" ".join(words[:MOST_WORDS]), most=MOST_FOUND + 1)


def whole_email(term):
    try:
        validate_email(term)
    except ValidationError:
        raise Unsearchable(_("Write the whole e-mail address, such as name@example.com.")) from None
    return term


def looks_like_a_number(term):
    rest = NOT_OF_A_NUMBER.sub("", term)
    return any(letter.isdecimal() for letter in rest) and not any(letter.isalpha() for letter in rest)


def whole_number(term):
    number = phone_number(term)
    if not number or not number.is_valid():
        raise Unsearchable(_("Write the whole phone number with its area code, such as (407) 555-0123."))
    return number
