"""Customers speaking: inbound messages as an adapter would hand them over."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.utils import timezone

from channels_app.messages import Address, Envelope, InboundMessage, Mailbox
from channels_app.models import Channel
from inbox import intake
from inbox.models import Message

ADA_PHONE = "+447700900123"
ADA_MAIL = "ada@customer.example"
EVE_MAIL = "eve@stranger.example"

_serial = count(1)


def sms(channel: Channel, text: str, *, sender: str = ADA_PHONE, **fields: Any) -> Message:
    """Somebody sends an SMS to the channel."""
    number = next(_serial)
    said = {
        "account": channel.account,
        "dedupe_key": f"SM{number:032x}",
        "external_id": f"SM{number:032x}",
        "sender": (Address("phone", sender),),
        "text": text,
        "sent_at": timezone.now(),
        "authentication": "pass",
    }
    return said_in(channel, InboundMessage(**(said | fields)))


def mail(
    channel: Channel,
    text: str,
    *,
    sender: str = ADA_MAIL,
    subject: str = "Where is my parcel?",
    cc: tuple[str, ...] = (),
    message_id: str = "",
    **fields: Any,
) -> Message:
    """Somebody writes a mail to the channel."""
    number = next(_serial)
    message_id = message_id or f"m{number}@customer.example"
    said = {
        "account": channel.account,
        "dedupe_key": f"mail-{number}",
        "external_id": message_id,
        "sender": (Address("email", sender),),
        "text": text,
        "subject": subject,
        "sent_at": timezone.now(),
        "authentication": "pass",
        "envelope": Envelope(
            sender=Mailbox(sender),
            to=(Mailbox(channel.account),),
            cc=tuple(Mailbox(address) for address in cc),
            message_id=message_id,
        ),
    }
    return said_in(channel, InboundMessage(**(said | fields)))


def said_in(channel: Channel, inbound: InboundMessage) -> Message:
    """The message that came of it."""
    message = intake.receive(channel, inbound).message
    assert message is not None
    return message
