from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0013_queue_at_size"),
    ]

    operations = [
        migrations.AlterField(
            model_name="consultationrequest",
            name="status",
            field=models.CharField(
                choices=[
                    ("new", "New"),
                    ("in_review", "In review"),
                    ("needs_info", "Question asked"),
                    ("proposed", "Times offered"),
                    ("booked", "Booked"),
                    ("completed", "Completed"),
                    ("no_show", "Missed"),
                    ("declined", "Declined"),
                    ("withdrawn", "Withdrawn"),
                    ("lapsed", "Lapsed"),
                    ("spam", "Spam"),
                ],
                default="new",
                max_length=20,
            ),
        ),
    ]
