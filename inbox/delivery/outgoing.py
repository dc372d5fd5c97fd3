"""From a message's row to what an adapter takes: the same value for every try."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from channels_app.messages import OutboundMessage, TemplateUse
from inbox import reply_tokens
from inbox.media import outbound_file
from inbox.models import Message


def outgoing(message: Message, *, attempt: int) -> OutboundMessage:
    """The message as it leaves for the n-th time. Notes live in another table and can't."""
    plain = OutboundMessage(
        reference=str(message.pk),
        to=message.conversation.answers_to,
        text=message.text,
        attempt=attempt,
        html=message.html,
        attachments=tuple(outbound_file(file) for file in message.attachments.order_by("pk")),
        is_automatic=message.is_automatic,
        status_url=message.channel.webhook_url if message.channel.adapter.has_webhook else "",
        to_kind=message.conversation.contact_point.address_kind,
        template=_template(message),
        reply_to=message.reply_to.external_id if message.reply_to else "",
    )
    return _as_mail(plain, message, message.envelope) if message.envelope else plain


def _template(message: Message) -> TemplateUse | None:
    said = message.payload.get("template")
    if said is None:
        return None
    return TemplateUse(said["name"], said["language"], tuple(said["components"]))


def _as_mail(plain: OutboundMessage, message: Message, envelope: dict[str, Any]) -> OutboundMessage:
    return replace(
        plain,
        to=envelope["to"][0]["address"],
        cc=tuple(box["address"] for box in envelope["cc"]),
        subject=message.subject,
        sender_name=envelope["from"]["name"],
        message_id=message.message_id,
        in_reply_to=envelope["in_reply_to"],
        references=tuple(envelope["references"]),
        reply_token=reply_tokens.token_for(message),
    )
