"""format=flowed (RFC 3676): lines that a mail program broke are put together again."""

from __future__ import annotations


def unfold(text: str, *, delsp: bool) -> str:
    """The text with one line a paragraph; a quoted paragraph begins with its `>` signs."""
    paragraphs: list[list[str]] = []
    is_open, open_depth = False, 0
    for line in text.split("\n"):
        depth, content = _taken_apart(line)
        is_signature = content == "-- "
        if not (is_open and depth == open_depth and not is_signature):
            paragraphs.append([f"{'>' * depth} "] if depth else [])
        is_open, open_depth = content.endswith(" ") and not is_signature, depth
        paragraphs[-1].append(content[:-1] if is_open and delsp else content)
    return "\n".join(map("".join, paragraphs))


def _taken_apart(line: str) -> tuple[int, str]:
    content = line.lstrip(">")
    return len(line) - len(content), content.removeprefix(" ")
