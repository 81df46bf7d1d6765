from django.db import migrations
from django.db.models import F, OuterRef, Subquery


def settle(apps, schema_editor):
    """Until now a draft that was taken up again kept its live text, and an archived one could lose its date."""
    Tip = apps.get_model("tips", "Tip")
    Tip.objects.filter(status="draft", live__isnull=False).update(live=None)
    text = apps.get_model("tips", "TipRevision").objects.filter(pk=OuterRef("live"))
    undated = Tip.objects.filter(live__isnull=False, publish_at__isnull=True)
    undated.update(publish_at=Subquery(text.values("written_at")[:1]))
    # What had expired by then keeps to the rule that it expires after it is published.
    Tip.objects.filter(expire_at__lte=F("publish_at")).update(expire_at=None)


class Migration(migrations.Migration):
    dependencies = [("tips", "0001_initial")]
    operations = [migrations.RunPython(settle, migrations.RunPython.noop)]
