from django.db import migrations

from appointments.names import words_of

AT_ONCE = 1000


def fill(apps, schema_editor):
    """The words of every name; safe to run again."""
    PatientStatement = apps.get_model("appointments", "PatientStatement")
    NameWord = apps.get_model("appointments", "NameWord")
    statements = PatientStatement.objects.exclude(name_words__isnull=False).only("full_name")
    words = []
    for statement in statements.iterator(chunk_size=AT_ONCE):
        words += [NameWord(statement=statement, word=word.encode()) for word in words_of(statement.full_name)]
        if len(words) >= AT_ONCE:
            NameWord.objects.bulk_create(words)
            words = []
    NameWord.objects.bulk_create(words)


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0005_name_words"),
    ]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
