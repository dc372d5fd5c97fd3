"""Bytes between two processes: eight of length, then as many."""

from __future__ import annotations

from typing import BinaryIO

LENGTH = 8


def receive(stream: BinaryIO) -> bytes | None:
    """The next frame; None when the other side hung up."""
    length = int.from_bytes(stream.read(LENGTH), "big")
    frame = stream.read(length) if length else b""
    return frame if frame and len(frame) == length else None


def send(stream: BinaryIO, frame: bytes) -> None:
    """Write one frame."""
    stream.write(len(frame).to_bytes(LENGTH, "big"))
    stream.write(frame)
    stream.flush()
