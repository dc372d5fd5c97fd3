"""Who may send which message now: one worker, under a lease, in order in each strand."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from inbox.models import DeliveryAttempt, Message

Status = Message.Status

PREPARING = timedelta(seconds=15)
CALLING = timedelta(seconds=60)
HOLD = timedelta(minutes=2)
UNATTENDED = timedelta(seconds=2)
# By then every provider that can be asked has been (Twilio after two minutes).
LONGEST_DOUBT = timedelta(seconds=150)


def claim(message_id: int) -> Message | None:
    """Take a queued message whose time has come, for 15 s; None when it is not its turn.

    A message waits for an earlier one of its strand that is still on its way; failed and
    uncertain ones hold nothing, nor does one handed over so long ago that nobody may ever know.
    """
    now = timezone.now()
    taken = _sendable(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)).filter(pk=message_id)
    lease = now + PREPARING
    claims = {"leased_until": lease, "next_attempt_at": None, "attempts": F("attempts") + 1}
    if not taken.update(status=Status.SENDING, **claims):
        return None
    return _complete(message_id)


def open_attempt(message: Message, *, number: int) -> DeliveryAttempt | None:
    """Write down that the provider is about to be called, and take the minute that may last.
    None when the lease ran out meanwhile: somebody else looks after the message now."""
    with transaction.atomic():
        lease = timezone.now() + CALLING
        if not _extend(message, lease):
            return None
        message.leased_until = lease
        return DeliveryAttempt.objects.create(message=message, number=number)


def take_over(message_id: int) -> Message | None:
    """Take a message whose lease ran out, for a minute; None when another process was faster."""
    now = timezone.now()
    lost = Message.objects.filter(pk=message_id, status=Status.SENDING, leased_until__lte=now)
    if not lost.update(leased_until=now + CALLING):
        return None
    return _complete(message_id)


def due(*, limit: int) -> list[int]:
    """Messages that could leave now and that nobody works on: for two seconds already, or the
    time of their next try has come."""
    now = timezone.now()
    fresh = Q(next_attempt_at=None, created_at__lte=now - UNATTENDED)
    ready = _sendable(fresh | Q(next_attempt_at__lte=now))
    return list(ready.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])


def lost(*, limit: int) -> list[int]:
    """Messages whose lease ran out while they were being sent."""
    over = Message.objects.filter(status=Status.SENDING, leased_until__lte=timezone.now())
    return list(over.order_by("leased_until").values_list("pk", flat=True)[:limit])


def holding_too_long() -> list[Message]:
    """Messages in back-off that have kept the next one of their strand waiting for 2 minutes."""
    limit = timezone.now() - HOLD
    waiting = Message.objects.filter(
        conversation=OuterRef("conversation"),
        pk__gt=OuterRef("pk"),
        status=Status.QUEUED,
        created_at__lte=limit,
    )
    holders = Message.objects.filter(Exists(waiting), status=Status.QUEUED, attempts__gt=0)
    holders = holders.filter(next_attempt_at__gt=timezone.now()).order_by("next_attempt_at")
    return [one for one in holders if _first_tried_at(one) <= limit]


def next_in(conversation_id: int) -> int | None:
    """The message of a strand whose turn it is."""
    queued = Message.objects.filter(conversation=conversation_id, status=Status.QUEUED)
    return queued.order_by("pk").values_list("pk", flat=True).first()


def _sendable(when: Q) -> QuerySet[Message]:
    in_doubt = DeliveryAttempt.objects.filter(
        message=OuterRef("pk"),
        outcome=DeliveryAttempt.Outcome.OPEN,
        started_at__lte=timezone.now() - LONGEST_DOUBT,
    )
    ahead = Message.objects.filter(
        ~Exists(in_doubt),
        conversation=OuterRef("conversation"),
        pk__lt=OuterRef("pk"),
        status__in=[Status.QUEUED, Status.SENDING],
    )
    return Message.objects.filter(when, ~Exists(ahead), status=Status.QUEUED)


def _complete(message_id: int) -> Message:
    complete = Message.objects.select_related("channel", "conversation__contact_point__channel")
    return complete.get(pk=message_id)


def _extend(message: Message, lease: datetime) -> bool:
    mine = Message.objects.filter(
        pk=message.pk, status=Status.SENDING, leased_until=message.leased_until
    )
    return bool(mine.update(leased_until=lease))


def _first_tried_at(message: Message) -> datetime:
    """When the back-off of this message began: the first try since it was queued."""
    tries = message.delivery_attempts.order_by("-number")[: message.attempts]
    return min((one.started_at for one in tries), default=message.created_at)
