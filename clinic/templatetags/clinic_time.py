from datetime import datetime

from django import template
from django.utils import timezone

from clinic import wording

register = template.Library()


@register.filter
def spoken(at):
    """On a page its clock and zone stay on one line; mails have plain spaces."""
    day, comma, clock = wording.spoken(at, timezone.get_current_timezone()).rpartition(", ")
    return day + comma + clock.replace(" ", "\N{NO-BREAK SPACE}")


@register.filter
def in_full(fact):
    """A moment as it stands in what is kept for long; anything else as it is."""
    return wording.in_full(fact, timezone.get_current_timezone()) if isinstance(fact, datetime) else fact


@register.filter
def briefly(at):
    return wording.briefly(at, timezone.get_current_timezone())


@register.filter
def roughly(length):
    return wording.roughly(length)
