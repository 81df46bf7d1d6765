from django.db import migrations

HOURS = [f"{verb}_{model}" for model in ("workinghours", "timeoff") for verb in ("add", "change", "delete", "view")]
# The owner keeps everybody's, a therapist their own: the admin sees to that.
GROUPS = ["Owner", "Therapist"]


def give_hours(apps, schema_editor):
    """Working hours and time off, to those who keep them; safe to run again."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for codename in HOURS:
        held_by, _ = ContentType.objects.get_or_create(app_label="appointments", model=codename.split("_", 1)[1])
        permission, _ = Permission.objects.get_or_create(
            content_type=held_by, codename=codename, defaults={"name": f"Can {codename.replace('_', ' ')}"}
        )
        for name in GROUPS:
            group, _ = Group.objects.get_or_create(name=name)
            group.permissions.add(permission)


def take_hours(apps, schema_editor):
    Permission = apps.get_model("auth", "Permission")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.remove(*Permission.objects.filter(codename__in=HOURS))


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0005_heartbeat"),
        ("appointments", "0004_working_hours_and_the_clock"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(give_hours, take_hours)]
