"""The tables of the owner's reports, and the plot of each. Numbers of people come from `WeekCount` alone."""

import math
from dataclasses import dataclass, field
from statistics import median

from django.db.models import Sum
from django.utils import formats
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from appointments.bundles import FEW, in_words
from appointments.models import ConsultationRequest, DeclineReason, RequestStatus, Urgency, WeekCount
from appointments.models.weeks import instants
from clinic import plots
from clinic.models import ClinicSettings, DayCount
from clinic.regions import Region
from clinic.wording import roughly
from tips.models import Tip

# From so many people on a share or a length of time is told of them.
ENOUGH = 20
MOST_COLUMNS = 26
MOST_TIPS = 20
TITLES = {
    "weeks": _("Requests by week"),
    "source": _("Requests by source"),
    "tips": _("Tips that were read most"),
    "region": _("Requests by area"),
    "urgency": _("Requests by urgency"),
    "answers": _("Time to the first answer"),
    "way": _("From the form to the visit"),
    "ends": _("How requests ended without a visit"),
    "mail": _("How long mails took to leave"),
    "pages": _("Pages read"),
}
NOT_KNOWN = _("No longer known")
ENDS = {
    f"{RequestStatus.DECLINED}:{DeclineReason.NOT_OUR_FIELD}": _("Declined: not our field"),
    f"{RequestStatus.DECLINED}:{DeclineReason.NOT_OFFERED}": _("Declined: not offered here"),
    f"{RequestStatus.DECLINED}:{DeclineReason.TOO_FAR}": _("Declined: too far away"),
    f"{RequestStatus.DECLINED}:{DeclineReason.NO_PLACE}": _("Declined: no free place"),
    f"{RequestStatus.DECLINED}:{DeclineReason.NOT_REACHED}": _("Declined: could not be reached"),
    f"{RequestStatus.LAPSED}:{RequestStatus.NEEDS_INFO}": _("Lapsed: question not answered"),
    f"{RequestStatus.LAPSED}:{RequestStatus.PROPOSED}": _("Lapsed: no offered time chosen"),
    str(RequestStatus.WITHDRAWN): _("Withdrawn"),
    str(RequestStatus.NO_SHOW): _("Missed"),
}
ANSWERS = {"in_time": _("In time"), "late": _("Late")}
MAILS = {
    "minute": _("Within a minute"),
    "ten": _("Within ten minutes"),
    "hour": _("Within an hour"),
    "later": _("Later, or not yet"),
    "never": _("Could not be delivered"),
}
PAGES = {
    "home": _("Home"),
    "list": _("List of tips"),
    "tip": _("Tips"),
    "guide": _("Guides"),
    "start": _("Start of the consultation form"),
}


@dataclass
class Table:
    """One table: the first cell of each row names it, the others are numbers in words."""

    name: str
    head: list
    rows: list
    note: str = ""
    bars: list = field(default_factory=list)
    draw: object = plots.rows

    @property
    def title(self):
        return TITLES[self.name]

    @property
    def plot(self):
        """Nothing where every bar would be nothing."""
        if not any(bar.length for bar in self.bars):
            return ""
        about = gettext("The table below has the same numbers.")
        return self.draw(self.bars, name=self.name, title=self.title, about=about)


def bar(label, told):
    return plots.Bar(str(label), told, in_words(told), is_vague=told <= FEW)


class Numbers:
    """What was told of one period: people in bundles, looks at pages as they are."""

    def __init__(self, period):
        self.period = period
        weeks = WeekCount.objects.between(period.first, period.last)
        self.by_week = weeks.by_week("sent")
        self.people = {}
        for kind, key, told in weeks.values_list("kind", "key").annotate(Sum("count")):
            self.people.setdefault(kind, {})[key] = told
        self.days = DayCount.objects.between(period.first, period.until)
        self.looks = dict(self.days.values_list("kind").annotate(Sum("count")))

    def of(self, kind):
        return self.people.get(kind, {})

    def sum(self, kind):
        return sum(self.of(kind).values())

    def waited(self):
        """How long each of those waited whom we answered first in this period, the shortest first."""
        zone = ClinicSettings.current().tzinfo
        start, end = instants(self.period.first, zone)[0], instants(self.period.last, zone)[1]
        return sorted(ConsultationRequest.objects.answered_between(start, end).waited())


def tables(period):
    now, before = Numbers(period), Numbers(period.before)
    titles = titles_of(set(now.of("tip")) | set(before.of("tip")))
    return [
        by_week(now, before),
        by_row("source", now, before, "tip", titles, sort=True),
        tips_looked_at(now),
        by_row("region", now, before, "region", dict(Region.choices)),
        by_row("urgency", now, before, "urgency", dict(Urgency.choices)),
        answered(now, before),
        the_way(now, before),
        by_row("ends", now, before, "ended", ENDS),
        by_row("mail", now, before, "mail", MAILS),
        pages(now, before),
    ]


def by_week(now, before):
    """Several weeks in one column where there are many; the sums are the same."""
    mondays = now.period.mondays
    step = next(size for size in (1, 2, 4, 13) if len(mondays) <= size * MOST_COLUMNS)
    groups = [mondays[n : n + step] for n in range(0, len(mondays), step)]
    told = [(group[0], sum(now.by_week.get(monday, 0) for monday in group)) for group in groups]
    rows = [[formats.date_format(monday, "M j, Y"), in_words(count)] for monday, count in told]
    rows += [[_("All"), in_words(now.sum("sent"))], [_("All of the period before"), in_words(before.sum("sent"))]]
    head = [_("Week from") if step == 1 else ngettext("%d week from", "%d weeks from", step) % step, _("Requests")]
    bars = [bar(formats.date_format(monday, "M j"), count) for monday, count in told]
    return Table("weeks", head, rows, bars=bars, draw=plots.columns)


