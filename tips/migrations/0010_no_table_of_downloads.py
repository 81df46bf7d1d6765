from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tips", "0009_downloads_are_looks")]

    operations = [migrations.DeleteModel(name="GuideDownload")]
