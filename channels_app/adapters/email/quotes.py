"""What was newly said, apart from the history a mail carries along. Folding only: the whole text
is always kept beside it."""

from __future__ import annotations

import quotequail

from channels_app.adapters.email import html_text
from channels_app.adapters.email.deadline import OutOfTime, cpu_seconds
from channels_app.adapters.email.headers import mailboxes
from channels_app.messages import Mailbox

MAX_LINES = 1_000
MAX_LINE = 2_000
LONGEST_SIGNATURE = 15
LONGEST_ATTRIBUTION = 3
SECONDS = 1.0
_REPLIED = frozenset(("re", "aw", "sv", "antw", "odp", "ynt", "res", "rif", "ref", "回复", "答复"))
_FORWARDED = frozenset(
    ("fw", "fwd", "wg", "tr", "rv", "enc", "i", "pd", "vb", "vl", "转发", "転送")
)
_FORWARD_LINES = (
    "forwarded message", "begin forwarded message", "weitergeleitete nachricht",
    "anfang der weitergeleiteten", "message transféré", "mensaje reenviado",
    "mensagem encaminhada", "messaggio inoltrato", "doorgestuurd bericht",
    "転送されたメッセージ", "転送メッセージ",
)  # fmt: skip


def newly_said(text: str, html: str, *, subject: str) -> str:
    """The text without quoted history and signature; all of it when nothing would be left, when
    a mail was passed on, or when finding out would take too long.

    html: as it came, "" when the mail has none.
    """
    if is_forward(text, subject=subject):
        return text
    try:
        with cpu_seconds(SECONDS):
            marked = html_text.newly_said(html) if html else None
            said = marked if marked is not None else _folded(text)
    except OutOfTime:
        return text
    return _without_signature(said).strip() or text


def is_forward(text: str, *, subject: str) -> bool:
    """Whether this passes on what somebody else wrote, which then is what it says."""
    head, colon, _ = subject.partition(":")
    prefix = head.strip().casefold() if colon else ""
    if prefix in _FORWARDED:
        return True
    if prefix in _REPLIED:
        return False
    return any(_begins_forward(line) for line in text.split("\n", MAX_LINES)[:MAX_LINES])


def original_sender(text: str, *, subject: str) -> Mailbox | None:
    """Who wrote the mail that was passed on; None when it can't be read."""
    if not is_forward(text, subject=subject) or not _is_foldable(text):
        return None
    try:
        with cpu_seconds(SECONDS):
            found = quotequail.unwrap(text) or {}
    except OutOfTime:
        return None
    inner = mailboxes([found.get("from", "")])
    return inner[0] if inner and "@" in inner[0].address else None


def _folded(text: str) -> str:
    lines = text.split("\n")
    if _has_inline_answers(lines) or not _is_foldable(text):
        return text
    found = quotequail.unwrap(text)
    if found is None:
        return "\n".join(_unquoted(lines))
    top = found.get("text_top", "").split("\n")
    if found["type"] == "quote":  # it did not understand the language of the line above it
        _drop_attribution(top)
    return "\n\n".join(filter(None, ("\n".join(top), found.get("text_bottom", ""))))


def _is_foldable(text: str) -> bool:
    return text.count("\n") < MAX_LINES and all(len(line) <= MAX_LINE for line in text.split("\n"))


def _has_inline_answers(lines: list[str]) -> bool:
    """Something said between quotes: it makes no sense without them."""
    stretches: list[list[str]] = [[]]
    for line in lines:
        if line.startswith(">"):
            stretches.append([])
        elif line.strip():
            stretches[-1].append(line)
    return any(said and not _ends_attribution(said[-1]) for said in stretches[1:-1])


def _unquoted(lines: list[str]) -> list[str]:
    """Lines outside of `>` quotes, less the "… wrote:" above them, in any language."""
    kept: list[str] = []
    for line in lines:
        if not line.startswith(">"):
            kept.append(line)
        elif kept:
            _drop_attribution(kept)
    return kept


def _drop_attribution(kept: list[str]) -> None:
    while kept and not kept[-1].strip():
        kept.pop()
    if not kept or not _ends_attribution(kept[-1]):
        return
    for _ in range(LONGEST_ATTRIBUTION):
        line = kept.pop()
        if not kept or not kept[-1].strip() or any(letter.isdigit() for letter in line):
            return


def _ends_attribution(line: str) -> bool:
    ending = line.rstrip()
    return ending.endswith((":", "：")) and ("@" in ending or any(c.isdigit() for c in ending))


def _begins_forward(line: str) -> bool:
    bare = line.strip("-=_: \t").casefold()
    return len(bare) < 80 and bare.startswith(_FORWARD_LINES)


def _without_signature(text: str) -> str:
    lines = text.split("\n")
    for index in range(len(lines) - 1, max(-1, len(lines) - LONGEST_SIGNATURE - 2), -1):
        if lines[index].rstrip() == "--":
            return "\n".join(lines[:index])
    return text
