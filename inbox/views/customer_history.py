"""Everything said and done with one customer, over all tickets and channels in one order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from inbox.models import Activity, Agent, Message, Note, Ticket
from inbox.views import timeline

PAGE = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands among all of a customer: no two are at one place."""

    at: datetime
    ticket: int
    position: int

    @classmethod
    def read(cls, text: str) -> Place | None:
        """From an address of ours; None for anything else."""
        moment, *numbers = text.split("~")
        try:
            at = parse_datetime(moment)
            ticket, position = (int(one) for one in numbers)
        except ValueError:
            return None
        too_large = max(ticket, position) >= 2**63
        return (
            None if at is None or timezone.is_naive(at) or too_large else cls(at, ticket, position)
        )

    @classmethod
    def of(cls, thing: Message | Note | Activity) -> Place:
        return cls(thing.created_at, thing.ticket_id, thing.position)

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.ticket}~{self.position}"

    @property
    def earlier(self) -> Q:
        """Rows before this place."""
        return (
            Q(created_at__lt=self.at)
            | Q(created_at=self.at, ticket__lt=self.ticket)
            | Q(created_at=self.at, ticket=self.ticket, position__lt=self.position)
        )


@dataclass(frozen=True, slots=True)
class History:
    """A page of what was said and done, oldest first; `earlier` leads to the page before it."""

    entries: list[timeline.Entry]
    earlier: Place | None


def history(
    tickets: QuerySet[Ticket], *, reader: Agent, before: Place | None, limit: int = PAGE
) -> History:
    """The newest things in these tickets, or the newest before a place."""
    far = before.earlier if before else Q()
    newest = ("-created_at", "-ticket", "-position")
    pages = [
        source.filter(far, ticket__in=tickets).order_by(*newest)[: limit + 1]
        for source in _sources()
    ]
    things = sorted((one for page in pages for one in page), key=_order, reverse=True)
    shown = things[:limit]
    earlier = Place.of(shown[-1]) if len(things) > limit else None
    return History(timeline.entries(shown[::-1], reader=reader), earlier)


def _sources() -> list[QuerySet[Any]]:
    return [
        timeline.with_details(Message.objects.all()).select_related("ticket"),
        Note.objects.select_related("agent", "ticket"),
        Activity.objects.exclude(verb__in=timeline.TOLD_BY_MESSAGES).select_related("agent"),
    ]


def _order(thing: Message | Note | Activity) -> tuple[datetime, int, int]:
    return thing.created_at, thing.ticket_id, thing.position
