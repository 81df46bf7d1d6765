from django.db import migrations

REVIEWER = "Clinical reviewer"


def give_review(apps, schema_editor):
    """A clinician's agreement is the clinical reviewers' to give; safe to run again."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=REVIEWER)
    tips, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="tips", model="tip")
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=tips, codename="review_tip", defaults={"name": "Can agree to a text as a clinician"}
    )
    group.permissions.add(permission)


def take_review(apps, schema_editor):
    for group in apps.get_model("auth", "Group").objects.filter(name=REVIEWER):
        group.permissions.remove(*group.permissions.filter(codename="review_tip"))


class Migration(migrations.Migration):
    dependencies = [("clinic", "0006_who_keeps_hours"), ("tips", "0002_workflow")]
    operations = [migrations.RunPython(give_review, take_review)]
