"""A mail nobody can read still becomes a message: who, what about, and the mail as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from channels_app.adapters.email.bounds import header_block
from channels_app.adapters.email.charsets import decode
from channels_app.adapters.email.desk import Desk
from channels_app.adapters.email.headers import mailboxes, message_ids, one_line
from channels_app.adapters.email.keys import content_key
from channels_app.adapters.email.people import NOBODY
from channels_app.messages import Address, Attachment, Envelope, InboundMessage, Mailbox

SCANNED = 64 * 1024
MAX_FIELD = 2_000
TITLE = "unreadable mail"


def unreadable(raw: bytes, *, desk: Desk, received_at: datetime, reason: str) -> InboundMessage:
    """The message that stands for a mail we can't read; its sender is a claim, its loops are
    broken: nothing answers it by itself."""
    fields = _salvaged(raw)
    senders = mailboxes([fields.get("from", "")])
    sender = senders[0] if senders else NOBODY
    message_id = next(iter(message_ids([fields.get("message-id", "")])), "")
    return InboundMessage(
        account=desk.address,
        dedupe_key=content_key(raw),
        external_id=message_id,
        sender=(Address("email", sender.address, name=sender.name),),
        sent_at=received_at,
        subject=one_line(fields.get("subject", "")) or TITLE,
        text=f"{TITLE}: {reason}",
        full_text=f"{TITLE}: {reason}",
        attachments=(Attachment("message.eml", "message/rfc822", raw),),
        is_claimed=True,
        is_automatic=True,
        is_unreadable=True,
        envelope=_envelope(senders, message_id),
    )


def _envelope(senders: tuple[Mailbox, ...], message_id: str) -> Envelope:
    return Envelope(sender=senders[0] if senders else None, message_id=message_id)


def _salvaged(raw: bytes) -> dict[str, str]:
    """The first value of each header in the first 64 KB, cut short."""
    found: dict[str, str] = {}
    for line in _unfolded(header_block(raw, SCANNED)):
        name, colon, value = line[:MAX_FIELD].partition(b":")
        if colon:
            found.setdefault(name.decode("latin-1").strip().lower(), decode(value))
    return found


def _unfolded(block: bytes) -> Iterator[bytes]:
    waiting = b""
    for line in block.splitlines():
        if line[:1] in (b" ", b"\t"):
            waiting += line
            continue
        yield waiting
        waiting = line
    yield waiting
