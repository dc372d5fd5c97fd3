"""Words as they are compared: without case, accents and punctuation.

Folding happens here rather than in the databases, so that PostgreSQL and SQLite find the same.
"""

from __future__ import annotations

import unicodedata

MAX_WORD_LENGTH = 200


def words_in(text: str) -> list[str]:
    """Casefolded words of letters and digits; marks dropped, anything else separates."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    spaced = "".join(_kept(character) for character in folded)
    return [word[:MAX_WORD_LENGTH] for word in spaced.split()]


def _kept(character: str) -> str:
    if character.isalnum():
        return character
    return "" if unicodedata.combining(character) else " "
