"""The way to a request: the start, a page for each step, the stop page, and the check page."""

import re
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from appointments.draft import SEALED_SECONDS, SESSION_KEY, Draft
from appointments.forms import SCREEN, STEPS
from appointments.models import ConsultationRequest, StoppedVisit, Suspicion, Urgency, answer_due
from appointments.safety import Outcome
from appointments.suspicion import suspicion
from appointments.typos import likely_meant
from clinic import counting, pagecache
from clinic.limits import Limit, network_of
from clinic.models import ClinicSettings
from clinic.packing import Part, answer
from clinic.patience import NO_ANSWER
from clinic.sealing import BrokenSeal, seal, unseal
from clinic.templatetags.frame import made_once
from tips.models import Tip

from .pages import CHANGE, PAGES, SAME_CONTACT, SENT_KEY, TOO_MANY, TOO_OLD, Unlosable, address_of, private, why_closed

FIRST = PAGES[0]
STOP_SEAL = "stop page"
# Where those stand on a page before it is anybody's. No other text of a page has such a letter.
TOKEN_HERE, CARRIED_HERE = "\0token", "\0carried"
# Buttons that lead elsewhere. They bring along what the page carries, which a link would lose with the session.
BACK, EMPTY = "back", "empty"
# In the address of the first page, for whoever had been further.
GONE = "gone"
AN_HOUR = timedelta(hours=1)
# How many pages of questions a network may answer for each request that it may send.
PAGES_PER_SEND = 30
LOST = _(
    "What you typed before is not here any more: we keep it for two hours at most, so please begin again. Nothing was "
    "sent, unless you have seen a reference that begins with CR-."
)
CHANGED = _(
    "You have sent %(reference)s already, and your answers have changed since. Nothing more is sent yet: press the "
    "button to send them as a new request."
)


@require_safe
def start(request):
    now = timezone.now()
    # The promise is told to the minute.
    pagecache.changes_at(request, now.replace(second=0, microsecond=0) + timedelta(minutes=1))
    clinic = ClinicSettings.known()
    context = {
        "tip": slugify(request.GET.get("tip", ""))[:80],
        "answer_by": answer_due(clinic, Urgency.ROUTINE, now),
        "closed": why_closed(clinic),
    }
    return render(request, "appointments/start.html", context)


@method_decorator(never_cache, name="dispatch")
class StepPage(Unlosable):
    """One page of questions: shown with what was answered before, kept when every answer is good."""

    def get(self, request, step):
        if why_closed(ClinicSettings.known()):
            return redirect("consultation:start")
        draft = Draft.of(request, at=timezone.now())
        if "tip" in request.GET:
            draft.tip = slugify(request.GET["tip"])[:80]
        if missing := draft.first_unanswered(before=step):
            return led_back(request, draft, missing)
        if form := draft.form_to_mend(step):
            return show_step(request, step, draft, form)
        if GONE in request.GET and step not in draft.answers:
            return show_step(request, step, draft, draft.form(step), note=LOST)
        if step not in draft.answers and not draft.seen:
            return show_blank(request, step, draft)
        # What was answered and is good no more, such as a way to meet that is not offered now, stays and says why.
        form = draft.form(step)
        if step in draft.left:
            form.errors.clear()
        return show_step(request, step, draft, form)

    def post(self, request, step):
        now = timezone.now()
        draft = Draft.of(request, at=now)
        form = draft.form(step, request.POST)
        if is_emergency(step, form):
            return stop(request, draft, form.ticked())
        if not within_limit(request, "page", PAGES_PER_SEND, at=now):
            if EMPTY in request.POST:
                return redirect(emptying(step, request))
            return show_step(request, step, draft, form, status=429, note=TOO_MANY)
        if request.POST.keys() & {BACK, EMPTY}:
            # Whoever goes back to the last page thinks better of a change: it stands there as it was.
            if CHANGE not in request.GET or EMPTY in request.POST:
                draft.leave(step, request.POST)
            draft.mistaken.pop(step, None)
            draft.keep(request)
            return redirect(emptying(step, request) if EMPTY in request.POST else before(step, request))
        if not form.is_valid():
            # Not in this answer, to which no browser goes back without sending all of it again.
            if not draft.take_mistake(step, request.POST):
                return show_step(request, step, draft, form)
            draft.keep(request)
            return redirect(request.get_full_path())
        if not draft.answers.keys() - draft.left and not request.user.is_authenticated:
            counting.count("begun", on=timezone.localdate(now))
        draft.take(step, request.POST)
        draft.keep(request)
        if why_closed(ClinicSettings.known()):
            return redirect("consultation:start")
        if missing := draft.first_unanswered(before=step):
            return led_back(request, draft, missing)
        if ends_the_screen(step, request, draft) and draft.outcome() is Outcome.ADVISE:
            return redirect("consultation:advice")
        if CHANGE in request.GET:
            return redirect("consultation:check")
        return redirect(address_of(after(step, draft)))

    def shown_again(self, request, step, *, status=403, note=TOO_OLD):
        """The page whose token had expired, with everything that was typed, one press from going on."""
        draft = Draft.of(request, at=timezone.now())
        form = draft.form(step, request.POST)
        if is_emergency(step, form):
            return stop(request, draft, form.ticked())
        return show_step(request, step, draft, form, status=status, note=note)


