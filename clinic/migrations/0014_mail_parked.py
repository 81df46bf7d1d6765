from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0013_shown_change"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(
                condition=models.Q(("parked_at__isnull", False)), fields=["-parked_at", "-id"], name="mail_parked"
            ),
        ),
    ]
