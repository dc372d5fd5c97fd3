"""How people are shown where there is no picture: one or two letters on a colour."""

from __future__ import annotations

from zlib import crc32

COLOURS = 8


def initials(name: str) -> str:
    """One or two letters that stand for a name."""
    words = [word for word in str(name).split() if word[0].isalpha()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "#"


def hue(key: object) -> int:
    """One of eight colours, always the same for the same thing."""
    return crc32(str(key).encode()) % COLOURS
