"""How much of a mail we are willing to look at. What exceeds it is kept, shown and not read.

The size and the outer headers are measured on the raw bytes. Parts, their depth and inner
headers are counted by the tree itself while it grows, so no trick with boundaries gets by.
"""

from __future__ import annotations

from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import Compat32, compat32
from functools import partial
from typing import Any

MAX_SIZE = 35 * 1024 * 1024
MAX_PARTS = 200
MAX_DEPTH = 20
MAX_HEADERS = 256 * 1024
MAX_HEADER = 64 * 1024
MAX_INNER_HEADERS = 1024 * 1024
MAX_LINES = 1_000_000
MAX_ADDRESSES = 500


class OutOfBounds(Exception):
    """The mail is larger or more tangled than we read; the text says in what."""


def parse(raw: bytes) -> Message:
    """The mail as a tree. Raises OutOfBounds before it costs more than the bounds allow."""
    _check_size(raw)
    parser = BytesFeedParser(partial(_Part, _Tally()), policy=compat32)
    parser.feed(raw)
    return parser.close()


def parts_of(part: Message) -> list[Message]:
    """The parts inside of a part; none when it is a leaf."""
    inner = part.get_payload() if part.is_multipart() else []
    return [one for one in inner if isinstance(one, Message)]


def header_block(raw: bytes, limit: int = MAX_HEADERS) -> bytes:
    """The bytes before the first empty line, `limit` at most."""
    start = raw[: limit + 4].lstrip(b"\r\n")
    ends = [end for end in (start.find(b"\n\n"), start.find(b"\n\r\n")) if end >= 0]
    return start[: min(ends, default=limit)]


def _check_size(raw: bytes) -> None:
    if len(raw) > MAX_SIZE:
        raise OutOfBounds(f"larger than {MAX_SIZE // 1024 // 1024} MB")
    if max(raw.count(b"\n"), raw.count(b"\r")) > MAX_LINES:
        raise OutOfBounds(f"more than {MAX_LINES} lines")
    if len(header_block(raw, MAX_HEADERS + 1)) > MAX_HEADERS:
        raise OutOfBounds(f"headers larger than {MAX_HEADERS // 1024} KB")


class _Tally:
    """How many parts and how much of headers the tree has so far."""

    parts = -1  # the parser makes one to try its factory out
    headers = 0


class _Part(Message):
    """A part that refuses to grow beyond the bounds."""

    def __init__(self, tally: _Tally, *, policy: Compat32) -> None:
        super().__init__(policy=policy)
        self.depth = 0
        self.tally = tally
        tally.parts += 1
        if tally.parts > MAX_PARTS:
            raise OutOfBounds(f"more than {MAX_PARTS} parts")

    def attach(self, payload: Any) -> None:
        payload.depth = self.depth + 1
        if payload.depth > MAX_DEPTH:
            raise OutOfBounds(f"parts nested more than {MAX_DEPTH} deep")
        super().attach(payload)

    def set_raw(self, name: str, value: Any) -> None:
        self.tally.headers += len(name) + len(value)
        if len(value) > MAX_HEADER:
            raise OutOfBounds(f"a header longer than {MAX_HEADER // 1024} KB")
        if self.tally.headers > MAX_INNER_HEADERS:
            raise OutOfBounds(f"headers of parts larger than {MAX_INNER_HEADERS // 1024} KB")
        super().set_raw(name, value)
