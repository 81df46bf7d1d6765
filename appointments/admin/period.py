"""Whole weeks that are over: what a report is of, and what it is compared with."""

from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.models.weeks import WEEK, monday_of

MOST_WEEKS = 104
OFFERED = [(4, _("The last 4 weeks")), (13, _("The last 13 weeks")), (52, _("The last year"))]


@dataclass(frozen=True)
class Period:
    """The weeks from the one that begins on `first` to the one that begins on `last`, both Mondays."""

    first: date
    last: date

    @property
    def weeks(self):
        return (self.last - self.first) // WEEK + 1

    @property
    def mondays(self):
        return [self.first + n * WEEK for n in range(self.weeks)]

    @property
    def until(self):
        """The last day."""
        return self.last + timedelta(days=6)

    @property
    def before(self):
        """The period of equal length that ended where this one begins."""
        return Period(self.first - self.weeks * WEEK, self.first - WEEK)


def last_weeks(weeks, *, today):
    last = monday_of(today) - WEEK
    return Period(last - (weeks - 1) * WEEK, last)


class PeriodForm(forms.Form):
    """From when until when. What is typed is widened to whole weeks, of which the last is over."""

    use_required_attribute = False

    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def period(self, *, today):
        """The weeks asked for, or the last 13; at most two years, the later ones of more."""
        usual = last_weeks(OFFERED[1][0], today=today)
        given = self.cleaned_data if self.is_valid() else {}
        last = min(monday_of(given.get("until") or usual.until), usual.last)
        earliest = date(2000, 1, 3)
        first = monday_of(max(given.get("since") or min(usual.first, last), earliest))
        last = max(last, earliest)
        first = min(first, last)
        return Period(max(first, last - (MOST_WEEKS - 1) * WEEK), last)
