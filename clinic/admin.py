from datetime import datetime, time, timedelta

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminEmailInputWidget
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from appointments.admin.hours import BrowsersOwnFields, NamesWhatFallsOut, tell_what_stands
from appointments.models import ConsultationRequest
from appointments.people import TRIAGE, who_may

from . import emails
from .admin_settings import NothingIsDeleted
from .models import ClinicSettings, Holiday, OpeningHours, User
from .signin import end_visits, invite, steps_of, take_second_step_away

MOST_STRETCHES = 100
ADDRESS_CHANGED = _("Mails of the desk and codes for signing in do not go to this address any more.")
# Django's own words are for whoever builds a site.
WORDS = {
    "username": {
        "label": _("User name"),
        "help_text": _("To sign in with, besides the e-mail address: letters, digits and dots, such as sam.okafor."),
    },
    "display_name": {"label": _("Name"), "help_text": _("As colleagues, patients and readers see it.")},
    "email": {"label": _("E-mail"), "help_text": _("Mails of the desk and codes for signing in go there.")},
    "is_active": {
        "label": _("Active"),
        "help_text": _("Without the tick they are out at once. Nobody is ever deleted: what they did stays theirs."),
    },
    "is_staff": {"label": _("May open the front desk"), "help_text": ""},
    "groups": {
        "label": _("Roles"),
        "help_text": _("One person may have several."),
        "widget": forms.CheckboxSelectMultiple,
    },
}


