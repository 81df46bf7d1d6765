"""The rows of a list of requests: no name, and no word of a patient's.

They are drawn here, since a template would take longer for fifty of them than for all else on the page.
"""

from dataclasses import dataclass, field

from django.db.models import OuterRef, Subquery, TextField
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from appointments.models import WAITING_ON_US, ConsultationRequest, RequestStatus, Urgency, working_days_before
from clinic.regions import Region
from clinic.wording import briefly
from tips.models import TipRevision

FACTS = [
    *["id", "reference", "status", "urgency", "region", "submitted_at", "answer_by", "closed_at", "visit_at"],
    *["assigned_to__display_name", "assigned_to__username"],
]
A_REFERENCE = "CR-000000"
NO_BOX, NO_DATE = SafeString('<td class="pick"></td>'), SafeString('<td class="none">–</td>')


@dataclass(frozen=True)
class Row:
    """One request of the list."""

    reference: str
    html: str


def rows_of(ids, *, at, can_be_ticked=False):
    """Those that are still there, in that order."""
    latest = TipRevision.objects.filter(tip=OuterRef("tip")).order_by("-number").values("title")
    title = Coalesce("tip__live__title", Subquery(latest[:1]), "tip__slug", output_field=TextField())
    found = {
        each["id"]: each for each in ConsultationRequest.objects.filter(pk__in=ids).values(*FACTS, came_from=title)
    }
    draw = Drawing(at, can_be_ticked)
    return [draw(found[pk]) for pk in ids if pk in found]


@dataclass
class Drawing:
    """What all rows of one page share, looked up once."""

    at: object
    can_be_ticked: bool
    ages: dict = field(default_factory=dict)

    def __post_init__(self):
        self.zone = timezone.get_current_timezone()
        self.address = reverse("admin:consultation", args=[A_REFERENCE])
        self.long_past = working_days_before(1, at=self.at)
        self.names = {kind: {each.value: str(each.label) for each in kind} for kind in (RequestStatus, Urgency, Region)}
        self.words = {
            name: _(name) for name in ("Waiting", "Answer by", "With", "Came from", "Visit:", "Overdue:", "Closed:")
        }
        self.how = _("How did it go?")
        self.tick = _("Tick %(reference)s")

    def __call__(self, row):
        reference = row["reference"]
        html = format_html(
            '<tr id="{}">{}<th scope="row"><a href="{}">{}</a></th><td class="plain">{}</td><td class="plain">{}</td>'
            '<td class="plain">{}</td>{}{}{}{}</tr>',
            reference,
            self.pick(row) if self.can_be_ticked else "",
            self.address.replace(A_REFERENCE, reference),
            reference,
            self.names[RequestStatus][row["status"]],
            self.urgency(row),
            self.names[Region].get(row["region"], ""),
            self.cell("Waiting", "" if row["closed_at"] else self.age(row["submitted_at"])),
            self.due(row),
            self.cell("With", row["assigned_to__display_name"] or row["assigned_to__username"]),
            self.cell("Came from", row["came_from"]),
        )
        return Row(reference, html)

    def pick(self, row):
        if row["status"] not in WAITING_ON_US:
            return NO_BOX
        words = self.tick % {"reference": row["reference"]}
        return format_html(
            '<td class="pick"><input type="checkbox" name="reference" value="{}" aria-label="{}"></td>',
            row["reference"],
            words,
        )

    def urgency(self, row):
        label = self.names[Urgency][row["urgency"]]
        return format_html("<strong>▲ {}</strong>", label) if row["urgency"] == Urgency.URGENT else label

    def cell(self, label, text):
        if text:
            return format_html('<td data-label="{}">{}</td>', self.words[label], text)
        return format_html('<td data-label="{}" class="none">–</td>', self.words[label])

    def age(self, moment):
        """Of many rows it is the same: up to four weeks, so many minutes or days are always said alike."""
        length = self.at - moment
        key = (length.days, 0 if length.days else length.seconds // 60) if length.days < 28 else moment
        if key not in self.ages:
            self.ages[key] = timesince(moment, self.at, depth=1)
        return self.ages[key]

    def due(self, row):
        """By when an answer is promised, when the visit is, or when it was closed."""
        if row["visit_at"]:
            if row["visit_at"] <= self.long_past:
                return self.dated('<strong class="now">◆ {}</strong> ', self.how, row["visit_at"])
            return self.dated("{} ", self.words["Visit:"], row["visit_at"])
        if row["status"] in WAITING_ON_US:
            return self.promise(row)
        if row["closed_at"]:
            return self.dated("{} ", self.words["Closed:"], row["closed_at"])
        return NO_DATE

    def dated(self, shape, words, moment):
        return format_html(
            '<td class="plain">{}<span class="date">{}</span></td>',
            format_html(shape, words),
            briefly(moment, self.zone),
        )

    def promise(self, row):
        late = (
            format_html('<strong class="now">● {}</strong> ', self.words["Overdue:"])
            if row["answer_by"] < self.at
            else ""
        )
        return format_html(
            '<td data-label="{}">{}<span class="date">{}</span></td>',
            self.words["Answer by"],
            late,
            briefly(row["answer_by"], self.zone),
        )
