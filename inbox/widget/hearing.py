"""What a visitor hears: the messages of their own strands, and nothing else of any ticket."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from inbox.delivery.status import advance
from inbox.models import ContactPoint, Conversation, Message, Reading, Ticket, Visitor

Status = Message.Status

PAGE = 60
# Queued counts: once it is committed an answer belongs to the visitor, a worker only stamps it.
UNREAD = (Status.QUEUED, Status.SENDING, Status.SENT, Status.DELIVERED, Status.UNCERTAIN)
AUDIBLE = (*UNREAD, Status.RECEIVED, Status.READ)


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of a visitor's history. `seen` is their newest message that an agent has read.
    `tail` names the newest messages, so that a screen that lacks one of them (it was sent again,
    or its strand was moved here) reads all anew."""

    messages: list[Message]
    tail: list[int]
    unread: int
    seen: int
    is_whole: bool
    is_resolved: bool
    is_blocked: bool


NOTHING = Heard([], [], 0, 0, is_whole=True, is_resolved=False, is_blocked=False)


def history(visitor: Visitor, *, after: int = 0, before: int = 0) -> Heard:
    """The newest messages, those after an id, or the newest before one, oldest first.

    Ids order a strand as its positions do: its messages are written one at a time, while its
    contact point is locked.
    """
    point = visitor.point()
    if point is None:
        return NOTHING
    audible = _audible(visitor)
    found, is_whole = _stretch(audible, after=after, before=before)
    return Heard(
        messages=found,
        tail=list(audible.order_by("-pk").values_list("pk", flat=True)[:PAGE]),
        unread=audible.filter(direction="outbound", status__in=UNREAD).count(),
        seen=_seen(audible),
        is_whole=is_whole,
        is_resolved=_is_resolved(point),
        is_blocked=point.is_blocked,
    )


def acknowledge(visitor: Visitor, *, upto: int, is_read: bool) -> int:
    """The widget has these answers, or the visitor has seen them; how many changed by it."""
    to = Status.READ if is_read else Status.DELIVERED
    ours = _audible(visitor).filter(direction="outbound", pk__lte=upto)
    ours = ours.exclude(status__in=[Status.READ, to])
    now = timezone.now()
    return sum(advance(message, to, at=now) for message in ours[:PAGE])


def current_ticket(visitor: Visitor) -> Ticket | None:
    """Where the visitor's next message would go, as far as it is decided."""
    point = visitor.point()
    current = _current(point) if point else None
    return current.ticket if current else None


def _audible(visitor: Visitor) -> QuerySet[Message]:
    own = visitor.points().values("pk")
    said = Message.objects.filter(conversation__contact_point__in=own, channel=visitor.channel_id)
    return said.filter(status__in=AUDIBLE).select_related("agent", "channel")


def _stretch(audible: QuerySet[Message], *, after: int, before: int) -> tuple[list[Message], bool]:
    audible = audible.prefetch_related("attachments")
    if after:
        found = list(audible.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        return found[:PAGE], len(found) <= PAGE
    older = audible.filter(pk__lt=before) if before else audible
    found = list(older.order_by("-pk")[: PAGE + 1])
    return found[:PAGE][::-1], len(found) <= PAGE


def _seen(audible: QuerySet[Message]) -> int:
    read = Reading.objects.filter(ticket=OuterRef("ticket"), last_read__gte=OuterRef("position"))
    seen = audible.filter(Exists(read), direction="inbound").order_by("-pk")
    return seen.values_list("pk", flat=True).first() or 0


def _is_resolved(point: ContactPoint) -> bool:
    current = _current(point)
    return current is not None and current.ticket.status == Ticket.Status.RESOLVED


def _current(point: ContactPoint) -> Conversation | None:
    strands = point.conversations.filter(is_current=True)
    return strands.select_related("ticket__team").first()
