from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0009_weeks"),
    ]

    operations = [
        migrations.AddField(
            model_name="consultationrequest",
            name="visit_at",
            field=models.DateTimeField(null=True),
        ),
    ]
