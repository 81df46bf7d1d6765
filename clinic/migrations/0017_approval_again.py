from django.db import migrations


class Migration(migrations.Migration):
    """Whoever has read the safety screen reads it again after a year."""

    dependencies = [
        ("clinic", "0016_mail_in_turn"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="approval",
            name="approval_is_given_once_by_each",
        ),
    ]
