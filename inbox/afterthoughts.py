"""Reactions, edits and deletions: applied to their message, they wake nobody (R0)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from channels_app import journal
from channels_app.messages import Afterthought, Deletion, Edit, Reaction
from channels_app.models import Channel
from inbox.changes import Change, change
from inbox.models import Attachment, Message, MessageReaction, UnmatchedAfterthought

BATCH = 200


def apply(channel: Channel, said: Afterthought) -> None:
    """Apply it to the message it is about; keep it when that has not come yet."""
    message = _about(channel, said)
    if message is None:
        _keep(channel, said)
        return
    with _changing(message) as (ongoing, present):
        if isinstance(said, Reaction):
            is_news = _react(present, said)
        else:
            is_news = _may_change(present, said) and _rewrite(ongoing, present, said)
        if is_news:
            ongoing.rewrite_past()


def apply_waiting() -> None:
    """Apply what came before its message, now that this is there."""
    about = Message.objects.filter(
        channel=OuterRef("channel"), external_id=OuterRef("external_id")
    ).exclude(external_id="")
    waiting = UnmatchedAfterthought.objects.filter(Exists(about)).select_related("channel")
    for kept in waiting.order_by("at", "pk")[:BATCH]:
        with transaction.atomic():
            apply(kept.channel, _thawed(kept))
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


def _may_change(message: Message, said: Edit | Deletion) -> bool:
    """Only the side that said it may change it, and only to something newer."""
    if message.is_inbound != (said.by == "customer") or message.deleted_at:
        return False
    return isinstance(said, Deletion) or not (message.edited_at and message.edited_at > said.at)


def _rewrite(ongoing: Change, message: Message, said: Edit | Deletion) -> bool:
    if isinstance(said, Edit):
        message.text = message.full_text = said.text
        message.edited_at = said.at
        message.save()
    else:
        _forget(message, said)
    if message.position == _last_position(message):
        ongoing.ticket.preview = message.preview
    return True


def _forget(message: Message, said: Deletion) -> None:
    """Keep nothing of what was said: no text, no file, no raw event."""
    message.text = message.full_text = message.html = ""
    message.payload, message.kind, message.deleted_at = {}, "text", said.at
    message.save()
    message.reactions.all().delete()
    for file in message.attachments.all():
        _delete(file)
    if message.event is not None:
        journal.forget(message.event)


def _delete(file: Attachment) -> None:
    stored = file.file
    file.delete()
    if stored:
        transaction.on_commit(lambda: stored.delete(save=False))


def _last_position(message: Message) -> int:
    said = Message.objects.filter(ticket=message.ticket_id).order_by("-position")
    return said.values_list("position", flat=True)[0]


def _keep(channel: Channel, said: Afterthought) -> None:
    UnmatchedAfterthought.objects.bulk_create(
        [
            UnmatchedAfterthought(
                channel=channel,
                external_id=said.message_id[:998],
                kind=type(said).__name__.lower(),
                by=said.by,
                said=_said(said),
                at=said.at,
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
