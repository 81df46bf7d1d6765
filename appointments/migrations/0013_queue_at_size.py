from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0012_visit_while_booked"),
        ("tips", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="consultationrequest",
            name="request_queue",
        ),
        migrations.AddIndex(
            model_name="consultationrequest",
            index=models.Index(fields=["status", "suspicion", "answer_by", "id"], name="request_queue"),
        ),
        migrations.AddIndex(
            model_name="consultationrequest",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["assigned_to", "answer_by", "id"],
                name="request_open_of",
            ),
        ),
        migrations.AddIndex(
            model_name="consultationrequest",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["urgency", "status", "answer_by", "id"],
                name="request_urgent",
            ),
        ),
        migrations.AddIndex(
            model_name="consultationrequest",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True), ("suspicion__gt", "")),
                fields=["answer_by", "id"],
                name="request_suspect",
            ),
        ),
        migrations.AddIndex(
            model_name="consultationrequest",
            index=models.Index(
                condition=models.Q(("visit_at__isnull", False)), fields=["visit_at", "id"], name="request_visit"
            ),
        ),
        migrations.AddIndex(
            model_name="nameword",
            index=models.Index(
                models.Func(
                    "word",
                    function="SUBSTR",
                    output_field=models.BinaryField(),
                    template="%(function)s(%(expressions)s, 1, 2)",
                ),
                models.OrderBy(models.F("statement"), descending=True),
                models.F("word"),
                name="name_word_newest_first",
            ),
        ),
    ]
