"""The patient's own page, and what they may do from it: every act has a page before it, and is a POST."""

from contextlib import suppress
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from appointments.forms import AnswerForm, ChooseTimeForm, CorrectContactForm, LostLinkForm, WishesForm
from appointments.models import OPEN, ConsultationRequest, RequestStatus, TimeTaken, TransitionNotAllowed, kept_until
from clinic.limits import Limit, network_of
from clinic.patience import NO_ANSWER

from .links import explains_dead_links, for_patient, remember_replaced
from .pages import MOVED_ON, NO_DATABASE, TOO_MANY, TOO_MANY_CORRECTIONS, TOO_OLD, UNSEEN, Unlosable, private

CSRF_FIELD = "csrfmiddlewaretoken"
# In the form of an act: the rows at stake when its page was drawn.
SEEN = "seen"
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
CORRECTIONS = Limit("contact corrections", 5, A_DAY)
WISHES = Limit("other wishes", 5, A_DAY)
LOST_LINKS = Limit("lost links", 10, AN_HOUR)


def show_status(request, consultation, *, answer=None, choice=None, status=200, note=""):
    """Where the request stands and what can be done now; `answer` or `choice` is a form to be looked at again."""
    now = timezone.now()
    question, held, booked = None, consultation.times.none(), None
    if consultation.status == RequestStatus.NEEDS_INFO:
        question = consultation.questions.filter(answered_at__isnull=True).last()
    if consultation.status == RequestStatus.PROPOSED:
        held = consultation.times.held(at=now)
    if consultation.status == RequestStatus.BOOKED:
        booked = consultation.times.booked().first()
    context = {
        "consultation": consultation,
        "question": question,
        "held": held,
        "kept_until": kept_until(held) if held else None,
        "answer": answer or AnswerForm(),
        "choice": choice or ChooseTimeForm(held=held),
        "form": answer if question else choice if held else None,
        "is_open": consultation.status in OPEN,
        "is_late": consultation.is_waiting_too_long(at=now),
        "may_come_back": consultation.may_come_back(at=now),
        "booked": booked,
        "given_up": consultation.given_up(at=now),
        "has_begun": consultation.has_begun(at=now),
        "is_over": booked is not None and booked.ends_at <= now,
        "note": note,
    }
    return private(render(request, "appointments/status.html", context, status=status))


@never_cache
@require_safe
@explains_dead_links
def status(request, token):
    return show_status(request, for_patient(token, at=timezone.now()))


