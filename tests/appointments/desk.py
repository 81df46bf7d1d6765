"""The therapist's pages as a browser sees them."""

from clinic.models import AuditEntry

from .pages import Page

QUEUE = "/admin/queue/"
# The act of the page behind which each move of stages.py is.
BUTTONS = {
    "propose": "propose",
    "book": "book",
    "choose_by_phone": "choose",
    "take_back_offer": "take_back",
    "reschedule_by_phone": "reschedule",
    "complete": "complete",
    "mark_missed": "missed",
    "take_up_again_by_phone": "again",
    "claim": "claim",
    "ask": "ask",
    "log_answer": "answer",
    "decline": "decline",
    "reconsider": "reconsider",
    "withdraw_by_phone": "withdraw",
    "mark_spam": "spam",
    "restore_from_spam": "restore",
}


def address(consultation, act=""):
    return f"/admin/queue/{consultation.reference}/" + (f"{act}/" if act else "")


def references(response):
    return rows_of(Page(response))


def rows_of(page):
    """The references that the list shows, from the top."""
    return [tag.text for tag in page.within("th", "queue") if tag.attrs["scope"] == "row"]


def audited():
    return list(AuditEntry.objects.order_by("pk").values_list("action", "by", "reference", "detail"))


def notices(page):
    return [tag.text for tag in page.within("li", "messagelist")]


def facts(page):
    return dict(zip(page.texts("dt"), page.texts("dd"), strict=True))


def offered(page):
    """The acts that the page has a form for."""
    actions = [tag.attrs.get("action", "") for tag in page.all("form", method="post")]
    return {action.strip("/").rsplit("/", 1)[-1] for action in actions if action.startswith("/admin/queue/")}
