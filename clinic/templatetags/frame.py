from django import template
from django.template.loader import render_to_string
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag(takes_context=True)
def frame(context, name):
    """A part that says the same on every page: a template that is made of the clinic's settings alone."""
    facts = {"clinic": context["clinic"], "help_signs": context.get("help_signs", ())}
    return made_once(context["clinic"], name, lambda: render_to_string(name, facts))


def made_once(clinic, key, make):
    """What is made of the clinic's settings alone, kept for as long as they are remembered."""
    parts, key = clinic.parts, (key, get_language())
    if key not in parts:
        parts[key] = make()
    return parts[key]
