"""Our reactions to what customers said: kept on the message, told to the provider by a worker.

Telling twice does no harm, so a reaction whose answer was lost is simply told again.
"""

from __future__ import annotations

from datetime import timedelta

import dramatiq
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app.errors import SendError
from channels_app.messages import OutboundMessage
from inbox import workers
from inbox.changes import change
from inbox.models import Agent, Message, MessageReaction
from inbox.sending import Refused, may_send
from inbox.triage import NotPossible

LEASE = timedelta(seconds=30)
LONGEST = 16


def react(message: Message, emoji: str, *, by: Agent) -> None:
    """React to a message for all of us; an empty emoji takes the reaction back.

    Raises NotPossible where nobody can react, Refused when nothing may be sent there now.
    """
    _check(message, emoji)
    point = message.conversation.contact_point
    answer = may_send(point, text=emoji)
    if not answer.allowed:
        raise Refused(answer)
    with change(message.ticket_id, by=by, kind="message") as ongoing:
        now = timezone.now()
        fresh = {"emoji": emoji, "agent": by, "at": now, "sent_at": None, "attempts": 0}
        reaction, _created = MessageReaction.objects.update_or_create(
            message=message,
            by=MessageReaction.By.AGENT,
            defaults={**fresh, "next_attempt_at": now, "error_text": ""},
        )
        ongoing.rewrite_past()
    workers.ask_later(send_reaction, reaction.pk)


def tell(reaction_id: int) -> None:
    """Tell the provider, when it is time to: after 30 s, 1, 2 and 4 min once more, then give up."""
    reaction = _claim(reaction_id)
    if reaction is None:
        return
    try:
        reaction.message.channel.adapter.send(_outgoing(reaction))
    except SendError as error:
        _postpone(reaction, error)
    else:
        _settle(reaction)


def due(*, limit: int) -> list[int]:
    """Reactions that could be told and that nobody tells."""
    waiting = MessageReaction.objects.filter(next_attempt_at__lte=timezone.now())
    return list(waiting.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])


def _check(message: Message, emoji: str) -> None:
    if not message.channel.adapter.limits.carries_reactions or not message.external_id:
        raise NotPossible(_("Nobody can react to this message."))
    if message.deleted_at or not message.is_inbound:
        raise NotPossible(_("Nobody can react to this message."))
    if len(emoji) > LONGEST or any(one.isalnum() or one.isspace() for one in emoji):
        raise NotPossible(_("A reaction is one emoji."))


def _claim(reaction_id: int) -> MessageReaction | None:
    now = timezone.now()
    ready = MessageReaction.objects.filter(pk=reaction_id, next_attempt_at__lte=now)
    if not ready.update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1):
        return None
    related = ("message__channel", "message__conversation__contact_point")
    return MessageReaction.objects.select_related(*related).get(pk=reaction_id)


def _outgoing(reaction: MessageReaction) -> OutboundMessage:
    message = reaction.message
    return OutboundMessage(
        reference="",
        to=message.conversation.answers_to,
        to_kind=message.conversation.contact_point.address_kind,
        text="",
        attempt=reaction.attempts,
        reply_to=message.external_id,
        reaction=reaction.emoji,
    )


def _settle(reaction: MessageReaction) -> None:
    """Should another have taken its place meanwhile, that one is told once more: nobody knows
    which of two calls at once the provider heard last."""
    ours = MessageReaction.objects.filter(pk=reaction.pk)
    if not ours.filter(at=reaction.at).update(
        sent_at=timezone.now(), next_attempt_at=None, error_text=""
    ):
        ours.update(next_attempt_at=timezone.now(), attempts=0)


def _postpone(reaction: MessageReaction, error: SendError) -> None:
    is_over = error.permanent or reaction.attempts >= MessageReaction.MAX_ATTEMPTS
    wait = LEASE * 2 ** (reaction.attempts - 1)
    same = MessageReaction.objects.filter(pk=reaction.pk, at=reaction.at)
    same.update(next_attempt_at=None if is_over else timezone.now() + wait, error_text=error.text)


@dramatiq.actor(max_retries=0, queue_name="delivery")
def send_reaction(reaction_id: int) -> None:
    tell(reaction_id)