def is_emergency(step, form):
    """Nothing comes before the stop page: no limit, and no question whose page it was."""
    return step == "safety" and not form.is_valid() and form.stops


def ends_the_screen(step, request, draft):
    """Whether nothing of the screen comes after it: whoever changes only its first page is told of both."""
    return step == "urgent" or (step == "safety" and CHANGE in request.GET and draft.form("urgent").is_valid())


def within_limit(request, what, times, *, at):
    """Whether this visitor's network may do it once more: `times` what it may send in an hour."""
    limit = Limit(what, settings.CONSULTATION_SENDS_PER_HOUR * times, AN_HOUR)
    return limit.take(network_of(request), at=at)


def after(step, draft):
    """The next page; straight to the last one for somebody who was screened again on the way."""
    if step == "urgent" and draft.first_unanswered() is None:
        return "check"
    return PAGES[PAGES.index(step) + 1]


def before(step, request):
    """Where Back leads."""
    if CHANGE in request.GET:
        return address_of("check")
    return address_of(["start", *PAGES][PAGES.index(step)])


def emptying(page, request):
    """Where the form is emptied, which knows the page to come back to."""
    change = f"&{CHANGE}" if CHANGE in request.GET else ""
    return f"{reverse('consultation:empty')}?page={page}{change}"


def show_step(request, step, draft, form, *, status=200, note=""):
    context = step_context(step, form) | {"carried": draft.sealed(), "note": note, "refused": status != 200}
    return render(request, "appointments/step.html", context, status=status)


def show_blank(request, step, draft):
    """A page that the visitor has not answered yet: it says the same to all who come by the same way, and is made once for them."""
    key = step, STEPS[step].differs_by(draft.screened)
    head, middle, tail = made_once(ClinicSettings.current(), key, lambda: blank_parts(request, step, draft))
    token, carried = (Part.as_it_is(own.encode()) for own in (get_token(request), draft.sealed()))
    return answer(request, [head, token, middle, carried, tail])


def blank_parts(request, step, draft):
    """The page around the two things on it that are one visitor's own: the token of its form, and the sealed copy."""
    context = step_context(step, draft.form(step)) | {"csrf_token": TOKEN_HERE, "carried": CARRIED_HERE}
    page = render_to_string("appointments/step.html", context, request)
    return [Part.packed(part.encode()) for part in re.split(f"{TOKEN_HERE}|{CARRIED_HERE}", page)]


def step_context(step, form):
    return {
        "form": form,
        "step": step,
        "number": PAGES.index(step) + 1,
        "count": len(PAGES),
        "after_screen": step == "problem",
    }


def stop(request, draft, ticked):
    """Send the person to emergency care. Nothing about them is kept here: only that it happened, by day."""
    # Without a database there is nothing to empty it in, and this page is the last that may wait for one.
    with suppress(*NO_ANSWER):
        for key in (SESSION_KEY, SENT_KEY):
            request.session.pop(key, None)
        # The page is for everybody; the figure is of people who came here through the questions before.
        now = timezone.now()
        if draft.first_unanswered(before="safety") is None and within_limit(request, "stop", 1, at=now):
            StoppedVisit.objects.count_one(on=timezone.localdate(now))
    draft.forget_signs()
    return show_stop(request, seal(draft.as_dict() | {"ticked": ticked}, purpose=STOP_SEAL))


def show_stop(request, sealed, *, status=200, note=""):
    context = {"stopped": sealed, "note": note}
    return private(render(request, "appointments/stop.html", context, status=status))


@method_decorator(never_cache, name="dispatch")
class WayOn(View):
    """The way on from the stop page: chosen by mistake, or already been seen for this."""

    def get(self, request):
        return redirect("consultation:step", "safety")

    def post(self, request):
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
        asked = {sign.id for sign in draft.form("safety").signs()}
        draft.answers["safety"] = {"emergency_signs": [sign for sign in ticked if sign in asked]}
        draft.keep(request)
        return redirect("consultation:step", "urgent")

    def shown_again(self, request):
        return show_stop(request, request.POST.get("stopped", ""), status=403, note=TOO_OLD)


@method_decorator(never_cache, name="dispatch")
class AdvicePage(Unlosable):
    """What to do before the request goes on. Whoever calls a doctor first comes back to it with all their answers."""

    def get(self, request):
        return self.show(request)

    def post(self, request):
        draft = Draft.of(request, at=timezone.now())
        draft.keep(request)
        if EMPTY in request.POST:
            return redirect(emptying("advice", request))
        return redirect(address_of("urgent" if BACK in request.POST else after("urgent", draft)))

    def shown_again(self, request, *, status=403, note=TOO_OLD):
        return self.show(request, status=status, note=note)

    def show(self, request, *, status=200, note=""):
        now = timezone.now()
        draft = Draft.of(request, at=now)
        if missing := draft.first_unanswered(before="problem"):
            return led_back(request, draft, missing)
        said = draft.said(["safety", "urgent"])
        context = {
            "is_today": SCREEN.is_for_today(said["emergency_signs"] + said["urgent_signs"]),
            "until_seen": [sign.until_seen for sign in SCREEN.named(said["urgent_signs"]) if sign.until_seen],
            "answer_by": answer_due(ClinicSettings.known(), Urgency.URGENT, now),
            "carried": draft.sealed(),
            "note": note,
        }
        return private(render(request, "appointments/advice.html", context, status=status))


