from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.models import ClinicSettings
from clinic.sealing import BrokenSeal, seal, unseal
from tips.models import Tip

from .draft import SEALED_SECONDS, SESSION_KEY, Draft
from .forms import SCREEN, STEPS, AnswerForm
from .models import OPEN, ConsultationRequest, RequestStatus, StoppedVisit, TransitionNotAllowed, Urgency
from .models.request import answer_due
from .safety import Level, Outcome

# What staff read of a refusal names people and inner states; a patient reads this.
MOVED_ON = _("Your request has moved on in the meantime, so nothing was changed. If you need us, please call.")
CHANGED = _(
    "You have sent %(reference)s already, and your answers have changed since. Nothing more is sent yet: press the "
    "button to send them as a new request."
)
PAGES = [*STEPS, "check"]
STOP_SEAL = "stop page"
SENT_KEY = "consultation_sent"
TOO_OLD = _(
    "This page was open for a while, so we could not be sure it was yours. Nothing is lost: press the button again."
)


@require_safe
def start(request):
    now = timezone.now()
    clinic = ClinicSettings.current()
    return render(
        request,
        "appointments/start.html",
        {"tip": slugify(request.GET.get("tip", ""))[:80], "answer_by": answer_due(clinic, Urgency.ROUTINE, now)},
    )


@method_decorator(never_cache, name="dispatch")
class StepPage(View):
    """One page of questions: shown with what was answered before, kept when every answer is good."""

    def get(self, request, step):
        draft = Draft.of(request)
        draft.tip = slugify(request.GET.get("tip", draft.tip))[:80]
        if missing := draft.first_unanswered(before=step):
            return redirect("consultation:step", missing)
        form = draft.form(step)
        if not form.is_valid():
            form = draft.empty_form(step)
        return show_step(request, step, draft, form)

    def post(self, request, step):
        draft = Draft.of(request)
        form = draft.form(step, request.POST)
        if not form.is_valid():
            if step == "safety" and form.stops:
                return stop(request, draft, form.ticked())
            return show_step(request, step, draft, form)
        draft.take(step, request.POST)
        draft.keep(request)
        if missing := draft.first_unanswered(before=step):
            return redirect("consultation:step", missing)
        if step == "urgent" and draft.outcome() is Outcome.ADVISE:
            return redirect("consultation:advice")
        if "change" in request.GET:
            return redirect("consultation:check")
        return redirect(address_of(after(step, draft)))


def after(step, draft):
    """The next page; straight to the last one for somebody who was screened again on the way."""
    if step == "urgent" and draft.first_unanswered() is None:
        return "check"
    return PAGES[PAGES.index(step) + 1]


def show_step(request, step, draft, form, *, status=200, note=""):
    number = PAGES.index(step) + 1
    back = (
        address_of("check")
        if "change" in request.GET
        else address_of(PAGES[number - 2])
        if number > 1
        else address_of("start")
    )
    context = {
        "form": form,
        "step": step,
        "carried": draft.sealed(),
        "number": number,
        "count": len(PAGES),
        "back": back,
        "note": note,
        "after_screen": step == "problem",
    }
    return render(request, "appointments/step.html", context, status=status)


def stop(request, draft, ticked):
    """Send the person to emergency care. Nothing about them is kept here: only that it happened, by day."""
    for key in (SESSION_KEY, SENT_KEY):
        request.session.pop(key, None)
    StoppedVisit.objects.count_one(on=timezone.localdate())
    draft.forget_signs()
    carried = seal(draft.as_dict() | {"ticked": ticked}, purpose=STOP_SEAL)
    return private(render(request, "appointments/stop.html", {"stopped": carried}))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stopped(request):
    """The way on from the stop page: chosen by mistake, or already been seen for this."""
    try:
        facts = unseal(request.POST.get("stopped", ""), purpose=STOP_SEAL, max_age=SEALED_SECONDS)
    except BrokenSeal:
        return redirect("consultation:step", "safety")
    ticked = facts.pop("ticked")
    draft = Draft(**facts)
    if "seen" not in request.POST:
        draft.keep(request)
        return redirect("consultation:step", "safety")
    draft.seen = ticked
    draft.answers["safety"] = {"emergency_signs": ticked}
    draft.keep(request)
    return redirect("consultation:step", "urgent")


@never_cache
@require_safe
def advice(request):
    draft = Draft.of(request)
    if missing := draft.first_unanswered(before="problem"):
        return redirect("consultation:step", missing)
    said = draft.said(["safety", "urgent"])
    signs = SCREEN.named(said["emergency_signs"] + said["urgent_signs"])
    now = timezone.now()
    context = {
        "is_today": any(item.level is not Level.DAYS for item in signs) or not signs,
        "answer_by": answer_due(ClinicSettings.current(), Urgency.URGENT, now),
        "next": address_of(after("urgent", draft)),
    }
    return private(render(request, "appointments/advice.html", context))


