"""What search compares: folded words, as a column of every row that can be found."""

from __future__ import annotations

from customers.folding import words_in

__all__ = ["searchable", "words_in"]

MAX_WORDS_LENGTH = 100_000


def searchable(*texts: str) -> str:
    """The texts as folded words with single spaces between them, at most 100,000 characters."""
    return " ".join(words_in(" ".join(texts)[:MAX_WORDS_LENGTH]))
