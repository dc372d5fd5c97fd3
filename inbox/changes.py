"""How a ticket changes: locked, in one transaction, written down, and announced after commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from inbox import live
from inbox.models import Activity, Agent, ContactPoint, LiveEvent, Ticket

type Nudge = tuple[str, Ticket, frozenset[str]]


class Change:
    """One ongoing change of one locked ticket, made by `by` (None: the desk itself)."""

    def __init__(self, ticket: Ticket, *, by: Agent | None, now: datetime) -> None:
        self.ticket = ticket
        self.by = by
        self.now = now
        self.audience = set(ticket.audience)
        self._before = (ticket.last_position, ticket.rev)

    def record(self, verb: Activity.Verb, **data: Any) -> None:
        """Write down what is being done, at the next place of the timeline."""
        position = self.ticket.next_position()
        activity = Activity(ticket=self.ticket, position=position, verb=verb, agent=self.by)
        activity.data, activity.created_at = data, self.now
        gather(_write_activities, activity)

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
        gather(_write_tickets, self.ticket)
        announce(kind, self.ticket, audience=self.audience | set(self.ticket.audience))


class Together:
    """What `together` has gathered and not written yet."""

    def __init__(self) -> None:
        self._gathered: defaultdict[Callable[[list[Any]], None], list[Any]] = defaultdict(list)
        self._changed: set[int] = set()
        self._held: dict[int, Ticket] = {}

    def write(self) -> None:
        """Write it now: what follows may read it."""
        while self._gathered:
            write, items = self._gathered.popitem()
            write(items)
        self._changed.clear()
        self._held.clear()

    def add(self, write: Callable[[list[Any]], None], item: Any) -> None:
        self._gathered[write].append(item)

    def turn_to(self, number: int) -> None:
        """A ticket that changes once more is read anew, as it then is."""
        if number in self._changed:
            self.write()
        self._changed.add(number)

    def hold(self, tickets: Iterable[Ticket]) -> None:
        """These are locked and as they are now: the next change of each need not ask."""
        self._held |= {ticket.pk: ticket for ticket in tickets if ticket.pk not in self._changed}

    def held(self, number: int) -> Ticket | None:
        return self._held.pop(number, None)


_together: ContextVar[Together | None] = ContextVar("together", default=None)


@contextmanager
def together() -> Iterator[Together]:
    """Many changes in one transaction, their rows written by a few statements at the end.

    It is for changes that do not look at each other: timelines and tickets inside are read as
    they were at the start, or at the last `write`.
    """
    with transaction.atomic():
        gathered = Together()
        token = _together.set(gathered)
        try:
            yield gathered
            gathered.write()
        finally:
            _together.reset(token)


def gather[T](write: Callable[[list[T]], None], item: T) -> None:
    """Have `write` called with this item: now, or inside `together` once with all its items."""
    gathered = _together.get()
    if gathered is None:
        write([item])
    else:
        gathered.add(write, item)


@contextmanager
def change(number: int, *, by: Agent | None = None, kind: str = "ticket") -> Iterator[Change]:
    """Change a ticket: `with change(12, by=grace) as c: c.ticket.priority = …; c.record(…)`.

    The row is locked until the outermost transaction ends, so positions are given out one at
    a time. Raises Ticket.DoesNotExist.
    """
    held = None
    if gathered := _together.get():
        gathered.turn_to(number)
        held = gathered.held(number)
    with transaction.atomic(savepoint=False):
        ongoing = Change(held or _locked(number), by=by, now=timezone.now())
        yield ongoing
        ongoing.finish(kind)


@contextmanager
def opening(ticket: Ticket, *, by: Agent | None = None, kind: str = "ticket") -> Iterator[Change]:
    """Open a ticket: like `change` for one that is not in the database yet."""
    with transaction.atomic(savepoint=False):
        ticket.save(force_insert=True)
        if gathered := _together.get():
            gathered.turn_to(ticket.pk)
        ongoing = Change(ticket, by=by, now=timezone.now())
        ongoing.record(Activity.Verb.CREATED)
        yield ongoing
        ongoing.finish(kind)


def hold(numbers: Iterable[int]) -> dict[int, Ticket]:
    """Lock many tickets at once, in one order; inside `together` the next change of each gets the
    very same ticket."""
    tickets = {ticket.pk: ticket for ticket in _lockable().filter(pk__in=numbers).order_by("pk")}
    if gathered := _together.get():
        gathered.hold(tickets.values())
    return tickets


def announce(kind: str, ticket: Ticket, *, audience: Iterable[str] = ()) -> None:
    """Leave word that a ticket is worth another look; the bell rings after commit."""
    gather(_write_nudges, (kind, ticket, frozenset(audience) or frozenset(ticket.audience)))


def _locked(number: int) -> Ticket:
    return _lockable().get(pk=number)


def _lockable() -> QuerySet[Ticket]:
    """Customer and team come along: its words and who may see it are asked at every change."""
    return Ticket.objects.select_for_update(of=("self",)).select_related("customer", "team")


def _write_activities(activities: list[Activity]) -> None:
    Activity.objects.bulk_create(activities)


def _write_tickets(tickets: list[Ticket]) -> None:
    """One statement for many rows: all are there and locked, so each is in conflict with itself."""
    for ticket in tickets:
        ticket.tidy()
    columns = [field.name for field in Ticket._meta.concrete_fields if not field.primary_key]
    Ticket.objects.bulk_create(
        tickets, update_conflicts=True, unique_fields=["number"], update_fields=columns
    )


def _write_nudges(nudges: list[Nudge]) -> None:
    visitors = visitors_of(ticket for _, ticket, _ in nudges)
    LiveEvent.objects.bulk_create(
        LiveEvent(
            kind=kind,
            ticket_id=ticket.pk,
            audience=sorted(audience | visitors[ticket.pk]),
            rev=ticket.rev,
        )
        for kind, ticket, audience in nudges
    )
    transaction.on_commit(live.ring)


def visitors_of(tickets: Iterable[Ticket]) -> defaultdict[int, set[str]]:
    """The live groups of those who follow these tickets in a web chat, by ticket."""
    points = ContactPoint.objects.filter(
        conversations__ticket__in=[ticket.pk for ticket in tickets],
        address_kind__in=["visitor", "external"],
    )
    groups = defaultdict(set)
    place = ("channel_id", "address_kind", "key")
    for number, *where in points.values_list("conversations__ticket", *place).distinct():
        groups[number].add(live.visitor_group(*where))
    return groups
