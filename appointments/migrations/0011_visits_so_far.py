from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """When each booked visit begins; safe to run again."""
    ConsultationRequest = apps.get_model("appointments", "ConsultationRequest")
    OfferedTime = apps.get_model("appointments", "OfferedTime")
    booked = OfferedTime.objects.filter(
        consultation=OuterRef("pk"), booked_at__isnull=False, released_at__isnull=True
    ).values("starts_at")
    ConsultationRequest.objects.filter(status="booked").update(visit_at=Subquery(booked[:1]))


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0010_visit_at"),
    ]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
