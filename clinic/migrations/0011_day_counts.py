from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0010_what_is_kept"),
    ]

    operations = [
        migrations.CreateModel(
            name="DayCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("kind", models.CharField(max_length=20)),
                ("key", models.CharField(blank=True, max_length=100)),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("day", "kind", "key"), name="looks_are_counted_once_a_day")
                ],
            },
        ),
    ]
