"""The word lists that search reads on SQLite, and the triggers that keep them.

Django remakes a SQLite table to alter it, and drops its triggers on the way without a word;
so they are looked for after every migrate, and a list that went without is made anew.
"""

from __future__ import annotations

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from inbox.models import Ticket
from inbox.search import SEARCHED


def keep_word_lists(using: str) -> None:
    """After migrate: every searched table has its list and triggers, or gets them now."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    tables = set(connection.introspection.table_names())
    for model in SEARCHED:
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
    table, key = model._meta.db_table, "number" if model is Ticket else "id"
    name = f"{table}_words"
    forget = f"INSERT INTO {name}({name}, rowid, words) VALUES ('delete', old.{key}, old.words);"
    learn = f"INSERT INTO {name}(rowid, words) VALUES (new.{key}, new.words);"
    trigger = f"CREATE TRIGGER IF NOT EXISTS {name}"
    return [
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5("
        f"words, content='{table}', content_rowid='{key}', tokenize='ascii')",
        f"{trigger}_insert AFTER INSERT ON {table} BEGIN {learn} END",
        f"{trigger}_delete AFTER DELETE ON {table} BEGIN {forget} END",
        f"{trigger}_update AFTER UPDATE OF words ON {table} "
        f"WHEN old.words IS NOT new.words BEGIN {forget} {learn} END",
        f"INSERT INTO {name}({name}) VALUES ('rebuild')",
    ]
