"""What was said, written down: from what an adapter hands over to a message's row."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from channels_app.messages import Envelope, InboundMessage
from channels_app.models import InboundEvent
from customers.addresses import matching_key
from customers.models import Customer
from inbox import media, triage
from inbox.changes import Change, gather
from inbox.models import ContactPoint, Conversation, Message, Participant, Ticket


def take_in(
    ongoing: Change, strand: Conversation, inbound: InboundMessage, event: InboundEvent | None
) -> Message:
    """Write a message down and keep the list's copy, the strand and the contact point in step."""
    message = write_down(ongoing, strand, inbound, event)
    if inbound.is_echo:
        _follow_up_on_echo(ongoing, strand, message, inbound)
    else:
        _follow_up(ongoing, strand, message, inbound)
    return message


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


def _follow_up(
    ongoing: Change, strand: Conversation, message: Message, inbound: InboundMessage
) -> None:
    strand.hear(at=ongoing.now, reply_address=inbound.reply_address)
    strand.contact_point.hear(at=ongoing.now, opens_window_until=inbound.opens_window_until)
    gather(_write_heard, (strand, ongoing.now))
    ongoing.ticket.heard(
        at=ongoing.now,
        channel_kind=strand.contact_point.channel.kind,
        preview=message.preview,
        wants_answer=not inbound.is_automatic and inbound.keyword is None,
    )
    if inbound.envelope and strand.is_accepted:
        _note_participants(strand, inbound.envelope)


def _follow_up_on_echo(
    ongoing: Change, strand: Conversation, message: Message, inbound: InboundMessage
) -> None:
    """We answered in the provider's own app. What the customer said after that still waits."""
    point = strand.contact_point
    strand.make_current()
    strand.last_message_at = ongoing.now
    strand.save(update_fields=["is_current", "last_message_at"])
    point.last_outbound_at = inbound.sent_at
    point.save(update_fields=["last_outbound_at"])
    heard_at = _said_last(point)
    if heard_at and heard_at > inbound.sent_at:
        return
    kind = point.channel.kind
    ongoing.ticket.answered(at=ongoing.now, channel_kind=kind, preview=message.preview)
    if ongoing.ticket.status == Ticket.Status.OPEN:
        triage.turn(ongoing, Ticket.Status.PENDING, reason="answered_in_the_app")


def _said_last(point: ContactPoint) -> datetime | None:
    """When the customer said something last by the provider's clock, as far as a window tells;
    after an outage that is long before we heard it."""
    window = point.channel.adapter.limits.reply_window
    if point.window_ends_at is None or window is None:
        return point.last_inbound_at
    return point.window_ends_at - window


def _write_heard(heard: list[tuple[Conversation, datetime]]) -> None:
    """The strands, contact points and customers that were heard, each kind by one statement."""
    strands = [strand for strand, _ in heard]
    Conversation.objects.bulk_create(
        strands,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["is_current", "last_message_at", "reply_address"],
    )
    ContactPoint.objects.bulk_create(
        [strand.contact_point for strand in strands],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["last_inbound_at", "undeliverable_reason", "window_ends_at"],
    )
    customers = {strand.contact_point.customer_id for strand in strands}
    latest = max(at for _, at in heard)
    Customer.objects.filter(pk__in=customers).update(last_seen_at=latest)


def _note_participants(strand: Conversation, envelope: Envelope) -> None:
    """Whom a customer copied in: known from now on, written to only when an agent accepts."""
    own = {strand.contact_point.channel.account, strand.contact_point.address}
    known = {matching_key("email", address) for address in own}
    Participant.objects.bulk_create(
        [
            Participant(conversation=strand, address=box.address[:320], name=box.name[:200])
            for box in envelope.cc[:50]
            if box.address and matching_key("email", box.address) not in known
        ],
        ignore_conflicts=True,
    )
