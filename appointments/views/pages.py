"""What the patient's pages share: what they say when something stands in the way, and how little they leave behind."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views import View

from appointments.forms import SCREEN, STEPS
from clinic.models import Subject
from clinic.patience import NO_ANSWER

PAGES = [*STEPS, "check"]
# In the address of a page that is come to from the last one, and leads back there.
CHANGE = "change"
# In the session of whoever has sent a request: its reference.
SENT_KEY = "consultation_sent"
TOO_OLD = _(
    "This page was open for a while, so we could not be sure it was yours. Nothing is lost: press the button again."
)
NO_DATABASE = _(
    "We cannot keep this right now, and nothing was sent. What you wrote is still here: press the button again in a "
    "minute, or call us."
)
TOO_MANY = _(
    "We have had very many messages from your network in the last hour. What you wrote is still here: wait a little "
    "and press the button again, or call us."
)
TOO_MANY_CORRECTIONS = _(
    "You have corrected this several times today, so this one was not kept. What you wrote is still here. Please call us."
)
SAME_CONTACT = _(
    "We have had several requests from this phone number or e-mail address today, so this one was not sent. "
    "What you wrote is still here. Please call us instead."
)
# What staff read of a refusal names people and inner states; a patient reads this.
MOVED_ON = _("Your request has moved on in the meantime, so nothing was changed. If you need us, please call.")
UNSEEN = _(
    "Something has changed since you opened this page, so nothing was done. What you gave us is still here: read what "
    "the page says now, and press the button again if it still fits."
)
NOT_YET = _("We do not take requests here yet. Please call us.")


def address_of(page):
    """Of a page on the way: a step, or one that has a name of its own."""
    return reverse("consultation:step", args=[page]) if page in STEPS else reverse(f"consultation:{page}")


def why_closed(clinic):
    """What is said instead of the form: the owner's words while it is paused, or that nobody here stands for its safety screen yet.

    A demonstration says on every page that its safety words are samples.
    """
    if clinic.is_paused:
        return clinic.pause_words
    return "" if clinic.is_demo or (Subject.SAFETY, SCREEN.version) in clinic.approved else NOT_YET


def private(response):
    """Not indexed; the site-wide policy already keeps the address from every other site.

    "no-referrer" would do so too, but it makes browsers send `Origin: null` with our own forms, which CSRF refuses.
    """
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


class Unlosable(View):
    """A page whose press shows it again, with everything that was typed, where the database gives no answer."""

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)
        except NO_ANSWER:
            if request.method != "POST":
                raise
            return self.shown_again(request, *args, **kwargs, status=503, note=NO_DATABASE)
