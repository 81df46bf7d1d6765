from django.db import migrations

# How long a row may be that keeps its texts beside the others, in bytes; of what is longer they lie apart. A frequent
# word fits tens of thousands of texts, and whoever asks which they are then reads a fifth of what they would.
LONGEST_ROW = 128


def keep_texts_apart(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE tips_searchentry SET (toast_tuple_target = {LONGEST_ROW})")


def keep_texts_together(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE tips_searchentry RESET (toast_tuple_target)")


class Migration(migrations.Migration):
    dependencies = [("tips", "0007_imports")]

    operations = [migrations.RunPython(keep_texts_apart, keep_texts_together)]
