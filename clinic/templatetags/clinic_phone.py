import re

from django import template
from django.utils.html import format_html, format_html_join

from clinic import wording

register = template.Library()

# Of "116 123" no part is a number by itself.
SHORT = re.compile(r"(?<![\w+(])(?<![0-9][ /.-])([0-9]{3,6})(?!\w|[ /.-]?[0-9])")


@register.filter
def dialed(number):
    return wording.dialed(number)


@register.filter
def tappable(words):
    """The clinic's own words, in which a short number, such as 988, can be tapped; all else is text."""
    parts = enumerate(SHORT.split(str(words)))
    return format_html_join("", "{}", ((called(part) if index % 2 else part,) for index, part in parts))


def called(number):
    return format_html('<a class="tel" href="tel:{}">{}</a>', number, number)
