"""Why each question is asked: shown on the form's pages and on the privacy page. No reason, no question."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

# Who uses an answer.
THERAPISTS = _("The therapist who answers you.")
QUEUE = _("All therapists and the owner, who see who waits and for what.")
SCREEN = _("This site, which shows you at once what to do; then the therapist who answers you.")
CALLER = _("Whoever of us calls or writes to you.")
# How long it is kept.
REQUEST = _("With your request.")
SIGNS = _("With your request. If they lead to emergency care, not at all.")
CONTACT = _("With your request; if you correct it, what you gave before as well.")


@dataclass(frozen=True)
class Reason:
    """What a question is called when we talk about it, why the clinic needs the answer, who uses it, and how long it is kept."""

    what: Any
    why: Any
    who: Any = THERAPISTS
    kept: Any = REQUEST


REASONS = {
    "for_whom": Reason(_("Who it is for"), _("So that we speak to the right person.")),
    "age": Reason(_("18 or over, or under"), _("A parent or guardian has to agree for somebody under 18.")),
    "region": Reason(
        _("Area of the body"), _("So that a therapist who knows that part of the body answers."), who=QUEUE
    ),
    "emergency_signs": Reason(
        _("Signs of an emergency"),
        _("Some problems cannot wait for us. Better to ask than to lose time."),
        who=SCREEN,
        kept=SIGNS,
    ),
    "urgent_signs": Reason(
        _("Signs that need a doctor soon"),
        _("So that we answer sooner, and tell you where else to turn."),
        who=SCREEN,
        kept=SIGNS,
    ),
    "duration": Reason(_("How long"), _("Something new and something old need a different first conversation.")),
    "onset": Reason(_("How it began"), _("A fall and a slow start point a therapist in different directions.")),
    "goal": Reason(_("Your goal"), _("What you want to get back to is where the plan begins.")),
    "note": Reason(_("Your note"), _("Anything else that you want the therapist to know before you talk.")),
    "pain_score": Reason(
        _("Pain, 0 to 10"), _("It gives the therapist a first idea, and something to compare with later.")
    ),
    "any_time": Reason(_("Any time"), _("So that we need not ask again.")),
    "windows": Reason(_("Times that suit you"), _("So that the times we offer fit your week.")),
    "modes": Reason(_("How to meet"), _("So that we offer a visit, a call or a video talk, as you like.")),
    "sooner": Reason(_("Something sooner"), _("So that we may tell you when an earlier time opens.")),
    "full_name": Reason(_("Your name"), _("So that we can greet you, and know that we reached you."), who=CALLER),
    "phone": Reason(
        _("Your phone number"),
        _("So that we can answer you. One way to reach you is enough."),
        who=CALLER,
        kept=CONTACT,
    ),
    "email": Reason(
        _("Your e-mail address"),
        _("So that we can answer you. One way to reach you is enough."),
        who=CALLER,
        kept=CONTACT,
    ),
    "prefer": Reason(_("Call or e-mail"), _("So that we use the way you like best."), who=CALLER),
    "may_leave_voicemail": Reason(
        _("Voicemail"), _("Others may hear it; we leave one only if you say so."), who=CALLER
    ),
    "may_name_clinic": Reason(
        _("Saying the clinic’s name"), _("Others may pick up; we say who is calling only if you say so."), who=CALLER
    ),
    "access_needs": Reason(
        _("Access needs or interpreter"), _("So that the first conversation already works for you."), who=CALLER
    ),
}