def by_row(name, now, before, kind, labels, *, sort=False):
    """Every row that there can be, in its order, or those that there were, the largest first."""
    told, earlier = now.of(kind), before.of(kind)
    if "" not in labels and "" in set(told) | set(earlier):
        labels = {**labels, "": NOT_KNOWN}
    keys = sorted(labels, key=lambda key: (-told.get(key, 0), str(labels[key]))) if sort else list(labels)
    rows = [[labels[key], in_words(told.get(key, 0)), in_words(earlier.get(key, 0))] for key in keys]
    bars = [bar(labels[key], told.get(key, 0)) for key in keys[:MOST_TIPS]]
    return Table(name, ["", _("This period"), _("Before")], rows, bars=bars)


def titles_of(keys):
    """Of tips by their number, as text; of no tip at all, that somebody came directly."""
    numbers = [int(key) for key in keys if key]
    found = Tip.objects.filter(pk__in=numbers).select_related("live")
    return {"": _("Directly, from no tip")} | {str(tip.pk): str(tip) for tip in found}


def tips_looked_at(now):
    """What was looked at most, and how many requests it led to."""
    counts = now.days.filter(kind__in=["tip", "guide"]).values_list("kind", "key").annotate(looks=Sum("count"))
    most = counts.order_by("-looks", "kind", "key")[:MOST_TIPS]
    found = Tip.objects.filter(slug__in=[slug for kind, slug, looks in most]).select_related("live")
    tips = {(tip.kind, tip.slug): tip for tip in found}
    rows, bars = [], []
    for kind, slug, looks in most:
        tip = tips.get((kind, slug))
        led_to = in_words(now.of("tip").get(str(tip.pk), 0)) if tip else ""
        rows.append([str(tip or slug), str(looks), led_to])
        bars.append(plots.Bar(str(tip or slug), looks, str(looks)))
    head = ["", _("Times read"), _("Requests it led to")]
    return Table("tips", head, rows, bars=bars)


def answered(now, before):
    facts = [facts_of_answers(each) for each in (now, before)]
    rows = [[label, *(str(fact[n]) for fact in facts)] for n, label in enumerate(ROWS_OF_ANSWERS)]
    bars = [bar(label, now.of("answered").get(key, 0)) for key, label in ANSWERS.items()]
    clinic = ClinicSettings.current()
    hours, days = clinic.urgent_reply_hours, clinic.reply_days
    note = gettext(
        "We promise an answer within %(hours)s where it is urgent, else within %(days)s. The lengths of time are by the plain clock."
    ) % {
        "hours": ngettext("%(count)d business hour", "%(count)d business hours", hours) % {"count": hours},
        "days": ngettext("%(count)d business day", "%(count)d business days", days) % {"count": days},
    }
    head = ["", _("This period"), _("Before")]
    return Table("answers", head, rows, note=note, bars=bars)


ROWS_OF_ANSWERS = [
    _("Answered"),
    _("In time"),
    _("Late"),
    _("Share in time"),
    _("Half had it within"),
    _("Nine of ten had it within"),
]


def facts_of_answers(numbers):
    told = numbers.of("answered")
    in_time, late = told.get("in_time", 0), told.get("late", 0)
    counts = [in_words(each) for each in (in_time + late, in_time, late)]
    waited = numbers.waited() if in_time + late >= ENOUGH else []
    if not waited:
        return [*counts, *[_("Too few to say")] * 3]
    ninth = waited[math.ceil(len(waited) * 0.9) - 1]
    return [*counts, share(in_time, in_time + late), roughly(median(waited)), roughly(ninth)]


def share(part, whole):
    """In whole percent, of what was told; bundles may have come in another order."""
    return f"{min(100, round(100 * part / whole))} %" if whole >= ENOUGH else _("Too few to say")


def the_way(now, before):
    """From the first question to the visit. Each is counted in the week in which it happened."""
    steps = [("sent", _("Sent")), ("booked", _("Booked")), ("attended", _("Attended"))]
    begun = [each.looks.get("begun", 0) for each in (now, before)]
    rows = [[_("Form begun"), str(begun[0]), "", str(begun[1])]]
    bars = [plots.Bar(gettext("Form begun"), begun[0], str(begun[0]))]
    for kind, label in steps:
        told = now.sum(kind)
        rows.append(
            [label, in_words(told), "" if kind == "sent" else share(told, now.sum("sent")), in_words(before.sum(kind))]
        )
        bars.append(bar(label, told))
    stopped = in_words(now.sum("stopped")), "", in_words(before.sum("stopped"))
    rows.append([_("Sent to emergency care by the safety screen"), *stopped])
    head = ["", _("This period"), _("Of those sent"), _("Before")]
    note = gettext(
        "Each is counted in the week in which it happened, so a visit may be of a request of an earlier period."
    )
    return Table("way", head, rows, note=note, bars=bars)


def pages(now, before):
    looks = [(label, *(each.looks.get(kind, 0) for each in (now, before))) for kind, label in PAGES.items()]
    rows = [[label, str(count), str(earlier)] for label, count, earlier in looks]
    bars = [plots.Bar(str(label), count, str(count)) for label, count, earlier in looks]
    note = gettext("Counted without a cookie, programs included; staff and whoever is filling in the form are not.")
    return Table("pages", ["", _("This period"), _("Before")], rows, note=note, bars=bars)