def led_back(request, draft, missing):
    """To the first question that lacks a good answer; to what was sent, for somebody who goes back after it.

    Nobody comes past the first page without an answer to it: where there is none, what was typed has gone, and the page says so.
    """
    if FIRST in draft.answers:
        return redirect("consultation:step", missing)
    if SENT_KEY in request.session and SESSION_KEY not in request.session:
        return redirect("consultation:sent")
    return redirect(f"{address_of(FIRST)}?{GONE}")


@method_decorator(never_cache, name="dispatch")
class CheckPage(Unlosable):
    """Everything once more, with a way to change it, and the button that sends it."""

    def get(self, request):
        draft = Draft.of(request, at=timezone.now())
        if missing := draft.first_unanswered():
            return led_back(request, draft, missing)
        return show_check(request, draft)

    def post(self, request):
        now = timezone.now()
        draft = Draft.of(request, at=now)
        if elsewhere := self.elsewhere(request):
            draft.keep(request)
            return redirect(elsewhere)
        if missing := draft.first_unanswered():
            draft.keep(request)
            return led_back(request, draft, missing)
        if "correct_email" in request.POST:
            if meant := likely_meant(draft.said(["contact"])["email"]):
                draft.correct_email(meant)
                draft.keep(request)
            return redirect("consultation:check")
        return send(request, draft, at=now)

    def elsewhere(self, request):
        """Where a button leads that is to change something, if it was one."""
        if request.POST.get(CHANGE) in STEPS:
            return f"{address_of(request.POST[CHANGE])}?{CHANGE}"
        if EMPTY in request.POST:
            return emptying("check", request)
        return before("check", request) if BACK in request.POST else None

    def shown_again(self, request, *, status=403, note=TOO_OLD):
        draft = Draft.of(request, at=timezone.now())
        if missing := draft.first_unanswered():
            return led_back(request, draft, missing)
        return show_check(request, draft, status=status, note=note)


def send(request, draft, *, at):
    """Make the request, or show the page again with everything on it and the reason why not."""
    facts = draft.facts()
    sent_before = ConsultationRequest.objects.for_form(draft.key)
    if sent_before and sent_before.differs_from(facts):
        draft.begin_anew()
        return show_check(request, draft, note=CHANGED % {"reference": sent_before.reference})
    if not sent_before and (refusal := why_not(request, facts["said"], at=at)):
        return show_check(request, draft, **refusal)
    most = settings.CONSULTATION_FLOOD_PER_HOUR
    # What looks like spam for another reason is apart already and pushes nobody else there. Nobody urgent is set apart:
    # beyond so many they wait in the queue as ever, and only the mail is less.
    crowd = ConsultationRequest.objects.sent_since(at - AN_HOUR).filter(suspicion__in=["", Suspicion.FLOOD])
    is_crowded = crowd[:most].count() == most
    flooded = is_crowded and facts["urgency"] == Urgency.ROUTINE
    with transaction.atomic():
        is_much = not sent_before and ConsultationRequest.objects.has_enough_from(facts["said"], at=at)
        # The same form may have been sent while it waited.
        if is_much and not ConsultationRequest.objects.for_form(draft.key):
            return show_check(request, draft, note=SAME_CONTACT, status=429)
        consultation = ConsultationRequest.objects.submit(
            form_key=draft.key,
            tip=Tip.objects.published(at=at).filter(slug=draft.tip).order_by("-kind").first() if draft.tip else None,
            suspicion=suspicion(facts["said"], seconds=draft.seconds(at=at), trapped=draft.trapped, flooded=flooded),
            is_crowded=is_crowded,
            at=at,
            **facts,
        )
    request.session.pop(SESSION_KEY, None)
    request.session[SENT_KEY] = consultation.reference
    return redirect("consultation:sent")


def why_not(request, said, *, at):
    """What keeps a request from being sent, as the note and the status to show; None where nothing does."""
    if closed := why_closed(ClinicSettings.known()):
        return {"note": closed, "status": 503}
    if not within_limit(request, "send", 1, at=at):
        return {"note": TOO_MANY, "status": 429}
    return None


def show_check(request, draft, *, status=200, note=""):
    forms = {step: draft.form(step) for step in STEPS}
    for form in forms.values():
        form.is_valid()
    context = {
        "forms": forms,
        "carried": draft.sealed(),
        "number": len(PAGES),
        "count": len(PAGES),
        "note": note,
        "refused": status != 200,
        "meant": likely_meant(forms["contact"].cleaned_data["email"]),
    }
    return render(request, "appointments/check.html", context, status=status)