@method_decorator([never_cache, explains_dead_links], name="dispatch")
class PatientAct(View):
    """One thing that the patient may do: a page that says what it will do, then the button that does it."""

    http_method_names = ["get", "head", "post"]
    form_class = forms.Form
    template_name = ""
    done = ""
    # From where it may be done; from anywhere else the page says why not.
    legal_from = OPEN
    # Where the request stands once it is done: a second tap changes nothing and is no mistake.
    leads_to = ()
    refusal = MOVED_ON

    def dispatch(self, request, token):
        try:
            self.begin(token)
            return super().dispatch(request, token)
        except NO_ANSWER:
            if request.method != "POST":
                raise
            return self.show_unkept(request)

    def begin(self, token):
        self.at = timezone.now()
        self.consultation = for_patient(token, at=self.at)

    def get(self, request, token):
        return self.show(self.make_form())

    def post(self, request, token):
        if not self.is_legal() or not self.is_seen():
            return self.refuse(request, token)
        form = self.make_form(request.POST)
        if not form.is_valid():
            return self.show(form)
        if self.is_too_often(form.cleaned_data):
            return self.show(form, status=429, note=TOO_MANY_CORRECTIONS)
        try:
            self.act(**form.cleaned_data)
        except (TransitionNotAllowed, TimeTaken):
            self.consultation.refresh_from_db()
            return self.refuse(request, token)
        if self.done:
            messages.success(request, self.done)
        # Not the token that was asked with: a new address has a new link.
        return private(redirect("status", self.consultation.link_token))

    def is_legal(self):
        return self.consultation.status in self.legal_from

    def at_stake(self):
        """What the press answers or gives up."""
        return ()

    def is_seen(self):
        """Nobody acts on what they have not read: whether all that is at stake was on the page. What is gone since is no matter."""
        seen = self.request.POST.get(SEEN)
        return seen is None or {str(row.pk) for row in self.at_stake()} <= set(seen.split())

    def is_too_often(self, answers):
        """Whether whoever has the link had us write about this often enough today."""
        return False

    def is_done(self, data):
        """Whether this very press has had its way already."""
        return self.consultation.status in self.leads_to

    def refuse(self, request, token):
        if self.is_done(request.POST):
            return private(redirect("status", token))
        note = UNSEEN if self.is_legal() and not self.is_seen() else self.refusal
        return self.show(self.make_form(request.POST), status=409, note=note)

    @method_decorator(explains_dead_links)
    def shown_again(self, request, token):
        """The same page for somebody whose token had expired, filled, one press from going on."""
        self.setup(request, token=token)
        self.begin(token)
        note = UNSEEN if self.is_legal() and not self.is_seen() else TOO_OLD
        return self.show(self.make_form(request.POST), status=403, note=note)

    def show_unkept(self, request):
        """What was typed or chosen, to be sent once more: where no database answers, nothing else can be shown."""
        form = self.form_class(request.POST)
        kept = [(name, value) for name, value in request.POST.items() if name not in form.fields and name != CSRF_FIELD]
        context = {"form": form, "kept": kept, "note": NO_DATABASE}
        return private(render(request, "appointments/unkept.html", context, status=503))

    def make_form(self, data=None):
        return self.form_class(data)

    def act(self, **answers):
        raise NotImplementedError

    def show(self, form, *, status=200, note=""):
        context = {
            "consultation": self.consultation,
            "is_legal": self.is_legal(),
            "seen": " ".join(str(row.pk) for row in self.at_stake()),
            "form": form,
            "note": note,
        }
        return private(render(self.request, self.template_name, context, status=status))


class Answer(PatientAct):
    """The question and its answer stand on the status page itself."""

    form_class = AnswerForm
    done = _("Thank you. Your therapist has your answer.")
    legal_from = (RequestStatus.NEEDS_INFO,)

    def get(self, request, token):
        return redirect("status", token)

    def at_stake(self):
        return self.consultation.questions.filter(answered_at__isnull=True).reverse()[:1]

    def is_done(self, data):
        """Also where the next question stands by now: what was pressed twice is the answer to the one before."""
        questions = list(self.consultation.questions.all())
        asked = [question for question in questions if str(question.pk) == data.get(SEEN)] or questions[-1:]
        said = data.get("answer", "").replace("\r\n", "\n").strip()
        return any(question.answer == said != "" for question in asked)

    def act(self, *, answer):
        self.consultation.answer(text=answer, at=self.at)

    def show(self, form, *, status=200, note=""):
        return show_status(self.request, self.consultation, answer=form, status=status, note=note)


class ChooseTime(PatientAct):
    """The times that are offered stand on the status page itself."""

    done = _("Booked.")

    def get(self, request, token):
        return redirect("status", token)

    def make_form(self, data=None):
        return ChooseTimeForm(data, held=self.consultation.times.held(at=self.at))

    def is_legal(self):
        return self.consultation.status == RequestStatus.PROPOSED and self.consultation.times.held(at=self.at).exists()

    def is_done(self, data):
        return data.get("time") in {str(time.pk) for time in self.consultation.times.booked()}

    def act(self, *, time):
        self.consultation.choose(time, at=self.at)

    def show(self, form, *, status=200, note=""):
        return show_status(self.request, self.consultation, choice=form, status=status, note=note)


class NoneOfThese(PatientAct):
    """When else the patient can come; also while we look for times."""

    template_name = "appointments/none_of_these.html"
    form_class = WishesForm
    done = _("Thank you. We look for times that suit you, and you hear from us.")
    legal_from = (RequestStatus.PROPOSED, RequestStatus.IN_REVIEW)

    def at_stake(self):
        return self.consultation.times.standing()

    def make_form(self, data=None):
        """What is only changed is shown as it stands."""
        statement = self.consultation.statement
        present = {"windows": statement.windows, "any_time": statement.any_time}
        return self.form_class(data, initial=present if self.consultation.status == RequestStatus.IN_REVIEW else None)

    def is_too_often(self, answers):
        """What we have offered may be turned down as often as we do."""
        consultation = self.consultation
        is_news = consultation.status == RequestStatus.IN_REVIEW and consultation.statement.differs_from(answers)
        return is_news and not WISHES.take(consultation.reference, at=self.at)

    def act(self, *, windows, any_time):
        is_offered = self.consultation.status == RequestStatus.PROPOSED
        tell = self.consultation.none_of_these if is_offered else self.consultation.change_wishes
        tell(windows=windows, any_time=any_time, at=self.at)


