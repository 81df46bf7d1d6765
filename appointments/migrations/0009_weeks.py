from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0008_erased"),
    ]

    operations = [
        migrations.CreateModel(
            name="CarriedOver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("key", models.CharField(blank=True, max_length=40)),
                ("count", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "key"), name="carried_over_is_one_number_a_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="WeekCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("week", models.DateField()),
                ("kind", models.CharField(max_length=20)),
                ("key", models.CharField(blank=True, max_length=40)),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("week", "kind", "key"), name="people_are_counted_once_a_week")
                ],
            },
        ),
    ]
