"""How many text messages a text makes, and so what it costs.

GSM 03.38: 160 septets alone, 153 in each part of several; one character outside its alphabet
turns all into UCS-2 with 70 and 67 code units. An extended character takes two septets; neither
it nor an emoji is cut in two.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Segments:
    """`units`: septets or UTF-16 code units used; `room`: how many the last part still takes."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    count: int
    room: int


def segments(text: str) -> Segments:
    """What the text takes on the air. An empty text takes nothing."""
    if (BASIC | EXTENDED).issuperset(text):
        sizes = [2 if character in EXTENDED else 1 for character in text]
        return _fill("GSM-7", sizes, alone=160, part=153)
    sizes = [len(cluster.encode("utf-16-le", "surrogatepass")) // 2 for cluster in clusters(text)]
    return _fill("UCS-2", sizes, alone=70, part=67)


def clusters(text: str) -> Iterator[str]:
    """The text in pieces that one would not cut: a sign with its accents, an emoji with all that
    is joined to it, a flag."""
    piece = ""
    for character in text:
        if piece and not _belongs(character, piece):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _fill(
    encoding: Literal["GSM-7", "UCS-2"], sizes: list[int], *, alone: int, part: int
) -> Segments:
    units = sum(sizes)
    if units <= alone:
        return Segments(encoding, units, min(units, 1), alone - units)
    count, used = 1, 0
    for size in sizes:
        if used + size > part:
            count, used = count + 1, 0
        used += size
    return Segments(encoding, units, count, max(part - used, 0))


def _belongs(character: str, piece: str) -> bool:
    last = piece[-1]
    if _is_flag_half(character):
        return _is_flag_half(last) and len(piece) == 1
    if last == JOINER:
        return unicodedata.category(character) == "So"
    return character == JOINER or _is_mark(character)


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_mark(character: str) -> bool:
    is_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    is_tag = "\U000e0020" <= character <= "\U000e007f"
    return is_tone or is_tag or unicodedata.category(character) in {"Mn", "Me", "Mc"}
