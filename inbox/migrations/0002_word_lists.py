"""The lists of words that search reads on PostgreSQL; SQLite's are made by inbox.search_index.

array_to_tsvector takes our folded words as they are, so both databases compare the same words.
"""

from django.db import migrations

TABLES = ("inbox_message", "inbox_note", "inbox_ticket")


def make(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in TABLES:
        schema_editor.execute(
            f"CREATE INDEX {table}_words ON {table} "
            "USING gin (array_to_tsvector(string_to_array(words, ' ')))"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in TABLES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {table}_words")


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