def address_of(page):
    return reverse(f"consultation:{page}") if page in {"start", "check"} else reverse("consultation:step", args=[page])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request):
    draft = Draft.of(request)
    if missing := draft.first_unanswered():
        if request.method == "POST":
            draft.keep(request)
        return redirect("consultation:step", missing)
    if request.method != "POST":
        return show_check(request, draft)
    now = timezone.now()
    said = draft.said()
    region = said.pop("region")
    said["safety_version"] = SCREEN.version
    said["safety"] = {
        "emergency": said.pop("emergency_signs"),
        "urgent": said.pop("urgent_signs"),
        "seen": draft.seen,
    }
    sent_before = ConsultationRequest.objects.for_form(draft.key)
    if sent_before and (sent_before.region != region or sent_before.statement.differs_from(said)):
        draft.begin_anew()
        return show_check(request, draft, note=CHANGED % {"reference": sent_before.reference})
    consultation = ConsultationRequest.objects.submit(
        form_key=draft.key,
        region=region,
        urgency=Urgency.URGENT if draft.outcome() is Outcome.ADVISE else Urgency.ROUTINE,
        tip=Tip.objects.published(at=now).filter(slug=draft.tip).order_by("-kind").first(),
        said=said,
        at=now,
    )
    request.session.pop(SESSION_KEY, None)
    request.session[SENT_KEY] = consultation.reference
    return redirect("consultation:sent")


def show_check(request, draft, *, status=200, note=""):
    forms = {step: draft.form(step) for step in STEPS}
    for form in forms.values():
        form.is_valid()
    context = {"forms": forms, "carried": draft.sealed(), "number": len(PAGES), "count": len(PAGES), "note": note}
    return render(request, "appointments/check.html", context, status=status)


def shown_again(request):
    """The page whose token had expired, with everything that was typed, one press from going on."""
    if token := request.resolver_match.kwargs.get("token"):
        if request.resolver_match.url_name == "status_withdraw":
            return show_withdraw(request, for_patient(token), status=403, note=TOO_OLD)
        return show_status(request, for_patient(token), AnswerForm(request.POST), status=403, note=TOO_OLD)
    draft = Draft.of(request)
    if step := request.resolver_match.kwargs.get("step"):
        return show_step(request, step, draft, draft.form(step, request.POST), status=403, note=TOO_OLD)
    if missing := draft.first_unanswered():
        return redirect("consultation:step", missing)
    return show_check(request, draft, status=403, note=TOO_OLD)


@never_cache
@require_safe
def sent(request):
    consultation = ConsultationRequest.objects.filter(reference=request.session.get(SENT_KEY, "")).first()
    if consultation is None:
        return redirect("consultation:start")
    return private(render(request, "appointments/sent.html", {"consultation": consultation}))


def for_patient(token):
    """The request behind a patient's own link; whoever holds the link may see its status and nothing else."""
    consultation = ConsultationRequest.objects.for_link(token)
    if consultation is None:
        raise Http404
    return consultation


def private(response):
    """Not indexed; the site-wide policy already keeps the address from every other site.

    "no-referrer" would do so too, but it makes browsers send `Origin: null` with our own forms, which CSRF refuses.
    """
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def show_status(request, consultation, form=None, *, status=200, note=""):
    question = None
    if consultation.status == RequestStatus.NEEDS_INFO:
        question = consultation.questions.filter(answered_at__isnull=True).last()
    context = {
        "consultation": consultation,
        "question": question,
        "form": form or AnswerForm(),
        # The sender of what was taken for spam sees the usual page.
        "status": RequestStatus.NEW if consultation.status == RequestStatus.SPAM else consultation.status,
        "is_open": consultation.status in OPEN,
        "booked": consultation.times.booked().first() if consultation.status == RequestStatus.BOOKED else None,
        "note": note,
    }
    return private(render(request, "appointments/status.html", context, status=status))


@never_cache
@require_safe
def status(request, token):
    return show_status(request, for_patient(token))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request, token):
    consultation = for_patient(token)
    form = AnswerForm(request.POST or None)
    if request.method != "POST":
        return redirect("status", token)
    if not form.is_valid():
        return show_status(request, consultation, form)
    try:
        consultation.answer(text=form.cleaned_data["answer"], at=timezone.now())
    except TransitionNotAllowed:
        return show_status(request, for_patient(token), form, status=409, note=MOVED_ON)
    messages.success(request, _("Thank you. Your therapist has your answer."))
    return private(redirect("status", token))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request, token):
    consultation = for_patient(token)
    if request.method != "POST":
        return show_withdraw(request, consultation)
    try:
        consultation.withdraw(at=timezone.now())
    except TransitionNotAllowed:
        messages.error(request, MOVED_ON)
    else:
        messages.success(request, _("Your request is withdrawn."))
    return private(redirect("status", token))


def show_withdraw(request, consultation, *, status=200, note=""):
    context = {"consultation": consultation, "is_open": consultation.status in OPEN, "note": note}
    return private(render(request, "appointments/withdraw.html", context, status=status))
