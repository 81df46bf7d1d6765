from django.db import migrations
from django.db.models import Exists, F, OuterRef, Q, Subquery


def place(apps, schema_editor):
    """Articles from before the workflow: who was named as the reviewer has reviewed, and a newer text is a draft."""
    Tip = apps.get_model("tips", "Tip")
    named = Q(clinical_reviewer__isnull=False, last_reviewed__isnull=False, next_review__isnull=False)
    approved = Tip.objects.filter(named, status="approved").exclude(author=F("clinical_reviewer"))
    wrote = apps.get_model("tips", "TipRevision").objects.filter(
        tip=OuterRef("pk"), written_by=OuterRef("clinical_reviewer")
    )
    approved.exclude(Exists(wrote)).update(independently_reviewed=True)
    newest = apps.get_model("tips", "TipRevision").objects.filter(tip=OuterRef("pk")).order_by("-number")
    approved = Tip.objects.filter(status="approved").annotate(newest=Subquery(newest.values("pk")[:1]))
    for pk in list(approved.exclude(newest=F("live")).values_list("pk", flat=True)):
        Tip.objects.filter(pk=pk).update(status="draft")


class Migration(migrations.Migration):
    dependencies = [("tips", "0002_workflow")]
    operations = [migrations.RunPython(place, migrations.RunPython.noop)]
