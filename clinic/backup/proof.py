"""What a database holds, and whether it is what a manifest says."""

from django.db.backends.base.base import BaseDatabaseWrapper

from clinic import appendonly

from .archive import Manifest

# Tables that hold something on a site where nobody has done anything yet.
EMPTY_SITE_HAS = {
    "auth_group", "auth_group_permissions", "auth_permission", "clinic_heartbeat", "django_content_type", "django_session",
}  # fmt: skip
# Nobody is signed in after a restore, and what patients have typed and not sent is in no backup.
SESSIONS = "django_session"
UNCHECKED = {
    "sqlite": [
        ("PRAGMA integrity_check", "the database is damaged"),
        ("PRAGMA foreign_key_check", "a row names another that is not there"),
    ],
    "postgresql": [
        ("SELECT conname FROM pg_constraint WHERE NOT convalidated", "a constraint was never checked"),
        ("SELECT indexrelid FROM pg_index WHERE NOT indisvalid", "an index is not valid"),
    ],
}


def rows(database: BaseDatabaseWrapper) -> dict[str, int]:
    with database.cursor() as cursor:
        return count(cursor, database.introspection.table_names(cursor))


def count(cursor, tables) -> dict[str, int]:
    found = {}
    for table in sorted(tables):
        cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - a table's own name
        [found[table]] = cursor.fetchone()
    return found


def migrations(database: BaseDatabaseWrapper) -> list[str]:
    """Django's recorder would ask the site's own database, whichever connection it is given."""
    with database.cursor() as cursor:
        if "django_migrations" not in database.introspection.table_names(cursor):
            return []
        cursor.execute("SELECT app, name FROM django_migrations")
        return sorted(f"{app}.{name}" for app, name in cursor.fetchall())


def content(database: BaseDatabaseWrapper) -> dict[str, int]:
    """What somebody would miss: how many rows are in which table."""
    ours = set(database.introspection.django_table_names(only_existing=True)) - EMPTY_SITE_HAS
    with database.cursor() as cursor:
        return {table: rows for table, rows in count(cursor, ours).items() if rows}


def faults(database: BaseDatabaseWrapper, manifest: Manifest) -> list[str]:
    """One sentence for each thing that is not as it was; empty for a database that is what was kept."""
    now = rows(database)
    found = [
        f"{table} has {now.get(table, 'no table of')} rows, and had {manifest.rows.get(table, 'no table of')}"
        for table in sorted(now.keys() | manifest.rows.keys())
        if now.get(table) != manifest.rows.get(table)
    ]
    if migrations(database) != sorted(manifest.migrations):
        found.append("its migrations are not those of the manifest")
    return found + unsound(database) + [f"the trigger {name} is missing" for name in appendonly.missing(database)]


def unsound(database: BaseDatabaseWrapper) -> list[str]:
    found = []
    with database.cursor() as cursor:
        for question, sentence in UNCHECKED[database.vendor]:
            cursor.execute(question)
            # SQLite's check answers with one row that says so where it found nothing.
            found += [sentence] if [row for row in cursor.fetchall() if row != ("ok",)] else []
    return found
