"""The one door for reading: what may this agent see?

Every list, count, search, suggestion and look-up starts here. "Not allowed" and "does not
exist" are the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.models import Customer
from inbox.models import Activity, Agent, CannedReply, Message, Note, Team, Ticket
from inbox.models.ticket import TicketQuerySet

NAMING_TICKETS = (Activity.Verb.SPLIT, Activity.Verb.MERGED, Activity.Verb.UNMERGED)


def tickets_visible_to(agent: Agent) -> TicketQuerySet:
    """An admin sees every ticket; an agent those without a team, of an open team, of a team
    they belong to, or assigned to them. Merged tickets are included: they lead to the survivor.
    """
    tickets = Ticket.objects.all()
    if agent.is_admin:
        return tickets
    if not agent.is_active:
        return tickets.none()
    return tickets.filter(_may_see(agent))


def messages_visible_to(agent: Agent) -> QuerySet[Message]:
    """Messages of tickets this agent sees."""
    return Message.objects.filter(ticket__in=tickets_visible_to(agent))


def notes_visible_to(agent: Agent) -> QuerySet[Note]:
    """Notes of tickets this agent sees."""
    return Note.objects.filter(ticket__in=tickets_visible_to(agent))


def hide_unseen_tickets(activities: Iterable[Activity], *, reader: Agent) -> None:
    """Take the numbers of tickets the reader may not see out of what these rows tell. They are
    for showing then, not for saving."""
    naming = [one for one in activities if one.verb in NAMING_TICKETS]
    if not naming:
        return
    named = {number for one in naming for number in one.data.values()}
    seen = set(tickets_visible_to(reader).filter(pk__in=named).values_list("pk", flat=True))
    for one in naming:
        one.data = {key: pk if pk in seen else None for key, pk in one.data.items()}


def customers_visible_to(agent: Agent) -> QuerySet[Customer]:
    """Customers with a ticket this agent sees, and those who have none at all yet. Merged ones
    are left out: they have become somebody else."""
    living = Customer.objects.living()
    if agent.is_admin:
        return living
    if not agent.is_active:
        return living.none()
    own = Ticket.objects.filter(customer=OuterRef("pk"))
    seen = tickets_visible_to(agent).filter(customer=OuterRef("pk"))
    return living.filter(Exists(seen) | ~Exists(own))


def customers_wholly_visible_to(agent: Agent) -> QuerySet[Customer]:
    """Customers of whom nothing is hidden from this agent: whoever merges two must see all of
    both, and a suggestion must not hint at what lies elsewhere."""
    hidden = Ticket.objects.filter(customer=OuterRef("pk")).exclude(
        pk__in=tickets_visible_to(agent)
    )
    return customers_visible_to(agent).filter(~Exists(hidden))


def canned_replies_visible_to(agent: Agent) -> QuerySet[CannedReply]:
    """Everybody's canned replies, those of the agent's teams, and their own."""
    shared = Q(team=None, owner=None) | Q(owner=agent)
    return CannedReply.objects.filter(shared | Q(team__in=agent.teams.all(), owner=None))


def can_see(agent: Agent, ticket: Ticket) -> bool:
    """Whether the agent sees this one ticket as it is now."""
    return tickets_visible_to(agent).filter(pk=ticket.pk).exists()


def live_groups(agent: Agent) -> list[str]:
    """The live groups whose nudges this agent may hear; mirrors Ticket.audience."""
    if not agent.is_active:
        return []
    own = ["everyone", f"agent.{agent.pk}"]
    if agent.is_admin:
        return [*own, "admins"]
    return [*own, *(f"team.{pk}" for pk in agent.teams.values_list("pk", flat=True))]


def _may_see(agent: Agent) -> Q:
    member_of = Team.objects.filter(members=agent)
    return Q(team=None) | Q(team__is_members_only=False) | Q(team__in=member_of) | Q(assignee=agent)
