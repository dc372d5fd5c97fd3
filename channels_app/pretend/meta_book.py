"""What the pretend Meta remembers: people, messages both ways, windows, files and templates."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import threading
import time
from dataclasses import asdict, dataclass
from secrets import randbelow
from typing import TYPE_CHECKING, Any

from channels_app.pretend.meta_events import Person

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """One message on somebody's phone. `said` is what was posted or sent, by its type."""

    message_id: str
    person: str
    is_ours: bool
    kind: str
    said: Json
    at: float
    status: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A file somebody handed to Meta."""

    media_id: str
    content_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Its digest in hex, as the API says it."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def digest(self) -> str:
        """Its digest in base64, as events say it."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


class MetaBook:
    """Everything in one SQLite database, in memory unless a path is given."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS person (id TEXT PRIMARY KEY, data TEXT, wrote_at REAL);
            CREATE TABLE IF NOT EXISTS message (
                id INTEGER PRIMARY KEY, message_id TEXT UNIQUE, person TEXT, data TEXT);
            CREATE INDEX IF NOT EXISTS message_person ON message (person);
            CREATE TABLE IF NOT EXISTS media (id TEXT PRIMARY KEY, type TEXT, content BLOB);
            CREATE TABLE IF NOT EXISTS template (
                name TEXT, language TEXT, data TEXT, PRIMARY KEY (name, language));
            """
        )

    def close(self) -> None:
        """Nothing more is remembered."""
        with self._lock:
            self._database.close()

    def meet(self, person: Person) -> str:
        """Know this person from now on; what they are known by."""
        key = person.user_id or person.phone
        self._run(
            "INSERT INTO person (id, data, wrote_at) VALUES (?, ?, 0)"
            " ON CONFLICT (id) DO UPDATE SET data = excluded.data",
            (key, json.dumps(asdict(person))),
        )
        return key

    def find(self, address: str) -> tuple[str, Person] | None:
        """Who goes by this number or id."""
        for key, data in self._run("SELECT id, data FROM person", ()):
            person = Person(**json.loads(data))
            if address in {person.phone, person.user_id, person.parent_id}:
                return key, person
        return None

    def heard(self, key: str, *, at: float) -> None:
        """They wrote: the window is open for 24 hours."""
        self._run("UPDATE person SET wrote_at = max(wrote_at, ?) WHERE id = ?", (at, key))

    def is_open(self, key: str, *, window: float) -> bool:
        """Whether free text may go to them."""
        query = "SELECT 1 FROM person WHERE id = ? AND wrote_at > ?"
        return bool(self._run(query, (key, time.time() - window)))

    def keep(self, kept: Kept) -> None:
        """Enter a message, or put a new state of it in its place."""
        self._run(
            "INSERT INTO message (message_id, person, data) VALUES (?, ?, ?)"
            " ON CONFLICT (message_id) DO UPDATE SET data = excluded.data",
            (kept.message_id, kept.person, json.dumps(asdict(kept))),
        )

    def messages(self, person: str = "") -> list[Kept]:
        """Messages in the order they were taken."""
        query = "SELECT data FROM message WHERE ? IN ('', person) ORDER BY id"
        return [Kept(**json.loads(data)) for (data,) in self._run(query, (person,))]

    def message(self, message_id: str) -> Kept | None:
        """One message."""
        found = self._run("SELECT data FROM message WHERE message_id = ?", (message_id,))
        return Kept(**json.loads(found[0][0])) if found else None

    def store(self, content: bytes, *, content_type: str) -> Media:
        """Keep a file."""
        media = Media(str(10**16 + randbelow(9 * 10**16)), content_type, content)
        row = (media.media_id, media.content_type, media.content)
        self._run("INSERT INTO media VALUES (?, ?, ?)", row)
        return media

    def media(self, media_id: str) -> Media | None:
        """A file."""
        found = self._run("SELECT * FROM media WHERE id = ?", (media_id,))
        return Media(*found[0]) if found else None

    def forget_media(self, media_id: str) -> None:
        """A file's seven days are over."""
        self._run("DELETE FROM media WHERE id = ?", (media_id,))

    def put_template(self, template: Json) -> None:
        """A template as it is from now on."""
        row = (template["name"], template["language"], json.dumps(template))
        self._run("INSERT OR REPLACE INTO template VALUES (?, ?, ?)", row)

    def templates(self) -> list[Json]:
        """Every template."""
        query = "SELECT data FROM template ORDER BY name, language"
        return [json.loads(data) for (data,) in self._run(query, ())]

    def template(self, name: str, language: str) -> Json | None:
        """One template."""
        query = "SELECT data FROM template WHERE name = ? AND language = ?"
        found = self._run(query, (name, language))
        return json.loads(found[0][0]) if found else None

    def _run(self, query: str, values: tuple[object, ...]) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()
