"""What came of a call to a provider, written down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from channels_app.errors import SendError
from channels_app.messages import Receipt
from inbox.delivery import consequences, plan
from inbox.delivery.status import advance, fail, move
from inbox.delivery.updates import apply_waiting_updates
from inbox.models import ContactPoint, DeliveryAttempt, Message

logger = logging.getLogger(__name__)
Status = Message.Status
Outcome = DeliveryAttempt.Outcome

LOOK_AGAIN_AFTER = timedelta(seconds=5)
SECONDS_TO_WRITE = 40.0
MAX_CRASHES = 5


def accepted(message: Message, attempt: DeliveryAttempt, receipt: Receipt) -> None:
    """The provider took it. Reports that were faster than its answer count now.

    A database that is away for a moment is waited for: forgetting this answer would leave the
    message uncertain.
    """
    _surely(lambda: _write_receipt(message, attempt, receipt))
    points = ContactPoint.objects.filter(pk=message.conversation.contact_point_id)
    points.update(last_outbound_at=timezone.now())
    consequences.mark_working(message.channel)


def not_accepted(message: Message, attempt: DeliveryAttempt, error: SendError) -> None:
    """The call failed: for good, for now, or nobody knows."""
    if error.channel_is_broken:
        consequences.mark_broken(message.channel, error.text)
    wait = None if error.permanent else plan.wait(message.attempts, retry_after=error.retry_after)
    if error.ambiguous:
        _look_again_soon(message, attempt, error)
    elif wait is None:
        _surely(lambda: _refuse(message, attempt, error))
    else:
        _surely(lambda: _postpone(message, attempt, error, wait))


def queue_again(message: Message, *, after: timedelta = timedelta(0)) -> None:
    """Put a message that certainly did not leave back in the queue. One that ended five workers
    this way is called failed instead."""
    if message.attempts >= MAX_CRASHES:
        text = "Sending it ended without a word, five times."
        fail(message, code="held", text=text, sources=[Status.SENDING])
        return
    again = timezone.now() + after
    lease = {"leased_until": None, "next_attempt_at": again}
    move(message, Status.QUEUED, sources=[Status.SENDING], **lease)


def close(attempt: DeliveryAttempt, outcome: str, error: SendError | None = None) -> None:
    """Write down how a call ended, as far as anybody knows."""
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(
        outcome=outcome,
        finished_at=timezone.now(),
        error_code=error.code[:40] if error else "",
        error_text=error.text if error else "",
    )


def _write_receipt(message: Message, attempt: DeliveryAttempt, receipt: Receipt) -> None:
    with transaction.atomic():
        now = timezone.now()
        Message.objects.filter(pk=message.pk).update(external_id=receipt.external_id)
        DeliveryAttempt.objects.filter(pk=attempt.pk).update(
            outcome=Outcome.SENT, finished_at=now, external_id=receipt.external_id
        )
        advance(message, Status(receipt.status), at=now)
        if receipt.external_id:
            apply_waiting_updates(message, external_id=receipt.external_id)


def _look_again_soon(message: Message, attempt: DeliveryAttempt, error: SendError) -> None:
    """The attempt stays open and the message "sending": `reconcile` finds out what happened."""
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(
        error_code=error.code[:40], error_text=error.text
    )
    mine = Message.objects.filter(pk=message.pk, status=Status.SENDING)
    mine.update(leased_until=timezone.now() + LOOK_AGAIN_AFTER)


def _postpone(
    message: Message, attempt: DeliveryAttempt, error: SendError, wait: timedelta
) -> None:
    with transaction.atomic():
        close(attempt, Outcome.POSTPONED, error)
        move(
            message,
            Status.QUEUED,
            sources=[Status.SENDING],
            leased_until=None,
            next_attempt_at=timezone.now() + wait,
            error_code=error.code[:40],
            error_text=error.text,
        )


def _refuse(message: Message, attempt: DeliveryAttempt, error: SendError) -> None:
    with transaction.atomic():
        fail(message, code=error.code, text=error.text, sources=[Status.SENDING])
        close(attempt, Outcome.REFUSED, error)
    if error.undeliverable:
        consequences.mark_undeliverable(message, error.text)
    if error.closes_window:
        consequences.mark_window_closed(message, at=attempt.started_at)
    if error.opted_out:
        consequences.mark_opted_out(message, source=f"provider code {error.code}")


def _surely(write: Callable[[], None]) -> None:
    """Write this even when the database has to be waited for, up to 40 s."""
    deadline = time.monotonic() + SECONDS_TO_WRITE
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            logger.warning("outcome_not_written_yet", exc_info=True)
            connection.close()
            time.sleep(0.5)
