from django import template
from django.utils import timezone

from clinic import wording

register = template.Library()


@register.filter
def spoken(at):
    return wording.spoken(at, timezone.get_current_timezone())


@register.filter
def briefly(at):
    return wording.briefly(at, timezone.get_current_timezone())


@register.filter
def roughly(length):
    return wording.roughly(length)
