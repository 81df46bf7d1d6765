import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tips", "0011_topics_differ_in_more_than_capitals"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="topic",
            options={
                "ordering": [django.db.models.functions.text.Lower("name")],
                "verbose_name": "topic",
                "verbose_name_plural": "topics",
            },
        ),
        migrations.AlterField(
            model_name="topic",
            name="name",
            field=models.CharField(max_length=60, verbose_name="name"),
        ),
        migrations.AddConstraint(
            model_name="topic",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"),
                name="topic_has_a_name_of_its_own",
                violation_error_message="Another topic has this name, in capitals or not.",
            ),
        ),
    ]
