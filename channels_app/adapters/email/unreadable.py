"""A mail nobody can read still becomes a message: who, what about, in answer to what, and the
mail as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import Message

from channels_app.adapters.email.bounds import header_block
from channels_app.adapters.email.desk import Desk
from channels_app.adapters.email.keys import content_key
from channels_app.adapters.email.outline import outline
from channels_app.messages import Attachment, InboundMessage

SCANNED = 64 * 1024
MAX_FIELD = 8 * 1024
TITLE = "unreadable mail"


def unreadable(raw: bytes, *, desk: Desk, received_at: datetime, reason: str) -> InboundMessage:
    """The message that stands for a mail we can't read: its headers are, as far as they go."""
    known = outline(_salvaged(raw), desk=desk, received_at=received_at, dedupe_key=content_key(raw))
    return replace(
        known,
        subject=known.subject or TITLE,
        text=f"{TITLE}: {reason}",
        full_text=f"{TITLE}: {reason}",
        attachments=(Attachment("message.eml", "message/rfc822", raw),),
        is_unreadable=True,
    )


def _salvaged(raw: bytes) -> Message:
    """The headers in the first 64 KB, each cut short."""
    message = Message()
    for line in _unfolded(header_block(raw, SCANNED)):
        name, colon, value = line[:MAX_FIELD].decode("ascii", "surrogateescape").partition(":")
        if colon:
            message[name.strip()] = value.strip()
    return message


def _unfolded(block: bytes) -> Iterator[bytes]:
    waiting: list[bytes] = []
    for line in block.splitlines():
        if line[:1] not in (b" ", b"\t"):
            yield b"".join(waiting)
            waiting = []
        waiting.append(line)
    yield b"".join(waiting)
