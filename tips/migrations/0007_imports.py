import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tips", "0006_pictures")]

    operations = [
        migrations.CreateModel(
            name="ImportedTip",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=300, unique=True)),
                ("fingerprint", models.CharField(max_length=64)),
                ("imported_at", models.DateTimeField()),
                (
                    "tip",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tips.tip"),
                ),
            ],
            options={"ordering": ["source"]},
        ),
    ]
