"""Who it is: the panel beside a ticket."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch

from customers.models import Claim, Customer, Identity
from inbox.access import tickets_visible_to
from inbox.joining import candidates
from inbox.likeness import Suggestion, suggestions
from inbox.models import Agent, ContactPoint, Ticket, TicketMerge

OTHERS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Person:
    """Who a customer is, and who they may be, as far as this agent may know."""

    customer: Customer
    identities: list[Identity]
    claims: list[Claim]
    suggestions: list[Suggestion]


@dataclass(frozen=True, slots=True)
class Panel:
    """One customer as seen from one ticket, within what the agent may see."""

    customer: Customer
    person: Person
    others: list[Ticket]
    joinable: list[Ticket]
    merges: list[TicketMerge]


def panel_of(ticket: Ticket, agent: Agent) -> Panel:
    """The panel beside this ticket."""
    customer = ticket.customer
    seen = tickets_visible_to(agent)
    others = seen.living().filter(customer=customer).exclude(pk=ticket.pk).newest_first()
    merges = ticket.merges.filter(undone_at=None, merged__in=seen)
    return Panel(
        customer,
        person_of(customer, agent),
        list(others[:OTHERS_SHOWN]),
        list(candidates(ticket, agent=agent)[:1]) if ticket.is_unresolved else [],
        list(merges.order_by("-pk")[:3]),
    )


def person_of(customer: Customer, agent: Agent) -> Person:
    """Addresses, each with where it was met, and suggestions."""
    points = ContactPoint.objects.select_related("channel").order_by("pk")
    identities = customer.identities.filter(ended_at=None)
    return Person(
        customer,
        list(identities.prefetch_related(Prefetch("contact_points", points))),
        list(customer.claims.filter(settled_at=None)),
        suggestions(customer, agent=agent),
    )
