"""Redrawing pictures, and remembering them for a while."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from django.core.cache import cache
from django.db import connection

from inbox.models import Attachment

THUMBNAIL, LARGE = 320, 1600  # the longer side at most, in pixels
KINDS = {"image/png", "image/jpeg", "image/jpg", "image/pjpeg", "image/webp", "image/gif"}
MAX_BYTES = 25_000_000
MAX_DRAWN = 8_000_000
SECONDS = 10
REMEMBERED = 3600  # seconds; what was erased is gone from here no later than that
MISSED = 60
_CHILD = str(Path(__file__).with_name("child.py"))
_turns = threading.BoundedSemaphore(2)  # each may take a core and half a gigabyte


def reencoded(raw: bytes, *, max_edge: int) -> bytes | None:
    """The picture as a WebP of nothing but pixels, upright, neither side above `max_edge`.

    None when it is no PNG, JPEG, WebP or GIF, whatever its name says; when it is damaged, has
    more than 40 million pixels or 25 MB; or takes more than 10 s. Of an animation the first
    frame.
    """
    if not raw or len(raw) > MAX_BYTES:
        return None
    # Isolated: it sees neither our modules nor our environment.
    command = [sys.executable, "-I", _CHILD, str(max_edge)]
    with _turns:
        try:
            child = subprocess.run(
                command, input=raw, capture_output=True, timeout=SECONDS, env={}, check=False
            )
        except subprocess.TimeoutExpired:
            return None
    is_drawn = child.returncode == 0 and 0 < len(child.stdout) <= MAX_DRAWN
    return child.stdout if is_drawn else None


def may_show(attachment: Attachment) -> bool:
    """Whether the file says it is a picture we redraw; only drawing it tells whether it is."""
    is_here = attachment.state == Attachment.State.STORED
    return is_here and attachment.content_type in KINDS and 0 < attachment.size <= MAX_BYTES


def of_attachment(attachment: Attachment, *, max_edge: int) -> bytes | None:
    """The picture in a stored file; None when there is none to show."""
    if attachment.size > MAX_BYTES:
        return None

    def draw() -> bytes | None:
        try:
            with attachment.file.open("rb") as stored:
                return reencoded(stored.read(), max_edge=max_edge)
        except FileNotFoundError:
            return None

    return remembered(f"{attachment.sha256}:{max_edge}", draw)


def remembered(key: str, draw: Callable[[], bytes | None]) -> bytes | None:
    """What `draw` gives, asked once an hour; once a minute while there is no picture."""
    known: bytes | None = cache.get(f"picture:{key}")
    if known is None:
        _let_go_of_the_database()
        known = draw() or b""
        cache.set(f"picture:{key}", known, timeout=REMEMBERED if known else MISSED)
    return known or None


def _let_go_of_the_database() -> None:
    """Others need a connection of the pool more than one who waits for a picture."""
    if not connection.in_atomic_block:
        connection.close()
