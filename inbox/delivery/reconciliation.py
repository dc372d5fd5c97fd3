"""A call whose answer nobody heard: find out what happened, never send blindly again."""

from __future__ import annotations

import logging
from datetime import timedelta

import dramatiq
from django.db import transaction
from django.utils import timezone

from channels_app.errors import SendError
from channels_app.messages import Attempt, Receipt, Reconciliation
from inbox.delivery import outcome
from inbox.delivery.claim import take_over
from inbox.delivery.outgoing import outgoing
from inbox.delivery.send import deliver_later, go_on
from inbox.delivery.status import move
from inbox.models import DeliveryAttempt, Message

logger = logging.getLogger(__name__)
Status = Message.Status

ASK_AGAIN_AFTER = timedelta(seconds=10)
GIVE_UP_AFTER = timedelta(minutes=15)
AROUND = timedelta(hours=1)


def reconcile(message_id: int) -> None:
    """Look after a message whose lease ran out while it was being sent.

    Without an attempt written down it was never handed over and is queued again. With one the
    provider is asked: sent, queued again, asked later, or uncertain, which an agent settles.
    """
    message = take_over(message_id)
    if message is None:
        return
    attempt = message.delivery_attempts.filter(outcome=DeliveryAttempt.Outcome.OPEN).first()
    if attempt is None:
        _send_again(message)
    else:
        _settle(message, attempt, _find_out(message, attempt))
    go_on(message.conversation_id)


def _settle(message: Message, attempt: DeliveryAttempt, finding: Reconciliation) -> None:
    if finding.outcome == "sent":
        outcome.accepted(message, attempt, Receipt(finding.external_id))
    elif finding.outcome == "not_sent":
        outcome.close(attempt, DeliveryAttempt.Outcome.POSTPONED)
        _send_again(message)
    elif finding.outcome == "wait":
        mine = Message.objects.filter(pk=message.pk, status=Status.SENDING)
        mine.update(leased_until=timezone.now() + ASK_AGAIN_AFTER)
    else:
        _leave_open(message, attempt)


def _find_out(message: Message, attempt: DeliveryAttempt) -> Reconciliation:
    if attempt.started_at < timezone.now() - GIVE_UP_AFTER:
        return Reconciliation("unknown")
    sent = outgoing(message, attempt=attempt.number)
    try:
        others = _ids_of_others(message, attempt)
        return message.channel.adapter.reconcile(Attempt(sent, attempt.started_at, others))
    except SendError as error:
        logger.warning("reconcile_postponed", extra={"message_id": message.pk, "code": error.code})
        return Reconciliation("wait")


def _ids_of_others(message: Message, attempt: DeliveryAttempt) -> frozenset[str]:
    """What the provider calls our other messages to this person from around that time: the same
    words said twice must not be taken for the message that was lost."""
    others = Message.objects.filter(
        conversation__contact_point=message.conversation.contact_point_id,
        direction=Message.Direction.OUTBOUND,
        created_at__gte=attempt.started_at - AROUND,
    ).exclude(external_id="")
    return frozenset(others.values_list("external_id", flat=True))


def _send_again(message: Message) -> None:
    outcome.queue_again(message)
    deliver_later(message)


def _leave_open(message: Message, attempt: DeliveryAttempt) -> None:
    with transaction.atomic():
        outcome.close(attempt, DeliveryAttempt.Outcome.UNKNOWN)
        move(
            message,
            Status.UNCERTAIN,
            sources=[Status.SENDING],
            leased_until=None,
            error_code="uncertain",
            error_text="Its delivery was cut short: nobody can say whether it arrived.",
        )


@dramatiq.actor(max_retries=0, queue_name="delivery")
def reconcile_message(message_id: int) -> None:
    reconcile(message_id)
