"""Who has read what: a cursor per agent and ticket."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from inbox import live
from inbox.changes import visitors_of
from inbox.models import Agent, LiveEvent, Message, Reading, Ticket

INBOUND = Message.Direction.INBOUND
MOST_NEWS = 100


def read_up_to(ticket: Ticket, agent: Agent) -> int:
    """The position up to which the agent has read it; 0 before the first time."""
    found = Reading.objects.filter(ticket=ticket, agent=agent).values_list("last_read", flat=True)
    return found.first() or 0


def mark_read(ticket: Ticket, *, upto: int, by: Agent) -> None:
    """The agent saw everything up to this position; an earlier one changes nothing."""
    upto = min(upto, ticket.last_position)
    row, is_new = Reading.objects.get_or_create(
        ticket=ticket, agent=by, defaults={"last_read": upto}
    )
    further = Reading.objects.filter(pk=row.pk, last_read__lt=upto)
    if is_new or further.update(last_read=upto):
        _tell(ticket, by)


def mark_unread(ticket: Ticket, *, by: Agent) -> None:
    """The customer's last message counts as not read, as when it came."""
    last = ticket.messages.filter(direction=INBOUND).order_by("-position").first()
    if last is None:
        return
    before = {"last_read": last.position - 1}
    Reading.objects.update_or_create(ticket=ticket, agent=by, defaults=before)
    _tell(ticket, by)


def unread_by(agent: Agent) -> Exists:
    """Whether a ticket holds something of its customer that the agent has not read. What was
    said before somebody joined the desk is no news to them."""
    mine = Reading.objects.filter(ticket=OuterRef(OuterRef("pk")), agent=agent)
    read = Coalesce(Subquery(mine.values("last_read")[:1]), Value(0))
    said = Message.objects.filter(ticket=OuterRef("pk"), direction=INBOUND, position__gt=read)
    return Exists(said.filter(created_at__gt=agent.created_at))


def news(tickets: QuerySet[Ticket]) -> dict[int, int]:
    """Of these tickets those with something unread and unanswered, up to 100, newest first:
    number → position of the customer's last word."""
    said = Message.objects.filter(ticket=OuterRef("pk"), direction=INBOUND).order_by("-position")
    found = tickets.filter(needs_reply=True).order_by("-last_message_at", "-number")
    heard = found.annotate(last_word=Subquery(said.values("position")[:1]))
    return dict(heard.values_list("pk", "last_word")[:MOST_NEWS])


def _tell(ticket: Ticket, agent: Agent) -> None:
    """The agent's other tabs show it too, and so does a visitor's chat; nobody else is told."""
    audience = [f"agent.{agent.pk}", *sorted(visitors_of([ticket])[ticket.pk])]
    LiveEvent.objects.create(kind="read", ticket_id=ticket.pk, audience=audience, rev=ticket.rev)
    transaction.on_commit(live.ring)
