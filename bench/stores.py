"""The two databases a desk may stand on, seen from outside: founded once, copied for each run."""

from __future__ import annotations

import shutil
import sqlite3
from abc import ABC, abstractmethod
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.services import Server, postgresql


class Store(ABC):
    """One database of one desk."""

    url: str
    vendor: str

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask or change it directly, past the desk."""

    def one(self, query: str) -> Any:
        """The one value a query asks for."""
        return self.rows(query)[0][0]

    @abstractmethod
    def earlier(self, column: str, seconds: int) -> str:
        """SQL for a moment in a column, moved into the past."""

    @abstractmethod
    def copy(self, folder: Path) -> Store:
        """The same rows in a database of their own."""


class SqliteStore(Store):
    vendor = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "parley.sqlite3"
        self.url = f"sqlite:///{self.path}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def earlier(self, column: str, seconds: int) -> str:
        return f"strftime('%Y-%m-%d %H:%M:%f', {column}, '-{seconds} seconds')"

    def copy(self, folder: Path) -> Store:
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.path, folder / self.path.name)
        return SqliteStore(folder)


class PostgresStore(Store):
    vendor = "postgresql"
    _numbers = count(1)

    def __init__(self, server: Server, name: str = "founded") -> None:
        self.server = server
        self.name = name
        self.url = server.url.rpartition("/")[0] + f"/{name}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as database:
            cursor = database.execute(query)
            return cursor.fetchall() if cursor.description else []

    def earlier(self, column: str, seconds: int) -> str:
        return f"{column} - interval '{seconds} seconds'"

    def copy(self, folder: Path) -> Store:
        copied = PostgresStore(self.server, f"run_{next(self._numbers)}")
        self._admin(f"CREATE DATABASE {copied.name} TEMPLATE {self.name}")
        return copied

    def create(self) -> PostgresStore:
        self._admin(f"CREATE DATABASE {self.name}")
        return self

    def _admin(self, query: str) -> None:
        with psycopg.connect(self.server.url, autocommit=True) as database:
            database.execute(query)


def new_store(vendor: str, folder: Path) -> Store:
    """An empty database; a PostgreSQL server comes with it."""
    if vendor == "sqlite":
        return SqliteStore(folder)
    return PostgresStore(postgresql(is_durable=True)).create()
