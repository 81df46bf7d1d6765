from django.db import migrations

TEXT = ["add_tip", "change_tip", "view_tip", "add_guide", "change_guide", "view_guide", "view_topic"]
OWN = ["holiday", "openinghours"]
# What each group may do, by app. An editor has nothing of "appointments".
ROLES = {
    "Owner": {
        "appointments": ["triage_consultationrequest", "oversee_consultationrequest"],
        "clinic": [
            "change_clinicsettings",
            "view_clinicsettings",
            "add_user",
            "change_user",
            "view_user",
            *[f"{verb}_{model}" for model in OWN for verb in ("add", "change", "delete", "view")],
        ],
        "tips": ["view_tip", "view_guide", "view_topic"],
    },
    "Therapist": {"appointments": ["triage_consultationrequest"], "tips": TEXT},
    "Editor": {"tips": [*TEXT, "publish_tip", "add_topic", "change_topic"]},
    "Clinical reviewer": {"tips": TEXT},
}
# Permissions that are not one of Django's four name the model that holds them.
HELD_BY = {
    "triage_consultationrequest": "consultationrequest",
    "oversee_consultationrequest": "consultationrequest",
    "publish_tip": "tip",
}


def make_groups(apps, schema_editor):
    """The groups and their permissions; safe to run again."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for name, by_app in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        for app_label, codenames in by_app.items():
            for codename in codenames:
                model = HELD_BY.get(codename) or codename.split("_", 1)[1]
                held_by, _ = ContentType.objects.get_or_create(app_label=app_label, model=model)
                permission, _ = Permission.objects.get_or_create(
                    content_type=held_by, codename=codename, defaults={"name": f"Can {codename.replace('_', ' ')}"}
                )
                group.permissions.add(permission)


def remove_groups(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0001_initial"),
        ("tips", "0001_initial"),
        ("appointments", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_groups, remove_groups)]
