"""What a visitor has answered so far: in their session, and sealed in each page they are shown.

The session makes Back and refresh work; the sealed copy brings the answers back when
the session or its cookie is gone. Nothing here is a request until it is sent.
"""

import secrets
from contextlib import suppress
from dataclasses import InitVar, asdict, dataclass, field

from django.utils.datastructures import MultiValueDict

from clinic.patience import NO_ANSWER
from clinic.sealing import BrokenSeal, seal, unseal

from .forms import SCREEN, STEPS, Screened
from .models import Urgency
from .models.statement import Age
from .safety import Outcome

SESSION_KEY = "consultation"
SEAL = "consultation form"
# A field that people do not see, and that programs fill in.
TRAP = "leave_empty"
SIGNS = ("safety", "urgent")
# A page that lay open overnight still brings its answers back.
SEALED_SECONDS = 24 * 60 * 60
# Many times what any field takes.
MOST_TYPED, MOST_VALUES = 5_000, 50


def new_key():
    return secrets.token_urlsafe(24)


def as_typed(step, data):
    """What was typed into the step's own fields, each answer once."""
    return {name: list(dict.fromkeys(data.getlist(name))) for name in STEPS[step].base_fields if name in data}


@dataclass(kw_only=True)
class Draft:
    """The raw answers by step, the tip the visitor came from, and the key that makes sending twice harmless.

    `began` is when the first page was opened, in seconds of the epoch: signed with the rest, so that no bot can set it back.
    """

    began: int
    key: str = field(default_factory=new_key)
    tip: str = ""
    answers: dict = field(default_factory=dict)
    # Emergency signs for which the person says they have already been seen.
    seen: list = field(default_factory=list)
    trapped: bool = False
    # Steps that were left by Back: what was typed there is kept, and need not be whole yet.
    left: list = field(default_factory=list)
    # By step, what could not be taken, until it is mended. What was answered before stands beside it.
    mistaken: dict = field(default_factory=dict)
    version: InitVar[str] = ""

    def __post_init__(self, version):
        self.forms = {}
        # What was answered to another list of signs says nothing of those that are new on this one.
        if version != SCREEN.version:
            self.forget_signs()

    @classmethod
    def of(cls, request, *, at):
        """The page's sealed copy where the session no longer holds the same form; else the session's; else a new one."""
        try:
            kept = request.session.get(SESSION_KEY)
        except NO_ANSWER:
            # What is sent brings the answers as well. A page that is only asked for must not begin anew for want of them.
            if request.method != "POST":
                raise
            kept = None
        carried = None
        if sealed := request.POST.get("carried"):
            with suppress(BrokenSeal):
                carried = unseal(sealed, purpose=SEAL, max_age=SEALED_SECONDS)
        if carried and (not kept or kept["key"] != carried["key"]):
            kept = carried
        elif carried:
            kept["tip"] = carried["tip"] or kept["tip"]
        draft = cls(**{"began": int(at.timestamp())} | (kept or {}))
        draft.trapped = draft.trapped or bool(request.POST.get(TRAP))
        return draft

    def as_dict(self):
        return asdict(self) | {"version": SCREEN.version}

    def keep(self, request):
        request.session[SESSION_KEY] = self.as_dict()

    def begin_anew(self):
        """The same answers as another request."""
        self.key = new_key()

    def seconds(self, *, at):
        return at.timestamp() - self.began

    def correct_email(self, email):
        self.answers["contact"]["email"] = [email]

    def sealed(self):
        return seal(self.as_dict(), purpose=SEAL)

    def take(self, step, data):
        """Keep what was typed for a step, as it was typed. Another person or region means to be screened again."""
        before = self.screened, self.for_whom
        self.answers[step] = as_typed(step, data)
        if (self.screened, self.for_whom) != before:
            self.forget_signs()
        self.left = [other for other in self.left if other != step]
        self.mistaken.pop(step, None)

    def take_mistake(self, step, data):
        """Keep what cannot be taken, for the page to say why, and tell whether it is little enough to be kept whole."""
        typed = as_typed(step, data)
        fits = sum(len(value) for values in typed.values() for value in values) <= MOST_TYPED
        if fits:
            self.mistaken[step] = typed
        return fits

    def leave(self, step, data):
        """Keep what was typed on a page from which somebody goes back, unread and therefore not without end."""
        typed = MultiValueDict(
            {name: [value[:MOST_TYPED] for value in values[:MOST_VALUES]] for name, values in data.lists()}
        )
        if STEPS[step].base_fields.keys() & typed.keys():
            self.take(step, typed)
            self.left = sorted({*self.left, step})

    def forget_signs(self):
        self.seen = []
        for step in SIGNS:
            self.answers.pop(step, None)
            self.mistaken.pop(step, None)
        self.left = [step for step in self.left if step not in SIGNS]

    @property
    def for_whom(self):
        return self.answers.get("who", {}).get("for_whom")

    @property
    def screened(self):
        who, where = self.answers.get("who", {}), self.answers.get("where", {})
        region = where.get("region", [""])[-1]
        under_18 = who.get("age", [""])[-1] == Age.UNDER_18
        return Screened(region=region, under_18=under_18, seen=tuple(self.seen))

    def form_to_mend(self, step):
        """The step's form with what could not be taken, and why; None where nothing waits to be mended."""
        typed = self.mistaken.get(step)
        return None if typed is None else self.form(step, MultiValueDict(typed))

    def form(self, step, data=None):
        """The step's form: with `data` or filled as answered before, and checked; empty where not."""
        if data is not None:
            return STEPS[step](data, screened=self.screened)
        answered, screened = self.answers.get(step), self.screened
        # Asked for again and again on the way of one page, and dear to check.
        key = step, repr(answered), screened
        if key not in self.forms:
            data = None if answered is None else MultiValueDict(answered)
            self.forms[key] = STEPS[step](data, screened=screened)
        return self.forms[key]

    def outcome(self):
        """What the whole screen leads to. Both of its steps must be valid."""
        said = self.said(SIGNS)
        return SCREEN.outcome(said["emergency_signs"] + said["urgent_signs"], seen=self.seen)

    def facts(self):
        """What the request is made of. Every step must be valid."""
        said = self.said()
        signs = {"emergency": said.pop("emergency_signs"), "urgent": said.pop("urgent_signs"), "seen": self.seen}
        return {
            "region": said.pop("region"),
            "urgency": Urgency.URGENT if self.outcome() is Outcome.ADVISE else Urgency.ROUTINE,
            "said": said | {"safety_version": SCREEN.version, "safety": signs},
        }

    def first_unanswered(self, before=None):
        """The first step, of those before the one named, that still lacks a good answer.

        Signs that were ticked on a page left by another way than on have not been answered with what they lead to.
        """
        for step in STEPS:
            if step == before:
                return None
            if not self.form(step).is_valid() or (step in SIGNS and step in self.left):
                return step
        return None

    def said(self, steps=STEPS):
        """The cleaned answers of the steps, by field. They must be valid."""
        cleaned = {}
        for step in steps:
            form = self.form(step)
            form.is_valid()
            cleaned |= form.cleaned_data
        return cleaned
