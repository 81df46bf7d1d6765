"""What is done in the pages of the stock admin, put into the audit by every one of them."""

from django.db import transaction
from django.utils import timezone

from . import audit
from .models import AuditAction, ClinicSettings, User

# Which of a person's fields are more than a change of words.
OF_A_PERSON = {
    AuditAction.ROLE_CHANGED: {"groups", "user_permissions", "is_staff", "is_superuser"},
    AuditAction.ACCOUNT_CHANGED: {"is_active"},
}


class Recorded:
    """A row of the audit for each view and each change; the names of changed fields, never what stood in them.

    Articles are read without one: nothing in them is private. What becomes of them is recorded.
    """

    def changelist_view(self, request, extra_context=None):
        if request.method != "POST":
            return self._list_seen(request, super().changelist_view(request, extra_context))
        # Django reads the rows of a list, and removes those that were ticked, without a transaction.
        with transaction.atomic():
            return self._list_seen(request, super().changelist_view(request, extra_context))

    def change_view(self, request, object_id, *args, **kwargs):
        return self._one_seen(request, super().change_view(request, object_id, *args, **kwargs))

    def delete_view(self, request, object_id, *args, **kwargs):
        return self._one_seen(request, super().delete_view(request, object_id, *args, **kwargs))

    def history_view(self, request, object_id, *args, **kwargs):
        return self._one_seen(request, super().history_view(request, object_id, *args, **kwargs))

    def log_addition(self, request, obj, message):
        roles = {"roles": roles_of(obj)} if isinstance(obj, User) else {}
        self._record(request, AuditAction.ADDED, audit.named(obj), **roles)
        return nameless(super().log_addition(request, obj, message))

    def log_change(self, request, obj, message):
        fields = message[0]["changed"]["fields"] if message else []
        for action, detail in changes(obj, fields):
            self._record(request, action, audit.named(obj), **detail)
        return nameless(super().log_change(request, obj, message))

    def log_deletions(self, request, queryset):
        for obj in queryset:
            self._record(request, AuditAction.REMOVED, audit.named(obj))
        return [nameless(entry) for entry in super().log_deletions(request, queryset)]

    def construct_change_message(self, request, form, formsets, add=False):
        """Fields by their own names: Django writes labels, which change with the language."""
        changed = list(form.changed_data) if form else []
        return [{"added": {}}] if add else [{"changed": {"fields": changed}}] if changed else []

    def _list_seen(self, request, response):
        if self._is_seen(response):
            shown = response.context_data
            rows = len(shown["cl"].result_list if "cl" in shown else shown["queryset"])
            if term := request.GET.get("q", "").strip():
                self._record(request, AuditAction.SEARCHED, term=audit.fingerprint(term), rows=rows)
            else:
                self._record(request, AuditAction.LISTED, rows=rows)
        return response

    def _one_seen(self, request, response):
        if self._is_seen(response):
            shown = response.context_data
            # Sent as a new one, or from a window of its own, the answer shows nothing that was there.
            if seen := shown.get("original") or shown.get("object"):
                self._record(request, AuditAction.OPENED, audit.named(seen))
        return response

    def _is_seen(self, response):
        return response.status_code == 200 and self.opts.app_label != "tips"

    def _record(self, request, action, reference="", **detail):
        audit.record(action, by=request.user, at=timezone.now(), reference=reference, **detail)


def changes(obj, fields):
    """What a change of these fields is, with the details that its row keeps."""
    left, found = set(fields), []
    if isinstance(obj, ClinicSettings):
        return [(AuditAction.SETTINGS_CHANGED, {"fields": sorted(left)})]
    if isinstance(obj, User):
        facts = {
            AuditAction.ROLE_CHANGED: {"roles": roles_of(obj), "staff": obj.is_staff},
            AuditAction.ACCOUNT_CHANGED: {"active": obj.is_active},
        }
        found = [(action, facts[action]) for action, names in OF_A_PERSON.items() if left & names]
        left -= set().union(*OF_A_PERSON.values())
    return [*found, (AuditAction.CHANGED, {"fields": sorted(left)})] if left or not found else found


def roles_of(person):
    return sorted(group.name for group in person.groups.all())


def nameless(entry):
    """Django's own log keeps what a thing is called for ever; the kind and number do as well."""
    if entry is not None:
        entry.object_repr = f"{entry.content_type.model} {entry.object_id}"
        entry.save(update_fields=["object_repr"])
    return entry
