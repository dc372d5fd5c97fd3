"""The way of an outbound message: up only, and evidence wins.

Every change is one conditional update, so that reports in any order, any number of times and
from any number of processes end in the same state.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Value
from django.db.models.functions import Coalesce

from inbox.changes import announce, change
from inbox.models import Activity, Message, Ticket

Status = Message.Status

_UNDER_WAY = (Status.QUEUED, Status.SENDING, Status.UNCERTAIN)
BELOW: dict[str, tuple[str, ...]] = {
    Status.SENT: _UNDER_WAY,
    Status.DELIVERED: (*_UNDER_WAY, Status.SENT, Status.FAILED),
    Status.READ: (*_UNDER_WAY, Status.SENT, Status.FAILED, Status.DELIVERED),
}
REPORTED_AS_FAILED_FROM = (Status.SENT, Status.UNCERTAIN)
_STAMPS = {
    Status.SENT: ("sent_at",),
    Status.DELIVERED: ("sent_at", "delivered_at"),
    Status.READ: ("sent_at", "delivered_at", "read_at"),
}
_SETTLED: dict[str, Any] = {"leased_until": None, "next_attempt_at": None}


def advance(message: Message, to: Status, *, at: datetime) -> bool:
    """Move a message up to sent, delivered or read; False when it is there or further already."""
    stamps = {name: Coalesce(name, Value(at)) for name in _STAMPS[to]}
    return move(message, to, sources=BELOW[to], error_code="", error_text="", **_SETTLED, **stamps)


def move(message: Message, to: Status, *, sources: Collection[str], **columns: Any) -> bool:
    """Put a message that is in one of `sources` into another status, and tell the screens."""
    moving = Message.objects.filter(pk=message.pk, status__in=sources)
    if not moving.update(status=to, **columns):
        return False
    tell(message)
    return True


def fail(message: Message, *, code: str, text: str, sources: Collection[str]) -> bool:
    """Call a message in one of `sources` failed, visibly, with the reason in its ticket.

    The ticket is locked before the message, as everywhere; one that moved meanwhile is followed.
    """
    home = home_of(message)
    with change(home, kind="message") as ongoing:
        here = Message.objects.filter(pk=message.pk, ticket=home)
        if here.exists():
            failing = here.filter(status__in=sources)
            failed = failing.update(
                status=Status.FAILED, error_code=code[:40], error_text=text, **_SETTLED
            )
            if failed:
                verb = Activity.Verb.MESSAGE_FAILED
                ongoing.record(verb, message=message.pk, code=code, text=text)
            return bool(failed)
    return fail(message, code=code, text=text, sources=sources)


def home_of(message: Message) -> int:
    """The ticket a message is in now."""
    return Message.objects.values_list("ticket_id", flat=True).get(pk=message.pk)


def tell(message: Message) -> None:
    """Leave word that a message looks different now; its ticket is read, not locked."""
    announce("message", Ticket.objects.select_related("team").get(messages=message.pk))
