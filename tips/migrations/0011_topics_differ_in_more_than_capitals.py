from django.db import migrations


def number(apps, schema_editor):
    """Of topics whose names differ in capitals alone the first keeps its name, and the others get a number."""
    Topic = apps.get_model("tips", "Topic")
    taken = set()
    for topic in Topic.objects.order_by("pk"):
        name, count = topic.name, 1
        while name.lower() in taken or (count > 1 and Topic.objects.filter(name__iexact=name).exists()):
            count += 1
            name = f"{topic.name[:54]} ({count})"
        taken.add(name.lower())
        if name != topic.name:
            Topic.objects.filter(pk=topic.pk).update(name=name)


class Migration(migrations.Migration):
    dependencies = [("tips", "0010_no_table_of_downloads")]
    operations = [migrations.RunPython(number, migrations.RunPython.noop)]
