from django.db import migrations, models


class Migration(migrations.Migration):
    """What was recorded before has no number, and its seals hold."""

    dependencies = [
        ("clinic", "0017_approval_again"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="number",
            field=models.CharField(blank=True, default="", max_length=16),
            preserve_default=False,
        ),
    ]
