"""How a ticket changes: locked, in one transaction, written down, and announced after commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from inbox import live
from inbox.models import Activity, Agent, ContactPoint, LiveEvent, Ticket


class Change:
    """One ongoing change of one locked ticket, made by `by` (None: the desk itself)."""

    def __init__(self, ticket: Ticket, *, by: Agent | None, now: datetime) -> None:
        self.ticket = ticket
        self.by = by
        self.now = now
        self.audience = set(ticket.audience)
        self._before = (ticket.last_position, ticket.rev)

    def record(self, verb: Activity.Verb, **data: Any) -> Activity:
        """Write down what is being done, at the next place of the timeline."""
        return Activity.objects.create(
            ticket=self.ticket,
            position=self.ticket.next_position(),
            verb=verb,
            agent=self.by,
            data=data,
            created_at=self.now,
        )

    def rewrite_past(self) -> None:
        """The timeline itself changed: screens must read it anew."""
        self.ticket.rev += 1

    def finish(self, kind: str) -> None:
        """Save the ticket and leave word for everyone who saw it before or sees it now.

        A change that wrote nothing into the timeline was none.
        """
        if (self.ticket.last_position, self.ticket.rev) == self._before:
            return
        self.ticket.updated_at = self.now
        self.ticket.save()
        announce(kind, self.ticket, audience=self.audience | set(self.ticket.audience))


@contextmanager
def change(number: int, *, by: Agent | None = None, kind: str = "ticket") -> Iterator[Change]:
    """Change a ticket: `with change(12, by=grace) as c: c.ticket.priority = …; c.record(…)`.

    The row is locked until the outermost transaction ends, so positions are given out one at
    a time. Raises Ticket.DoesNotExist.
    """
    with transaction.atomic(savepoint=False):
        locked = Ticket.objects.select_for_update(of=("self",)).select_related("customer")
        ticket = locked.get(pk=number)
        ongoing = Change(ticket, by=by, now=timezone.now())
        yield ongoing
        ongoing.finish(kind)


@contextmanager
def opening(ticket: Ticket, *, by: Agent | None = None, kind: str = "ticket") -> Iterator[Change]:
    """Open a ticket: like `change` for one that is not in the database yet."""
    with transaction.atomic(savepoint=False):
        ticket.save(force_insert=True)
        ongoing = Change(ticket, by=by, now=timezone.now())
        ongoing.record(Activity.Verb.CREATED)
        yield ongoing
        ongoing.finish(kind)


def _locked(number: int) -> Ticket:
    """The team comes along: who may see a ticket is asked at every change."""
    locked = Ticket.objects.select_for_update(of=("self",)).select_related("team")
    return locked.get(pk=number)


def announce(kind: str, ticket: Ticket, *, audience: set[str] | None = None) -> None:
    """Leave word that a ticket is worth another look; the bell rings after commit."""
    groups = sorted((audience or set(ticket.audience)) | _visitors_of(ticket))
    LiveEvent.objects.create(kind=kind, ticket_id=ticket.pk, audience=groups, rev=ticket.rev)
    transaction.on_commit(live.ring)


def _visitors_of(ticket: Ticket) -> set[str]:
    """The live groups of those who follow this ticket in a web chat."""
    points = ContactPoint.objects.filter(
        conversations__ticket=ticket, address_kind__in=["visitor", "external"]
    )
    places = points.values_list("channel_id", "address_kind", "key").distinct()
    return {live.visitor_group(*place) for place in places}
