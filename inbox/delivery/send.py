"""A message leaves: claimed, asked about again, written down, handed to the provider."""

from __future__ import annotations

import dramatiq

from channels_app.errors import SendError
from inbox import crash, workers
from inbox.delivery import outcome
from inbox.delivery.claim import claim, holding_too_long, next_in, open_attempt
from inbox.delivery.outgoing import outgoing
from inbox.delivery.status import fail
from inbox.models import Message
from inbox.sending import may_leave

Status = Message.Status


def deliver(message_id: int) -> None:
    """Send one message if it is its turn, then let the next one of its strand go.

    What may not be sent any more fails with its reason. The call is written down and committed
    before it is made.
    """
    message = claim(message_id)
    if message is None:
        return
    crash.point("delivery-claimed")
    answer = may_leave(message)
    if answer.allowed:
        _call(message)
    else:
        fail(message, code=answer.code, text=answer.reason, sources=[Status.SENDING])
    go_on(message.conversation_id)


def deliver_later(message: Message) -> None:
    """Have a worker send it, once what is happening now is committed."""
    workers.ask_later(deliver_message, message.pk)


def go_on(conversation_id: int) -> None:
    """Wake a worker for the next message of a strand."""
    following = next_in(conversation_id)
    if following is not None:
        workers.ask_later(deliver_message, following)


def release_held() -> None:
    """Fail what has been in back-off while a later message of its strand waited for two
    minutes, so that the later one can go."""
    for message in holding_too_long():
        text = f"Gave up, because a later message was waiting. {message.error_text}".strip()
        if fail(message, code=message.error_code, text=text, sources=[Status.QUEUED]):
            go_on(message.conversation_id)


def _call(message: Message) -> None:
    number = message.delivery_attempts.count() + 1
    leaving = outgoing(message, attempt=number)
    attempt = open_attempt(message, number=number)
    if attempt is None:
        return
    crash.point("attempt-written")
    try:
        receipt = message.channel.adapter.send(leaving)
    except SendError as error:
        crash.point("provider-answered")
        outcome.not_accepted(message, attempt, error)
    else:
        crash.point("provider-answered")
        outcome.accepted(message, attempt, receipt)
    crash.point("receipt-recorded")


@dramatiq.actor(max_retries=0, queue_name="delivery")
def deliver_message(message_id: int) -> None:
    deliver(message_id)
