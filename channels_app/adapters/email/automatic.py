"""Was this written by a machine? Then nothing of ours may answer by itself (RFC 3834).

X-Auto-Response-Suppress is no sign of it: Exchange sets it on what people write.
"""

from __future__ import annotations

from email.message import Message

from channels_app.adapters.email.bodies import type_of
from channels_app.adapters.email.desk import Desk, split
from channels_app.adapters.email.headers import raw_values, value

MARKS = (
    "list-id", "list-unsubscribe", "x-autoreply", "x-autorespond", "x-autoresponse",
    "x-autoreply-from", "x-failed-recipients", "x-loop", "feedback-id",
)  # fmt: skip
BULK = frozenset(("bulk", "junk", "list", "auto_reply", "auto-reply"))
MACHINES = ("mailerdaemon", "postmaster", "noreply", "donotreply")


def is_automatic(message: Message, *, sender: str, desk: Desk) -> bool:
    """Whether a machine, a mailing list or we ourselves sent this."""
    return (
        _is_auto_submitted(message)
        or _has_null_sender(message)
        or type_of(message) == "multipart/report"
        or value(message, "precedence").lower() in BULK
        or any(raw_values(message, mark) for mark in MARKS)
        or _is_machine(sender)
        or desk.owns(sender)
    )


def _is_auto_submitted(message: Message) -> bool:
    said = value(message, "auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    return said not in ("", "no")


def _has_null_sender(message: Message) -> bool:
    return "<>" in (path.replace(" ", "") for path in raw_values(message, "return-path"))


def _is_machine(address: str) -> bool:
    local, _ = split(address)
    return local.translate({ord(letter): None for letter in "-_."}).startswith(MACHINES)
