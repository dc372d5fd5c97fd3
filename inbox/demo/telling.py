"""How a demo story is told: customers speak, agents answer, time passes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

from django.db.models import F
from django.utils import timezone

from channels_app.messages import Address, Envelope, InboundMessage, Mailbox
from channels_app.models import Channel
from inbox import intake
from inbox.delivery.status import advance
from inbox.models import Activity, Agent, ContactPoint, Conversation, Message, Note, Ticket
from inbox.replies import Reply, send_reply

_TIMES: dict[type[Any], list[str]] = {
    Ticket: [
        "created_at",
        "updated_at",
        "last_message_at",
        "waiting_since",
        "first_replied_at",
        "last_replied_at",
        "resolved_at",
    ],
    Message: ["created_at", "sent_at", "delivered_at", "read_at"],
    Note: ["created_at"],
    Activity: ["created_at"],
    Conversation: ["created_at", "last_message_at"],
}
_serial: Iterator[int] = count(1)


def sms(channel: Channel, text: str, *, sender: str, name: str = "", **fields: Any) -> Message:
    """A customer sends an SMS."""
    key = f"SM{next(_serial):032x}"
    return _received(
        channel,
        external_id=key,
        dedupe_key=key,
        sender=(Address("phone", sender, name=name),),
        text=text,
        **fields,
    )


def chat(channel: Channel, text: str, *, visitor: str, name: str = "", **fields: Any) -> Message:
    """A visitor of the website writes in the chat."""
    return _received(
        channel,
        dedupe_key=f"{visitor}:demo-{next(_serial)}",
        sender=(Address("visitor", visitor, scope=channel.key, name=name),),
        text=text,
        **({"authentication": "none"} | fields),
    )


def mail(
    channel: Channel, subject: str, text: str, *, sender: str, name: str = "", **fields: Any
) -> Message:
    """A customer writes a mail."""
    message_id = f"demo-{next(_serial)}@{sender.rpartition('@')[2]}"
    envelope = Envelope(
        sender=Mailbox(sender, name), to=(Mailbox(channel.account),), message_id=message_id
    )
    return _received(
        channel,
        external_id=message_id,
        dedupe_key=message_id,
        sender=(Address("email", sender, name=name),),
        text=text,
        subject=subject,
        **({"envelope": envelope} | fields),
    )


def said_on_whatsapp(
    channel: Channel, text: str, *, sender: tuple[Address, ...], **fields: Any
) -> Message:
    """A customer writes on WhatsApp, which can be answered for a day."""
    key, phone = f"wamid.demo-{next(_serial)}", sender[-1].value
    return _received(
        channel,
        external_id=key,
        dedupe_key=key,
        sender=sender,
        shown_sender=phone,
        text=text,
        opens_window_until=timezone.now() + timedelta(hours=24),
        **fields,
    )


def answer(
    message: Message, text: str, *, by: Agent, arrived: bool = True, read: bool = False
) -> Message:
    """An agent answers in the strand of a message; by and by it is delivered, or even read."""
    strand = Conversation.objects.get(pk=message.conversation_id)
    said = send_reply(strand, Reply(text=text), by=by)
    if arrived:
        reached = Message.Status.READ if read else Message.Status.DELIVERED
        advance(said, reached, at=timezone.now())
    return said


def pause(ticket: Ticket | Message, **time: float) -> None:
    """Time passes: everything said and done in the ticket so far becomes that much older."""
    number = ticket.pk if isinstance(ticket, Ticket) else ticket.ticket_id
    ago = timedelta(**time)
    for model, columns in _TIMES.items():
        own = {"pk": number} if model is Ticket else {"ticket": number}
        older = {column: F(column) - ago for column in columns}
        model.objects.filter(**own).update(**older)
    points = ContactPoint.objects.filter(conversations__ticket=number)
    points.update(window_ends_at=F("window_ends_at") - ago)


def _received(channel: Channel, **fields: Any) -> Message:
    said: dict[str, Any] = {"account": channel.account, "sent_at": timezone.now()}
    said |= {"authentication": "pass"}
    message = intake.receive(channel, InboundMessage(**(said | fields))).message
    if message is None:
        raise AssertionError("a demo message has no ticket")
    return message
