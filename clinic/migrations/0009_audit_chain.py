from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0008_pictures_roles")]
    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry", models.BigIntegerField(unique=True)),
                ("hash", models.CharField(max_length=64)),
            ],
        ),
        migrations.AddField("auditentry", "network", models.CharField(blank=True, max_length=50)),
        migrations.AddField("auditentry", "route", models.CharField(blank=True, max_length=100)),
        migrations.AlterField("auditentry", "action", models.CharField(max_length=30)),
        migrations.AlterField(
            "auditentry",
            "by",
            models.ForeignKey(db_index=False, null=True, on_delete=models.PROTECT, related_name="+", to="clinic.user"),
        ),
        migrations.AlterField("auditentry", "reference", models.CharField(blank=True, max_length=40)),
        migrations.AddIndex("auditentry", models.Index(fields=["by", "id"], name="audit_by_person")),
        migrations.AddIndex("auditentry", models.Index(fields=["action", "id"], name="audit_by_action")),
        migrations.AddIndex("auditentry", models.Index(fields=["reference", "id"], name="audit_by_reference")),
    ]
