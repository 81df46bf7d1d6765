import re

from django import template
from django.utils.html import format_html, format_html_join

from clinic import wording

register = template.Library()

# What a number is written with, as far as it goes: of "116 123" no part is a number by itself.
RUN = re.compile(r"(?<!\w)([+(]?[0-9][0-9 ()/.-]*[0-9])(?!\w)")
SHORT = re.compile(r"[0-9]{3,6}")


@register.filter
def dialed(number):
    return wording.dialed(number)


@register.filter
def tappable(words):
    """The clinic's own words, in which a short number, such as 988, can be tapped; all else is text."""
    return format_html_join("", "{}", ((called(part),) for part in RUN.split(str(words))))


def called(part):
    return format_html('<a class="tel" href="tel:{}">{}</a>', part, part) if SHORT.fullmatch(part) else part
