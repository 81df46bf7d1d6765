"""Of two who save one row at the desk the second reads first what the other has changed, and nothing typed is lost."""

from django.contrib.admin.utils import display_for_field
from django.db import connection
from django.utils.translation import gettext as _


class ReadFirst:
    """A form that carries what stood in the row when its page was made, and holds it against the row as it is saved.

    It is compared as browsers send it, so that nothing changes by being read and written.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        ours = {field.name for field in self._meta.model._meta.get_fields()}
        compared = [self[name] for name, field in self.fields.items() if name in ours and not field.disabled]
        # A new row has no earlier state; nor has what came from no page of ours.
        if self.instance.pk and (not self.is_bound or any(each.html_initial_name in self.data for each in compared)):
            if self.is_bound:
                self.data = self.data.copy()
            for each in compared:
                each.field.show_hidden_initial = True
                # Several of something are sent by nothing where there was none.
                if self.is_bound and each.html_initial_name not in self.data:
                    self.data.setlist(each.html_initial_name, [])

    def _post_clean(self):
        """Before what was typed is put into the row."""
        if self.is_bound:
            for name in [name for name, field in self.fields.items() if field.show_hidden_initial]:
                self._refuse_unread(self[name])
        super()._post_clean()

    def _refuse_unread(self, field):
        hidden = field.field.hidden_widget()
        seen = as_sent(hidden.value_from_datadict(self.data, {}, field.html_initial_name))
        stands = as_sent(hidden.format_value(field.field.prepare_value(field.initial)))
        if seen == stands or not field.field.has_changed(field.initial, field.data):
            return
        words = _("Somebody has changed this since you opened the page. Now it says: %(now)s. Save again for yours.")
        self.add_error(field.name, words % {"now": said(self.instance, field.name)})
        # Now they have read it.
        self.data.setlist(field.html_initial_name, stands)


def as_sent(value):
    several = value if isinstance(value, list) else ["" if value is None else value]
    return sorted(str(each).replace("\r\n", "\n") for each in several)


def said(row, name):
    field, value = row._meta.get_field(name), getattr(row, name)
    if field.many_to_many:
        value = ", ".join(sorted(str(each) for each in value.all()))
    elif isinstance(value, bool):
        value = _("yes") if value else _("no")
    else:
        value = display_for_field(value, field, "")
    return value or _("nothing")


class SecondReadsFirst:
    """The pages and lists of the stock admin with such forms."""

    def get_form(self, request, obj=None, change=False, **kwargs):
        return reading_first(super().get_form(request, obj, change=change, **kwargs))

    def get_changelist_form(self, request, **kwargs):
        return reading_first(super().get_changelist_form(request, **kwargs))

    def get_queryset(self, request):
        """Two who save at once come one after the other."""
        rows = super().get_queryset(request)
        is_saving = request.method == "POST" and connection.in_atomic_block
        return rows.select_for_update(of=["self"]) if is_saving else rows


def reading_first(form):
    return type(form)(form.__name__, (ReadFirst, form), {})
