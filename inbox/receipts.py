"""What customers see of us: that we have read, and that we are writing. Only a courtesy: nothing
is kept of it, and nothing is tried again."""

from __future__ import annotations

import logging
from datetime import timedelta

import dramatiq
from django.core.cache import cache
from django.utils import timezone

from channels_app.errors import SendError
from inbox import workers
from inbox.models import Conversation, Message, Ticket

logger = logging.getLogger(__name__)

# https://developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read
READABLE_FOR = timedelta(days=30)
REMEMBER_READ = 24 * 3600
# The sign that we are writing lasts 25 seconds.
TYPING_EVERY = 20


def read(ticket: Ticket) -> None:
    """An agent has seen the ticket: tell its customer, on the channels that show it."""
    for strand in ticket.conversations.select_related("contact_point__channel"):
        _show(strand, typing=False)


def typing(strand: Conversation) -> None:
    """An agent is writing an answer in this strand; every 20 s at most."""
    _show(strand, typing=True)


def _show(strand: Conversation, *, typing: bool) -> None:
    channel = strand.contact_point.channel
    if not (channel.adapter.marks_read and channel.is_active and _may_know(strand)):
        return
    newest = _newest(strand)
    if newest is None:
        return
    # Whoever adds the key is the one who tells.
    pause = TYPING_EVERY if typing else REMEMBER_READ
    if cache.add(f"receipt:{'typing' if typing else 'read'}:{newest.pk}", value=1, timeout=pause):
        workers.ask_later(send_receipt, newest.pk, typing)


def _may_know(strand: Conversation) -> bool:
    """Neither a stranger nor somebody blocked learns that anybody is here."""
    return strand.is_accepted and not strand.contact_point.is_blocked


def _newest(strand: Conversation) -> Message | None:
    said = strand.messages.filter(
        direction=Message.Direction.INBOUND, created_at__gt=timezone.now() - READABLE_FOR
    )
    return said.exclude(external_id="").order_by("-position").first()


@dramatiq.actor(max_retries=0, queue_name="delivery")
def send_receipt(message_id: int, typing: bool) -> None:  # noqa: FBT001 (a broker's argument)
    message = Message.objects.select_related("channel").get(pk=message_id)
    try:
        message.channel.adapter.mark_read(message.external_id, typing=typing)
    except SendError as error:
        logger.info("receipt_not_shown", extra={"message_id": message_id, "code": error.code})
