from django import template

register = template.Library()


@register.filter
def in_fours(text):
    """A secret in the groups in which a person copies it by hand."""
    return [text[start : start + 4] for start in range(0, len(text), 4)]
