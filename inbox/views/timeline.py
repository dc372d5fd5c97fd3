"""One ticket's history in one order: messages, notes, and quiet lines for what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from inbox.access import hide_unseen_tickets
from inbox.models import Activity, Agent, Attachment, Message, Note, Ticket

PAGE = 60
MOST_ANEW = 600
Verb = Activity.Verb
TOLD_BY_MESSAGES = (Verb.CREATED, Verb.CUSTOMER_WROTE, Verb.AGENT_REPLIED)
FOLLOWS_FROM_A_MESSAGE = ("agent_replied", "customer_wrote")
AT_REST = ("resolved", "snoozed")
CHANGING = (
    Message.Status.SCHEDULED,
    Message.Status.QUEUED,
    Message.Status.SENDING,
    Message.Status.SENT,
    Message.Status.DELIVERED,
    Message.Status.FAILED,
    Message.Status.UNCERTAIN,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One list item: a message, a note, a run of activities, or the day they begin.

    `first` and `last` are the positions it covers.
    """

    kind: str
    first: int
    last: int
    day: date
    message: Message | None = None
    note: Note | None = None
    activities: list[Activity] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a ticket's history, oldest first. `is_whole` is false when it was cut at the
    far end: the older one when read backwards, the newer one when read forwards."""

    entries: list[Entry]
    is_whole: bool

    @property
    def first(self) -> int:
        """The position it begins at; a day has none."""
        return next((entry.first for entry in self.entries if entry.kind != "day"), 0)


def latest(
    ticket: Ticket, *, reader: Agent, before: int | None = None, limit: int = PAGE
) -> Stretch:
    """The newest things, or the newest before a position."""
    sources = _sources(ticket)
    if before is not None:
        sources = [source.filter(position__lt=before) for source in sources]
    things = _newest(sources, limit + 1)
    return Stretch(entries(things[:limit][::-1], reader=reader), len(things) <= limit)


def since(ticket: Ticket, position: int, *, reader: Agent, limit: int = PAGE) -> Stretch:
    """What comes after a position, oldest first."""
    sources = [
        source.filter(position__gt=position).order_by("position")[: limit + 1]
        for source in _sources(ticket)
    ]
    things = sorted((thing for source in sources for thing in source), key=_position)
    return Stretch(entries(things[:limit], reader=reader), len(things) <= limit)


def anew(ticket: Ticket, position: int, *, reader: Agent) -> Stretch:
    """Everything from a position on, for a screen that shows it: the newest 600 at most."""
    told = since(ticket, position - 1, reader=reader, limit=MOST_ANEW)
    if not told.is_whole:
        return latest(ticket, reader=reader, limit=MOST_ANEW)
    before = [source.filter(position__lt=position) for source in _sources(ticket)]
    return Stretch(told.entries, not _newest(before, 1))


def changed(ticket: Ticket, seen: dict[int, str], *, reader: Agent) -> list[Entry]:
    """Messages that no longer are in the state somebody saw them in, by message id."""
    messages = with_details(ticket.messages.filter(pk__in=seen))
    return entries([one for one in messages if state_of(one) != seen[one.pk]], reader=reader)


def state_of(message: Message) -> str:
    """What may still change on a message, in one word. Its attachments are loaded."""
    waiting = any(one.state == Attachment.State.PENDING for one in message.attachments.all())
    return f"{message.status}-fetching" if waiting else message.status


def may_change(message: Message) -> bool:
    """Whether the message is worth another look later."""
    return message.status in CHANGING or state_of(message) != message.status


def with_details(messages: QuerySet[Message]) -> QuerySet[Message]:
    """The messages with everything that is shown of them."""
    related = ("agent", "channel", "conversation__contact_point__customer", "reply_to")
    return messages.select_related(*related).prefetch_related("attachments", "reactions__agent")


def _sources(ticket: Ticket) -> list[QuerySet[Any]]:
    """Three questions, and something may be said between them: none looks further than the
    ticket had come when it was read, or a screen would skip what lies before what it was shown."""
    sources = [
        with_details(ticket.messages.all()),
        ticket.notes.select_related("agent"),
        ticket.activities.exclude(verb__in=TOLD_BY_MESSAGES).select_related("agent"),
    ]
    return [source.filter(position__lte=ticket.last_position) for source in sources]


def _newest(sources: list[QuerySet[Any]], limit: int) -> list[Any]:
    pages = [source.order_by("-position")[:limit] for source in sources]
    things = [thing for page in pages for thing in page]
    return sorted(things, key=_position, reverse=True)[:limit]


def _position(thing: Message | Note | Activity) -> int:
    return thing.position


def entries(things: Sequence[Any], *, reader: Agent) -> list[Entry]:
    """The things as list items for this agent, activities of one day in runs, each day
    announced."""
    hide_unseen_tickets((one for one in things if isinstance(one, Activity)), reader=reader)
    entries: list[Entry] = []
    telling = (thing for thing in things if not _goes_without_saying(thing))
    for (kind, day), run in groupby(telling, key=lambda one: (_kind(one), _day(one))):
        if not entries or entries[-1].day != day:
            entries.append(Entry("day", 0, 0, day))
        entries.extend(_run(kind, day, list(run)))
    return entries


def _goes_without_saying(thing: Message | Note | Activity) -> bool:
    """A status that only follows from the message beside it; coming back from rest is told."""
    if not isinstance(thing, Activity) or thing.data.get("was") in AT_REST:
        return False
    return thing.data.get("reason") in FOLLOWS_FROM_A_MESSAGE


def _run(kind: str, day: date, things: list[Any]) -> list[Entry]:
    if kind == "activities":
        return [Entry(kind, things[0].position, things[-1].position, day, activities=things)]
    return [Entry(kind, one.position, one.position, day, **{kind: one}) for one in things]


def _kind(thing: Message | Note | Activity) -> str:
    if isinstance(thing, Activity):
        return "activities"
    return "message" if isinstance(thing, Message) else "note"


def _day(thing: Message | Note | Activity) -> date:
    return timezone.localtime(thing.created_at).date()
