"""What a channel can carry, as a plain value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel can carry. Lengths in characters, sizes in bytes; 0 = no limit.

    sizes: the largest size of a content type or of its first half, where it differs.
    max_caption: of a text beside a file; uncaptioned: first halves of types that take none.
    reply_window: how long after a customer's message a free text may follow; None: always.
    """

    max_text: int = 0
    max_attachments: int = 0
    max_attachment_size: int = 0
    content_types: frozenset[str] = field(default_factory=frozenset)
    carries_html: bool = False
    counts_segments: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    max_caption: int = 0
    uncaptioned: frozenset[str] = field(default_factory=frozenset)
    reply_window: timedelta | None = None
    has_templates: bool = False
    carries_reactions: bool = False
    carries_quotes: bool = False

    def max_size_of(self, content_type: str) -> int:
        """The largest file of this type."""
        half = content_type.partition("/")[0]
        return self.sizes.get(content_type) or self.sizes.get(half) or self.max_attachment_size
