from django.db import migrations

KIND = "guide_pdf"


def carry_over(apps, schema_editor):
    """How often each guide was fetched so far, to where all readers are counted."""
    DayCount = apps.get_model("clinic", "DayCount")
    fetched = apps.get_model("tips", "GuideDownload").objects.all()
    DayCount.objects.bulk_create(
        DayCount(day=each.day, kind=KIND, key=str(each.tip_id), count=each.count) for each in fetched
    )


def carry_back(apps, schema_editor):
    GuideDownload = apps.get_model("tips", "GuideDownload")
    looks = apps.get_model("clinic", "DayCount").objects.filter(kind=KIND)
    GuideDownload.objects.bulk_create(
        GuideDownload(day=each.day, tip_id=int(each.key), count=each.count) for each in looks
    )
    looks.delete()


class Migration(migrations.Migration):
    dependencies = [("tips", "0008_search_rows_apart"), ("clinic", "0011_day_counts")]

    operations = [migrations.RunPython(carry_over, carry_back)]
