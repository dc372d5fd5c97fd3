"""A visitor says something."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from channels_app.messages import Attachment, InboundMessage, MessageKind
from inbox import intake
from inbox.models import Message, Visitor
from inbox.widget import visitors
from inbox.widget.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Words:
    """What a visitor wants to say. The same `client_id` again is the same message."""

    client_id: UUID
    text: str
    files: tuple[Attachment, ...] = ()


def say(visitor: Visitor, words: Words) -> Message:
    """Put a visitor's message where it belongs, exactly once however often it is sent."""
    try:
        return _say(visitor, words)
    except IntegrityError:
        # The same message came twice at the same moment: one of the two is committed by now.
        known = known_message(visitor, words.client_id)
        if known is None:
            raise
        return known


def known_message(visitor: Visitor, client_id: UUID) -> Message | None:
    """The message this visitor has sent under that id before."""
    key = dedupe_key(visitor, client_id)
    return Message.objects.filter(channel=visitor.channel_id, dedupe_key=key).first()


def dedupe_key(visitor: Visitor, client_id: UUID) -> str:
    """With the visitor's name in front, nobody can take the place of another's message."""
    return f"{visitor.handle}:{client_id}"


def _say(visitor: Visitor, words: Words) -> Message:
    with transaction.atomic():
        visitor = _present(visitor)
        message = intake.receive(visitor.channel, _inbound(visitor, words)).message
        if message is None:
            raise AssertionError("a visitor's message always has a place")
        visitors.note_claims(visitor, message.conversation.contact_point.customer)
    return message


def _present(visitor: Visitor) -> Visitor:
    """The visitor as they are by now, their row locked: what is said while they sign in belongs
    to the account they have become. Raises Refusal when their token has ended."""
    own = Visitor.objects.select_for_update(no_key=True).filter(pk=visitor.pk).first()
    if own is None:
        raise Refusal(401, "unknown-visitor")
    own.channel = visitor.channel
    return own


def _inbound(visitor: Visitor, words: Words) -> InboundMessage:
    return InboundMessage(
        account=visitor.channel.account,
        dedupe_key=dedupe_key(visitor, words.client_id),
        sender=visitors.addresses_of(visitor),
        text=words.text,
        kind=_kind(words),
        sent_at=timezone.now(),
        attachments=words.files,
        authentication="pass" if visitor.subject else "none",
    )


def _kind(words: Words) -> MessageKind:
    if words.text or not words.files:
        return "text"
    return "image" if words.files[0].content_type.startswith("image/") else "document"
