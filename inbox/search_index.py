"""The word lists that search reads on SQLite, and the triggers that keep them.

Django remakes a SQLite table to alter it, and drops its triggers on the way without a word;
so they are looked for after every migrate, and a list that went without is made anew.
"""

from __future__ import annotations

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from inbox.search import LISTED

FORGET = (
    "INSERT INTO {table}_words({table}_words, rowid, words)"
    " VALUES ('delete', old.{key}, old.words);"
)
LEARN = "INSERT INTO {table}_words(rowid, words) VALUES (new.{key}, new.words);"
STATEMENTS = (
    """CREATE VIRTUAL TABLE IF NOT EXISTS {table}_words USING fts5(
        words, content='{table}', content_rowid='{key}', tokenize='ascii')""",
    f"""CREATE TRIGGER IF NOT EXISTS {{table}}_words_insert
        AFTER INSERT ON {{table}} BEGIN {LEARN} END""",
    f"""CREATE TRIGGER IF NOT EXISTS {{table}}_words_delete
        AFTER DELETE ON {{table}} BEGIN {FORGET} END""",
    f"""CREATE TRIGGER IF NOT EXISTS {{table}}_words_update
        AFTER UPDATE OF words ON {{table}} WHEN old.words IS NOT new.words
        BEGIN {FORGET} {LEARN} END""",
    "INSERT INTO {table}_words({table}_words) VALUES ('rebuild')",
)


def keep_word_lists(using: str) -> None:
    """After migrate: every searched table has its list and triggers, or gets them now."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    tables = set(connection.introspection.table_names())
    for model in LISTED:
        if model._meta.db_table in tables and not _has_triggers(connection, model):
            _make(connection, model)


def _has_triggers(connection: BaseDatabaseWrapper, model: type[models.Model]) -> bool:
    sql = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [f"{model._meta.db_table}_words_%"])
        return bool(cursor.fetchone()[0] == 3)


def _make(connection: BaseDatabaseWrapper, model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        for statement in _statements(model):
            cursor.execute(statement)


def _statements(model: type[models.Model]) -> list[str]:
    """The list keeps no text: it reads the table's own column. Its `ascii` tokenizer takes
    every character above 127 as part of a word, which is what folded words need."""
    names = {"table": model._meta.db_table, "key": model._meta.pk.attname}
    return [statement.format(**names) for statement in STATEMENTS]
