"""What was said, written down: from what an adapter hands over to a message's row."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from channels_app.messages import Envelope, InboundMessage
from channels_app.models import InboundEvent
from inbox import media
from inbox.changes import Change
from inbox.models import Conversation, Message


def write_down(
    ongoing: Change, strand: Conversation, inbound: InboundMessage, event: InboundEvent | None
) -> Message:
    """The message at the next place of the locked ticket, with its files."""
    message = Message.objects.create(
        ticket=ongoing.ticket,
        conversation=strand,
        channel=strand.contact_point.channel,
        position=ongoing.ticket.next_position(),
        event=event,
        reply_to=_answered_message(strand, inbound),
        created_at=ongoing.now,
        **(_ours(inbound) if inbound.is_echo else _theirs()),
        **_content(inbound),
    )
    media.keep(message, inbound.attachments)
    return message


def _theirs() -> dict[str, Any]:
    return {
        "direction": Message.Direction.INBOUND,
        "status": Message.Status.RECEIVED,
        "author_type": Message.Author.CUSTOMER,
    }


def _ours(inbound: InboundMessage) -> dict[str, Any]:
    """Somebody of us wrote it, in an app that does not say who."""
    return {
        "direction": Message.Direction.OUTBOUND,
        "status": Message.Status.SENT,
        "author_type": Message.Author.AGENT,
        "sent_at": inbound.sent_at,
    }


def _content(inbound: InboundMessage) -> dict[str, Any]:
    return {
        "kind": inbound.kind,
        "subject": inbound.subject[:500],
        "text": inbound.text,
        "full_text": inbound.full_text,
        "html": inbound.html,
        "external_id": inbound.external_id[:998],
        "dedupe_key": inbound.dedupe_key,
        "message_id": inbound.envelope.message_id[:998] if inbound.envelope else "",
        "envelope": _as_json(inbound.envelope) if inbound.envelope else None,
        "payload": inbound.payload | ({"from_app": True} if inbound.is_echo else {}),
        "authentication": inbound.authentication,
        "is_automatic": inbound.is_automatic,
        "is_bounce": inbound.bounce is not None,
        "is_unreadable": inbound.is_unreadable,
    }


def _as_json(envelope: Envelope) -> dict[str, Any]:
    shown = asdict(envelope)
    shown["from"] = shown.pop("sender")
    return shown


def _answered_message(strand: Conversation, inbound: InboundMessage) -> Message | None:
    if not inbound.references or inbound.envelope:
        return None
    return strand.messages.filter(external_id=inbound.references[0]).first()
