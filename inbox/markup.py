"""What agents type, as HTML for mail: a small part of Markdown, and never a tag of their own."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt

RULES = ["blockquote", "backticks", "emphasis", "escape", "fence", "link", "list", "newline"]
TAGS = {"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "strong", "ul"}
SCHEMES = {"http", "https", "mailto", "tel"}

_markdown = MarkdownIt("zero", {"html": False, "breaks": True}).enable(RULES)


def as_html(text: str) -> str:
    """**bold**, *italic*, [links](https://…), lists, quotes and `code`; line breaks stay."""
    made: str = _markdown.render(text)
    return nh3.clean(made, tags=TAGS, attributes={"a": {"href"}}, url_schemes=SCHEMES)
