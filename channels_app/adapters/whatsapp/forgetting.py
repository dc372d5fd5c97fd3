"""A message is taken back: its words leave the raw event, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from channels_app.adapters.whatsapp.reading import Json, load, part, parts, word

if TYPE_CHECKING:
    from collections.abc import Iterator

# Ours, not Meta's: parsing passes over what has it.
FORGOTTEN = "forgotten"
KEPT = frozenset({"id", "timestamp", "type"})


def without(body: bytes, external_id: str) -> bytes:
    """The event without what this message said, and what it was changed to say. Raises
    UnreadablePayload."""
    said = load(body)
    for message in _messages(said):
        if external_id in (word(message, "id"), _edited(message)):
            kept = {name: value for name, value in message.items() if name in KEPT}
            message.clear()
            message.update(kept | {FORGOTTEN: True})
    return json.dumps(said).encode()


def _messages(said: Json) -> Iterator[Json]:
    for entry in parts(said, "entry"):
        for change in parts(entry, "changes"):
            value = part(change, "value")
            yield from parts(value, "messages")
            yield from parts(value, "message_echoes")


def _edited(message: Json) -> str:
    return word(part(message, "edit"), "original_message_id")