class CannotCome(PatientAct):
    """The patient gives a booked time up, and says what would suit instead."""

    template_name = "appointments/cannot_come.html"
    form_class = WishesForm
    done = _("Thank you for telling us. We look for another time, and you hear from us again.")
    leads_to = (RequestStatus.IN_REVIEW,)

    def is_legal(self):
        return self.consultation.status == RequestStatus.BOOKED and not self.consultation.has_begun(at=self.at)

    def at_stake(self):
        return self.consultation.times.booked()

    def act(self, *, windows, any_time):
        self.consultation.reschedule(windows=windows, any_time=any_time, at=self.at)

    def refuse(self, request, token):
        """What would suit instead is kept also where one of us has given the time up meanwhile."""
        form = self.make_form(request.POST)
        is_given_up = self.consultation.status == RequestStatus.IN_REVIEW
        if is_given_up and form.is_valid() and self.consultation.statement.differs_from(form.cleaned_data):
            if not WISHES.take(self.consultation.reference, at=self.at):
                return self.show(form, status=429, note=TOO_MANY_CORRECTIONS)
            with suppress(TransitionNotAllowed):
                self.consultation.change_wishes(**form.cleaned_data, at=self.at)
                messages.success(request, self.done)
        return super().refuse(request, token)


class ComeBack(PatientAct):
    template_name = "appointments/come_back.html"
    done = _("Welcome back. A therapist takes it up again, and you hear from us.")
    leads_to = (RequestStatus.IN_REVIEW,)
    refusal = _("This request cannot be taken up again from here. Please send a new one, or call us.")

    def is_legal(self):
        return self.consultation.may_come_back(at=self.at)

    def act(self):
        self.consultation.take_up_again(at=self.at)


class Withdraw(PatientAct):
    template_name = "appointments/withdraw.html"
    leads_to = (RequestStatus.WITHDRAWN,)

    def is_legal(self):
        return super().is_legal() and not self.consultation.has_begun(at=self.at)

    def at_stake(self):
        """Whoever withdraws means it whatever else has come, such as a question or an offer."""
        return self.consultation.times.booked()

    def act(self):
        self.consultation.withdraw(at=self.at)


class CorrectContact(PatientAct):
    template_name = "appointments/correct_contact.html"
    form_class = CorrectContactForm
    done = _("Thank you. From now on we use what you gave us just now.")

    @transaction.atomic
    def act(self, *, phone, email):
        self.consultation.correct_contact(phone=phone, email=email, at=self.at)
        remember_replaced(self.request, self.kwargs["token"], self.consultation)

    def is_too_often(self, answers):
        is_news = not self.consultation.statement.has_contact(**answers)
        return is_news and not CORRECTIONS.take(self.consultation.reference, at=self.at)


@method_decorator(never_cache, name="dispatch")
class LostLink(Unlosable):
    """The link once more, by mail. The answer is the same whether or not anybody has that address."""

    def get(self, request):
        return self.show(LostLinkForm())

    def post(self, request):
        form = LostLinkForm(request.POST)
        if not form.is_valid():
            return self.show(form)
        now = timezone.now()
        if not LOST_LINKS.take(network_of(request), at=now):
            return self.show(form, status=429, note=TOO_MANY)
        ConsultationRequest.objects.send_link_again(form.cleaned_data["email"], at=now)
        return redirect("consultation:link_sent")

    def shown_again(self, request, *, status=403, note=TOO_OLD):
        self.setup(request)
        return self.show(LostLinkForm(request.POST), status=status, note=note)

    def show(self, form, *, status=200, note=""):
        return render(self.request, "appointments/lost_link.html", {"form": form, "note": note}, status=status)


@require_safe
def link_sent(request):
    return render(request, "appointments/link_sent.html")
