from django import template

from clinic import wording

register = template.Library()


@register.filter
def dialed(number):
    return wording.dialed(number)
