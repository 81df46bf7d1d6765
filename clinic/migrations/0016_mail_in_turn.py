from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0015_promises_and_video"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(
                condition=models.Q(("parked_at__isnull", True), ("sent_at__isnull", True)),
                fields=["reference", "id"],
                name="mail_in_turn",
            ),
        ),
    ]
