from django.db import migrations

PICTURES = ["add_picture", "change_picture", "view_picture"]
GROUPS = ["Clinical reviewer", "Editor", "Therapist"]


def give_pictures(apps, schema_editor):
    """Who may write tips may add pictures to them; safe to run again."""
    tips, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="tips", model="picture")
    for codename in PICTURES:
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=tips, codename=codename, defaults={"name": f"Can {codename.replace('_', ' ')}"}
        )
        for name in GROUPS:
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
            group.permissions.add(permission)


def take_pictures(apps, schema_editor):
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        group.permissions.remove(*group.permissions.filter(codename__in=PICTURES))


class Migration(migrations.Migration):
    dependencies = [("clinic", "0007_who_reviews"), ("tips", "0006_pictures")]
    operations = [migrations.RunPython(give_pictures, take_pictures)]
