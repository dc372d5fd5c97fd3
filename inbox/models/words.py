"""What search compares: folded words, as a column of every row that can be found."""

from __future__ import annotations

from customers.folding import words_in

__all__ = ["searchable", "words_in"]

MAX_TEXT_LENGTH = 100_000
# Folding can make eighteen characters of one; PostgreSQL indexes at most 1,048,575 bytes of words.
MAX_WORDS_SIZE = 1_000_000


def searchable(*texts: str) -> str:
    """The first 100,000 characters of the texts as folded words with single spaces between them,
    at most 1,000,000 bytes in UTF-8."""
    words = " ".join(words_in(" ".join(texts)[:MAX_TEXT_LENGTH]))
    return words.encode()[:MAX_WORDS_SIZE].decode(errors="ignore")
