"""What the pretend provider remembers: numbers, messages, files and who said stop."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

Direction = Literal["inbound", "outbound-api", "outbound-reply"]


@dataclass(frozen=True, slots=True)
class Sms:
    """One message. `media` holds the ids of its files, `made_at` epoch seconds."""

    sid: str
    direction: Direction
    sender: str
    to: str
    body: str
    made_at: float
    status: str
    service: str = ""
    status_url: str = ""
    error_code: int | None = None
    media: tuple[str, ...] = ()

    @property
    def made(self) -> datetime:
        """When it was taken."""
        return datetime.fromtimestamp(self.made_at, UTC)


@dataclass(frozen=True, slots=True)
class File:
    """One file of a message; `url` is where it was fetched from, "" when a customer sent it."""

    sid: str
    content_type: str
    content: bytes
    url: str = ""


class Book:
    """Everything in one SQLite database, in memory unless a path is given."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS sms (
                id INTEGER PRIMARY KEY, sid TEXT UNIQUE, sender TEXT, recipient TEXT, data TEXT);
            CREATE INDEX IF NOT EXISTS sms_recipient ON sms (recipient);
            CREATE TABLE IF NOT EXISTS file (
                sid TEXT PRIMARY KEY, content_type TEXT, content BLOB, url TEXT);
            CREATE TABLE IF NOT EXISTS number (number TEXT PRIMARY KEY, sms_url TEXT);
            CREATE TABLE IF NOT EXISTS stopped (
                customer TEXT, number TEXT, PRIMARY KEY (customer, number));
            """
        )

    def close(self) -> None:
        """Nothing more is remembered."""
        with self._lock:
            self._database.close()

    def write(self, sms: Sms) -> Sms:
        """Enter a message, or put a new state of it in its place."""
        self._run(
            "INSERT INTO sms (sid, sender, recipient, data) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (sid) DO UPDATE SET data = excluded.data",
            (sms.sid, sms.sender, sms.to, json.dumps(asdict(sms))),
        )
        return sms

    def find(self, sid: str) -> Sms:
        """A message. Raises KeyError."""
        for (data,) in self._run("SELECT data FROM sms WHERE sid = ?", (sid,)):
            return _sms(data)
        raise KeyError(sid)

    def messages(self, *, to: str = "", sender: str = "") -> list[Sms]:
        """Messages in the order they were taken."""
        rows = self._run(
            "SELECT data FROM sms WHERE ? IN ('', recipient) AND ? IN ('', sender) ORDER BY id",
            (to, sender),
        )
        return [_sms(data) for (data,) in rows]

    def keep(self, content: bytes, *, content_type: str, url: str = "") -> File:
        """Keep a file."""
        file = File(f"ME{token_hex(16)}", content_type, content, url)
        row = (file.sid, file.content_type, file.content, file.url)
        self._run("INSERT INTO file VALUES (?, ?, ?, ?)", row)
        return file

    def fill(self, sid: str, content: bytes, *, content_type: str) -> None:
        """What was fetched for a file."""
        self._run(
            "UPDATE file SET content = ?, content_type = ? WHERE sid = ?",
            (content, content_type, sid),
        )

    def file(self, sid: str) -> File:
        """A file. Raises KeyError."""
        for row in self._run("SELECT * FROM file WHERE sid = ?", (sid,)):
            return File(*row)
        raise KeyError(sid)

    def own(self, number: str, *, sms_url: str) -> None:
        """The account has this number, and its messages go to this address."""
        self._run("INSERT OR REPLACE INTO number VALUES (?, ?)", (number, sms_url))

    def numbers(self) -> dict[str, str]:
        """The account's numbers and where their messages go."""
        return dict(self._run("SELECT number, sms_url FROM number", ()))

    def stop(self, customer: str, *, number: str) -> None:
        """The customer wants nothing more from this number."""
        self._run("INSERT OR IGNORE INTO stopped VALUES (?, ?)", (customer, number))

    def start(self, customer: str, *, number: str) -> None:
        """The customer takes messages from this number again."""
        self._run("DELETE FROM stopped WHERE customer = ? AND number = ?", (customer, number))

    def has_stopped(self, customer: str, *, number: str) -> bool:
        """Whether the customer said stop to this number."""
        query = "SELECT 1 FROM stopped WHERE customer = ? AND number = ?"
        return bool(self._run(query, (customer, number)))

    def _run(self, query: str, values: tuple[object, ...]) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()


def _sms(data: str) -> Sms:
    fields = json.loads(data)
    return Sms(**{**fields, "media": tuple(fields["media"])})
