import django.db.models.deletion
from django.db import migrations, models

# The columns are those of the model. On SQLite its table is the full-text index itself; on PostgreSQL the index is a
# column that the database makes from the others.
TABLE = {
    "sqlite": [
        """
        CREATE VIRTUAL TABLE tips_searchentry USING fts5(
            text_id UNINDEXED, plain UNINDEXED, title, summary, topics, body, prefix = '2 3'
        )
        """
    ],
    "postgresql": [
        """
        CREATE TABLE tips_searchentry (
            rowid bigint PRIMARY KEY REFERENCES tips_tip DEFERRABLE INITIALLY DEFERRED,
            text_id bigint NOT NULL,
            plain text NOT NULL,
            title text NOT NULL,
            summary text NOT NULL,
            topics text NOT NULL,
            body text NOT NULL,
            words tsvector NOT NULL GENERATED ALWAYS AS (
                setweight(to_tsvector('simple', title), 'A')
                || setweight(to_tsvector('simple', summary || ' ' || topics), 'B')
                || setweight(to_tsvector('simple', body), 'C')
            ) STORED
        )
        """,
        "CREATE INDEX tips_searchentry_words ON tips_searchentry USING gin (words)",
    ],
}


def make_table(apps, schema_editor):
    for statement in TABLE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop_table(apps, schema_editor):
    schema_editor.execute("DROP TABLE tips_searchentry")


class Migration(migrations.Migration):
    dependencies = [("tips", "0004_guide_downloads")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(make_table, drop_table)],
            state_operations=[
                migrations.CreateModel(
                    name="SearchEntry",
                    fields=[
                        (
                            "tip",
                            models.OneToOneField(
                                db_column="rowid",
                                editable=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="+",
                                serialize=False,
                                to="tips.tip",
                            ),
                        ),
                        ("text_id", models.BigIntegerField(editable=False)),
                        ("plain", models.TextField(editable=False)),
                        ("title", models.TextField(editable=False)),
                        ("summary", models.TextField(editable=False)),
                        ("topics", models.TextField(editable=False)),
                        ("body", models.TextField(editable=False)),
                    ],
                    options={"verbose_name": "search entry", "verbose_name_plural": "search entries"},
                ),
            ],
        ),
    ]
