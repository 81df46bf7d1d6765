from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0011_visits_so_far"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="consultationrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "booked"), ("visit_at__isnull", False)),
                    models.Q(models.Q(("status", "booked"), _negated=True), ("visit_at__isnull", True)),
                    _connector="OR",
                ),
                name="request_has_a_visit_while_it_is_booked",
            ),
        ),
    ]
