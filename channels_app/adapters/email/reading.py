"""One raw mail to one InboundMessage. Runs in the sandbox: it may be slow, grow or crash."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from channels_app.adapters.email import bounds, quotes
from channels_app.adapters.email.bodies import content_of
from channels_app.adapters.email.bounces import bounce_of
from channels_app.adapters.email.cleaning import clean_html
from channels_app.adapters.email.desk import Desk
from channels_app.adapters.email.keys import content_key
from channels_app.adapters.email.outline import outline
from channels_app.messages import Envelope, InboundMessage


def read(raw: bytes, *, desk: Desk, received_at: datetime) -> InboundMessage:
    """What a mail says. Raises OutOfBounds, and anything else the standard library raises on
    damaged mail: the caller keeps the mail as unreadable then."""
    message = bounds.parse(raw)
    known = outline(message, desk=desk, received_at=received_at, dedupe_key=content_key(raw))
    content = content_of(message)
    return replace(
        known,
        text=quotes.newly_said(content.text, content.html, subject=known.subject),
        full_text=content.text,
        html=clean_html(content.html) if content.html else "",
        attachments=content.attachments,
        bounce=bounce_of(message),
        envelope=_with_original_sender(known.envelope, content.text, known.subject),
    )


def _with_original_sender(envelope: Envelope | None, text: str, subject: str) -> Envelope | None:
    inner = quotes.original_sender(text, subject=subject)
    return replace(envelope, original_sender=inner) if envelope and inner else envelope
