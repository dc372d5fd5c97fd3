"""format=flowed (RFC 3676): lines that a mail program broke are put together again."""

from __future__ import annotations


def unfold(text: str, *, delsp: bool) -> str:
    """The text with one line a paragraph; a quoted paragraph begins with its `>` signs."""
    done: list[str] = []
    is_open, open_depth = False, 0
    for line in text.split("\n"):
        depth, content = _taken_apart(line)
        is_signature = content == "-- "
        if is_open and depth == open_depth and not is_signature:
            done[-1] += content
        else:
            done.append(f"{'>' * depth} {content}" if depth else content)
        is_open, open_depth = content.endswith(" ") and not is_signature, depth
        if is_open and delsp:
            done[-1] = done[-1][:-1]
    return "\n".join(done)


def _taken_apart(line: str) -> tuple[int, str]:
    content = line.lstrip(">")
    return len(line) - len(content), content.removeprefix(" ")
