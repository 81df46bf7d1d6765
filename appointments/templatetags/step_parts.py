from crispy_forms.utils import render_crispy_form
from django import template
from django.template.loader import render_to_string

from clinic.templatetags.frame import part

register = template.Library()


@register.simple_tag(takes_context=True)
def questions(context, form):
    """The fields of a step. Where it has no answers yet it is the same for all who came by the same way, and made once."""
    if form.is_bound or form.screened.seen:
        return render_crispy_form(form)
    return part(context, (type(form), form.screened), lambda: render_crispy_form(form))


@register.simple_tag(takes_context=True)
def why(context, form):
    """The reasons for the questions of a step."""
    return part(
        context, ("why", type(form)), lambda: render_to_string("appointments/why.html", {"reasons": form.reasons})
    )
