"""A small desk to send from: a customer's strand, replies, and the passing of time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from channels_app.messages import Address, Envelope, InboundMessage, Mailbox
from channels_app.models import Channel
from inbox import intake
from inbox.models import Agent, Conversation, Message
from inbox.replies import Reply, send_reply

ADA_PHONE = "+447700900123"
ADA_MAIL = "ada@customer.example"


def hear(channel: Channel, text: str = "Where is my parcel?", **fields: Any) -> Message:
    """Ada writes on this channel."""
    number = Message.objects.count() + 1
    by_mail = channel.kind == "post"
    address = Address("email", ADA_MAIL) if by_mail else Address("phone", ADA_PHONE)
    said: dict[str, Any] = {
        "account": channel.account,
        "dedupe_key": f"in-{number}",
        "sender": (address,),
        "text": text,
        "subject": "Parcel" if by_mail else "",
        "sent_at": timezone.now(),
        "authentication": "pass",
    }
    if by_mail:
        said["envelope"] = Envelope(Mailbox(ADA_MAIL), message_id=f"in-{number}@customer.example")
    message = intake.receive(channel, InboundMessage(**(said | fields))).message
    assert message is not None
    return message


def reply(strand: Conversation, text: str, *, by: Agent, **fields: Any) -> Message:
    """An agent answers in a strand, as it is now."""
    return send_reply(Conversation.objects.get(pk=strand.pk), Reply(text=text, **fields), by=by)


def present(message: Message) -> Message:
    """The message as the database knows it now."""
    return Message.objects.get(pk=message.pk)


def let_pass(message: Message, seconds: float) -> None:
    """Make everything about a message older, as if this time had passed."""
    by = timedelta(seconds=seconds)
    row = present(message)
    for name in ("created_at", "leased_until", "next_attempt_at"):
        value: datetime | None = getattr(row, name)
        if value is not None:
            Message.objects.filter(pk=row.pk).update(**{name: value - by})
    for attempt in row.delivery_attempts.all():
        attempt.started_at -= by
        attempt.save()
