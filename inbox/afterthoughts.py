"""Reactions, edits and deletions: applied to their message, they wake nobody (R0)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from channels_app import journal
from channels_app.messages import Afterthought, Deletion, Edit, InboundMessage, Reaction
from channels_app.models import Channel, InboundEvent
from inbox import media
from inbox.changes import Change, change
from inbox.models import Attachment, Message, MessageReaction, UnmatchedAfterthought

BATCH = 200


def apply(channel: Channel, said: Afterthought, *, event: InboundEvent | None = None) -> None:
    """Apply it to the message it is about; keep it when that has not come yet."""
    message = _about(channel, said)
    if message is None:
        _keep(channel, said, event)
        return
    with _changing(message) as (ongoing, present):
        if isinstance(said, Reaction):
            is_news = _react(present, said)
        else:
            is_news = _change_words(ongoing, present, said, event)
        if is_news:
            ongoing.rewrite_past()


def hear_again(message: Message, inbound: InboundMessage, event: InboundEvent | None) -> None:
    """The message came once more. What the provider could not pass on at first is filled in; of
    anything else no second raw copy is kept, which nobody would find to take it back."""
    if _is_missing(message) and inbound.kind != "unsupported":
        _fill_in(message, inbound, event)
    elif event is not None and event.pk != message.event_id and inbound.external_id:
        journal.forget(event, inbound.external_id)


def apply_waiting() -> None:
    """Apply what came before its message, now that this is there."""
    about = Message.objects.filter(
        channel=OuterRef("channel"), external_id=OuterRef("external_id")
    ).exclude(external_id="")
    waiting = UnmatchedAfterthought.objects.filter(Exists(about))
    waiting = waiting.select_related("channel", "event")
    for kept in waiting.order_by("at", "pk")[:BATCH]:
        with transaction.atomic():
            apply(kept.channel, _thawed(kept), event=kept.event)
            kept.delete()


def _about(channel: Channel, said: Afterthought) -> Message | None:
    named = Message.objects.filter(channel=channel, external_id=said.message_id)
    return named.order_by("-pk").first()


@contextmanager
def _changing(message: Message) -> Iterator[tuple[Change, Message]]:
    """The message with its ticket locked, wherever it is by now."""
    home = Message.objects.values_list("ticket_id", flat=True).get(pk=message.pk)
    with change(home, kind="message") as ongoing:
        present = Message.objects.get(pk=message.pk)
        if present.ticket_id == home:
            yield ongoing, present
            return
    with _changing(message) as found:
        yield found


def _react(message: Message, said: Reaction) -> bool:
    """Whether this is newer than what is known of this side's reaction."""
    by = MessageReaction.By.CUSTOMER if said.by == "customer" else MessageReaction.By.AGENT
    known = message.reactions.filter(by=by).first()
    if message.deleted_at or (known and known.at > said.at):
        return False
    sent_at = None if said.by == "customer" else said.at
    MessageReaction.objects.update_or_create(
        message=message,
        by=by,
        defaults={
            "emoji": said.emoji[:40],
            "at": said.at,
            "agent": None,
            "sent_at": sent_at,
            "next_attempt_at": None,
        },
    )
    return True


def _change_words(
    ongoing: Change, message: Message, said: Edit | Deletion, event: InboundEvent | None
) -> bool:
    """Only the side that said it may change it, and only to something newer: words that are
    older than what stands there, or were taken back, are not kept in the journal either."""
    if message.is_inbound != (said.by == "customer"):
        return False
    if isinstance(said, Deletion) and message.deleted_at is None:
        _forget(message, said)
    elif isinstance(said, Edit) and _is_newer(message, said):
        _rewrite(message, said, event)
    else:
        _forget_in(event, message)
        return False
    if message.position == _last_position(message):
        ongoing.ticket.preview = message.preview
    return True


def _is_newer(message: Message, said: Edit) -> bool:
    if message.deleted_at:
        return False
    return message.edited_at is None or message.edited_at <= said.at


def _rewrite(message: Message, said: Edit, event: InboundEvent | None) -> None:
    """From now on this is what was said; the event that told of it takes the first one's place."""
    if event is not None:
        _forget_in(message.event, message)
        message.event = event
    if message.kind == "unsupported":
        message.kind, message.payload = "text", {}
    message.text = message.full_text = said.text
    message.edited_at = said.at
    message.save()


def _forget(message: Message, said: Deletion) -> None:
    """Keep nothing of what was said: no text, no file, no words in the raw event."""
    message.text = message.full_text = message.html = ""
    message.payload, message.kind, message.deleted_at = {}, "text", said.at
    message.save()
    message.reactions.all().delete()
    for file in message.attachments.all():
        _delete(file)
    _forget_in(message.event, message)


def _forget_in(event: InboundEvent | None, message: Message) -> None:
    if event is not None:
        journal.forget(event, message.external_id)


def _is_missing(message: Message) -> bool:
    return message.kind == "unsupported" and message.deleted_at is None


def _fill_in(message: Message, inbound: InboundMessage, event: InboundEvent | None) -> None:
    """https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks: the first message to a
    number that was moved here from the phone app comes as unsupported, its content later."""
    with _changing(message) as (ongoing, present):
        if not _is_missing(present):
            return
        present.kind, present.payload = inbound.kind, inbound.payload
        present.text, present.full_text = inbound.text, inbound.full_text
        present.event = event
        present.save()
        media.keep(present, inbound.attachments)
        if present.position == _last_position(present):
            ongoing.ticket.preview = present.preview
        ongoing.rewrite_past()


def _delete(file: Attachment) -> None:
    stored = file.file
    file.delete()
    if stored:
        transaction.on_commit(lambda: stored.delete(save=False))


def _last_position(message: Message) -> int:
    said = Message.objects.filter(ticket=message.ticket_id).order_by("-position")
    return said.values_list("position", flat=True)[0]


def _keep(channel: Channel, said: Afterthought, event: InboundEvent | None) -> None:
    UnmatchedAfterthought.objects.bulk_create(
        [
            UnmatchedAfterthought(
                channel=channel,
                external_id=said.message_id[:998],
                kind=type(said).__name__.lower(),
                by=said.by,
                said=_said(said),
                at=said.at,
                event=event,
            )
        ],
        ignore_conflicts=True,
    )


def _said(said: Afterthought) -> str:
    if isinstance(said, Deletion):
        return ""
    return said.emoji if isinstance(said, Reaction) else said.text


def _thawed(kept: UnmatchedAfterthought) -> Afterthought:
    fields: dict[str, Any] = {
        "account": kept.channel.account,
        "message_id": kept.external_id,
        "by": kept.by,
        "at": kept.at,
    }
    if kept.kind == "reaction":
        return Reaction(emoji=kept.said, **fields)
    return Edit(text=kept.said, **fields) if kept.kind == "edit" else Deletion(**fields)
