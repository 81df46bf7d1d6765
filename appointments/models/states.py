"""The words of a request's life: its states, what may follow what, and the reasons that are given."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RequestStatus(models.TextChoices):
    NEW = "new", _("New")
    IN_REVIEW = "in_review", _("In review")
    NEEDS_INFO = "needs_info", _("Question asked")
    PROPOSED = "proposed", _("Times offered")
    BOOKED = "booked", _("Booked")
    COMPLETED = "completed", _("Completed")
    NO_SHOW = "no_show", _("Missed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")
    SPAM = "spam", _("Spam")


# Every move a request may make; a move that is not listed is refused.
TRANSITIONS = {
    RequestStatus.NEW: {
        RequestStatus.IN_REVIEW,
        RequestStatus.DECLINED,
        RequestStatus.WITHDRAWN,
        RequestStatus.SPAM,
    },
    RequestStatus.IN_REVIEW: {
        RequestStatus.NEEDS_INFO,
        RequestStatus.PROPOSED,
        RequestStatus.BOOKED,
        RequestStatus.DECLINED,
        RequestStatus.WITHDRAWN,
        RequestStatus.SPAM,
    },
    RequestStatus.NEEDS_INFO: {
        RequestStatus.IN_REVIEW,
        RequestStatus.DECLINED,
        RequestStatus.WITHDRAWN,
        RequestStatus.LAPSED,
    },
    RequestStatus.PROPOSED: {
        RequestStatus.IN_REVIEW,
        RequestStatus.BOOKED,
        RequestStatus.DECLINED,
        RequestStatus.WITHDRAWN,
        RequestStatus.LAPSED,
    },
    RequestStatus.BOOKED: {
        RequestStatus.IN_REVIEW,
        RequestStatus.COMPLETED,
        RequestStatus.NO_SHOW,
        RequestStatus.DECLINED,
        RequestStatus.WITHDRAWN,
    },
    RequestStatus.COMPLETED: {RequestStatus.NO_SHOW},
    RequestStatus.NO_SHOW: {RequestStatus.IN_REVIEW, RequestStatus.COMPLETED},
    RequestStatus.DECLINED: {RequestStatus.IN_REVIEW},
    RequestStatus.WITHDRAWN: set(),
    RequestStatus.LAPSED: {RequestStatus.IN_REVIEW},
    RequestStatus.SPAM: {RequestStatus.IN_REVIEW},
}

OPEN = [
    RequestStatus.NEW,
    RequestStatus.IN_REVIEW,
    RequestStatus.NEEDS_INFO,
    RequestStatus.PROPOSED,
    RequestStatus.BOOKED,
]
# Where the clinic owes the next word, and the promised time runs.
WAITING_ON_US = [RequestStatus.NEW, RequestStatus.IN_REVIEW]
# Where the patient owes it.
WAITING_ON_PATIENT = [RequestStatus.NEEDS_INFO, RequestStatus.PROPOSED]
# What is an answer: the first of these after the patient sent the request stops the time that is measured.
ANSWERS = {RequestStatus.NEEDS_INFO, RequestStatus.PROPOSED, RequestStatus.BOOKED, RequestStatus.DECLINED}
# What a patient may come back from.
WAYS_BACK = [RequestStatus.NO_SHOW, RequestStatus.LAPSED]
# How a visit went; one may be corrected to the other.
OUTCOMES = [RequestStatus.COMPLETED, RequestStatus.NO_SHOW]
# How a request ends without a visit.
UNMET = [RequestStatus.DECLINED, RequestStatus.WITHDRAWN, RequestStatus.LAPSED, RequestStatus.NO_SHOW]
# Where a request cannot be without somebody who is responsible for it.
ASSIGNED = [*OPEN[1:], *OUTCOMES]


# Where times that were offered or agreed stand with the request; anywhere else they are free again.
WITH_TIMES = {RequestStatus.PROPOSED, RequestStatus.BOOKED, *OUTCOMES}


class Urgency(models.TextChoices):
    ROUTINE = "routine", _("Routine")
    URGENT = "urgent", _("Urgent")


class Suspicion(models.TextChoices):
    """Why a new request looks like spam. A mark, not a state: its sender sees the usual page, and its time runs."""

    TRAPPED = "trapped", _("A field that people do not see was filled in")
    QUICK = "quick", _("It was filled in faster than anybody can read it")
    LINKS = "links", _("It holds web addresses where people write none")
    FLOOD = "flood", _("Very many requests came in the same hour")


class DeclineReason(models.TextChoices):
    NOT_OUR_FIELD = "not_our_field", _("Another professional can help better than we can")
    NOT_OFFERED = "not_offered", _("We do not offer what was asked for")
    TOO_FAR = "too_far", _("We are too far away")
    NO_PLACE = "no_place", _("We have no free place in reasonable time")
    NOT_REACHED = "not_reached", _("We could not reach you")


class NextStep(models.TextChoices):
    OWN_DOCTOR = "own_doctor", _("Please talk to your own doctor about what to do next.")
    OTHER_CLINIC = "other_clinic", _("Please ask another clinic nearby; your doctor or insurer can name one.")
    CALL_US = "call_us", _("Please call us, and we will look for a way together.")
    ASK_AGAIN = "ask_again", _("You are welcome to ask again at any time.")


# Why nothing happens to a request any more.
ERASED = _("What this request said was erased. Nothing can be added to it.")


class TransitionNotAllowed(Exception):
    """The request is not where the caller thought, or not theirs to move; nothing was changed."""