class OneNameAndAddressEach(forms.ModelForm):
    """Links and codes for signing in go to the address; two people with one would open each other's account."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # A page that is only to be read has no fields.
        if "email" in self.fields:
            self.fields["email"].required = True
            self.fields["email"].error_messages["required"] = _("Without an address no mail of the desk reaches them.")

    def clean_username(self):
        """At the sign-in capitals are all one: two names that differ in nothing else let neither in."""
        name = self.cleaned_data["username"]
        if User.objects.exclude(pk=self.instance.pk).filter(username__iexact=name).exists():
            raise forms.ValidationError(_("Somebody else here has this name, in capitals or not."))
        return name

    def clean_email(self):
        email = self.cleaned_data["email"].lower()
        if User.objects.exclude(pk=self.instance.pk).filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Somebody else here has this address."))
        return email


class PersonForm(OneNameAndAddressEach, UserChangeForm):
    def clean(self):
        """Somebody must be left who can give roles back."""
        said = super().clean()
        # One at a time: two who each give it up at once would both see the other.
        owner = Group.objects.select_for_update(no_key=True).get(name="Owner")
        stays = said.get("is_active") and said.get("is_staff") and owner in said.get("groups", ())
        owners = User.objects.filter(is_active=True, is_staff=True, groups=owner)
        if not stays and "groups" in self.fields and {self.instance.pk} == set(owners.values_list("pk", flat=True)):
            raise forms.ValidationError(_("They are the only owner. Make somebody else one first."))
        return said


class InvitationForm(OneNameAndAddressEach):
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("An invitation goes there, with a link to choose a password."),
        widget=AdminEmailInputWidget,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & {"display_name", "groups"}:
            self.fields[name].required = True
        if "groups" in self.fields:
            self.fields["groups"].error_messages["required"] = _("Without a role nobody can do anything here.")

    def save(self, commit=True):
        self.instance.set_unusable_password()
        return super().save(commit)


@admin.register(User)
class PersonAdmin(NothingIsDeleted, UserAdmin):
    """The people who work here. Nobody can give themselves more than a role, and nobody knows another's password."""

    form, add_form, add_form_template = PersonForm, InvitationForm, None
    list_display = ["display_name", "username", "email", "roles", "works_here"]
    # A box of filters is for more people than work here, and cuts the list off.
    list_filter = []
    search_fields = ["username", "display_name", "email"]
    ordering = ["display_name", "username"]
    actions = ["invite_again", "take_second_step_away"]
    fieldsets = [
        (None, {"fields": ["username"]}),
        (_("Person"), {"fields": ["display_name", "credentials", "email"]}),
        (_("Role"), {"fields": ["is_active", "is_staff", "groups"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "display_name", "credentials", "email"]}),
        (_("Role"), {"fields": ["is_staff", "groups"]}),
    ]

    def has_change_permission(self, request, obj=None):
        # Whoever could act for a superuser would be one.
        beyond = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not beyond and super().has_change_permission(request, obj)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    def formfield_for_dbfield(self, db_field, request, **options):
        return super().formfield_for_dbfield(db_field, request, **options | WORDS.get(db_field.name, {}))

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": _("People who work here")} | (extra_context or {}))

    def add_view(self, request, form_url="", extra_context=None):
        """With one button: whichever is pressed, the invitation is sent."""
        said = {"title": _("Invite somebody"), "show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, said | (extra_context or {}))

    def get_changeform_initial_data(self, request):
        return {"is_staff": True} | super().get_changeform_initial_data(request)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        old = form.initial.get("email")
        if old and old.lower() != obj.email:
            emails.account_changed(obj, ADDRESS_CHANGED, to=old, at=timezone.now())
        # allauth keeps addresses of its own; one that was replaced must open nothing any more.
        EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()
        if not obj.is_active:
            end_visits(obj)
        if not change:
            emails.invitation(obj, at=timezone.now())

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["sees_patients"] = obj is not None and who_may(TRIAGE).filter(pk=obj.pk).exists()
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def response_add(self, request, obj, post_url_continue=None):
        messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": obj.email})
        return redirect("admin:clinic_user_changelist")

    def response_change(self, request, obj):
        """Whoever has just left, or sees no patients any more, may have left somebody waiting."""
        if ConsultationRequest.objects.left_behind().of(obj).exists():
            words = _("%(person)s sees no patients here any more. These requests need somebody else.")
            messages.warning(request, words % {"person": obj})
            return redirect("admin:leaving", obj.pk)
        return super().response_change(request, obj)

    def get_urls(self):
        # Without the stock page on which one person sets another's password.
        return admin.ModelAdmin.get_urls(self)

    @admin.action(description=_("Send an invitation again"), permissions=["change"])
    def invite_again(self, request, people):
        people = [
            person
            for person in people.filter(is_active=True).exclude(email="")
            if self.has_change_permission(request, person)
        ]
        for person in people:
            invite(person, by=request.user, at=timezone.now())
        done = ngettext("Done for %(count)d person.", "Done for %(count)d people.", len(people)) % {
            "count": len(people)
        }
        messages.success(request, done)

    @admin.action(description=_("Take away the second step of signing in"), permissions=["change"])
    def take_second_step_away(self, request, people):
        """From one person at a time, by name: whoever loses it is out at once, and a tick too many is soon made."""
        if len(people) != 1:
            messages.error(request, _("Nothing was changed. Tick one person alone, whom you have seen or called."))
            return
        [person] = people
        if self.has_change_permission(request, person) and steps_of(person).exists():
            take_second_step_away(person, by=request.user, at=timezone.now())
            words = _("The second step of %(person)s was taken away, and they are told so by mail.")
            messages.success(request, words % {"person": person})
        else:
            messages.error(request, _("%(person)s has no second step that you could take away.") % {"person": person})

    @admin.display(description=_("roles"))
    def roles(self, person):
        return ", ".join(group.name for group in person.groups.all())

    @admin.display(description=_("works here"), ordering="is_active")
    def works_here(self, person):
        return _("works here") if person.is_active else _("account closed")


@admin.register(OpeningHours)
class OpeningHoursAdmin(NamesWhatFallsOut, BrowsersOwnFields, admin.ModelAdmin):
    list_display = ["weekday", "opens", "closes"]
    list_editable = ["opens", "closes"]

    def formfield_for_dbfield(self, db_field, request, **options):
        """In the list the name of a column is no label of the fields below it."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None:
            field.widget.attrs["aria-label"] = field.label
        return field

    def get_changelist_formset(self, request, **kwargs):
        """No week has more stretches than this; a list that claims thousands would be built row by row."""
        return super().get_changelist_formset(request, max_num=MOST_STRETCHES, absolute_max=MOST_STRETCHES, **kwargs)


@admin.register(Holiday)
class HolidayAdmin(BrowsersOwnFields, admin.ModelAdmin):
    list_display = ["date", "name"]

    def save_model(self, request, holiday, form, change):
        super().save_model(request, holiday, form, change)
        begins = datetime.combine(holiday.date, time(), ClinicSettings.current().tzinfo)
        tell_what_stands(request, begins, begins + timedelta(days=1))
