from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from .models import ClinicSettings, Holiday, OpeningHours, User

MOST_STRETCHES = 100


class NothingIsDeleted:
    """People and facts are ended or changed; the record of them stays."""

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(User)
class PersonAdmin(NothingIsDeleted, UserAdmin):
    """The people who work here. Nobody can give themselves more than a role."""

    list_display = ["display_name", "username", "email", "roles", "is_active"]
    list_filter = ["groups", "is_active"]
    search_fields = ["username", "display_name", "email"]
    ordering = ["display_name", "username"]
    filter_horizontal = ["groups"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["display_name", "credentials", "email"]}),
        (_("Role"), {"fields": ["is_active", "is_staff", "groups"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "classes": ["wide"],
                "fields": [
                    "username",
                    "display_name",
                    "credentials",
                    "email",
                    "usable_password",
                    "password1",
                    "password2",
                ],
            },
        ),
        (_("Role"), {"fields": ["is_staff", "groups"]}),
    ]

    def has_change_permission(self, request, obj=None):
        # Whoever could set a superuser's password would be one.
        beyond = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not beyond and super().has_change_permission(request, obj)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    @transaction.atomic
    def user_change_password(self, request, *args, **kwargs):
        """The password and the record of its change: both or neither."""
        return super().user_change_password(request, *args, **kwargs)

    @admin.display(description=_("roles"))
    def roles(self, person):
        return ", ".join(group.name for group in person.groups.all())


@admin.register(ClinicSettings)
class ClinicSettingsAdmin(NothingIsDeleted, admin.ModelAdmin):
    fieldsets = [
        (_("The clinic"), {"fields": ["name", "tagline", "phone", "address", "zone"]}),
        (_("In an emergency"), {"fields": ["emergency_number", "emergency_words", "crisis_words"]}),
        (_("What we offer"), {"fields": ["complimentary", "offers_clinic", "offers_phone", "offers_video"]}),
        (_("What we promise"), {"fields": ["urgent_reply_hours", "reply_days", "hold_hours", "visit_minutes"]}),
        (_("Pause"), {"fields": ["is_paused", "pause_words"]}),
        (None, {"fields": ["is_demo"]}),
    ]

    def has_add_permission(self, request):
        return False

    def changelist_view(self, request, extra_context=None):
        if self.has_change_permission(request) and not ClinicSettings.objects.exists():
            ClinicSettings().save()
        return redirect("admin:clinic_clinicsettings_change", 1)


@admin.register(OpeningHours)
class OpeningHoursAdmin(admin.ModelAdmin):
    list_display = ["weekday", "opens", "closes"]
    list_editable = ["opens", "closes"]

    def get_changelist_formset(self, request, **kwargs):
        """No week has more stretches than this; a list that claims thousands would be built row by row."""
        return super().get_changelist_formset(request, max_num=MOST_STRETCHES, absolute_max=MOST_STRETCHES, **kwargs)


@admin.register(Holiday)
class HolidayAdmin(admin.ModelAdmin):
    list_display = ["date", "name"]
