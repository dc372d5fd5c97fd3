"""We write first: a ticket to an address of a customer, on a channel that reaches it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from channels_app.models import Channel
from customers.merging import held
from customers.models import Customer, Identity
from inbox import triage
from inbox.access import can_see
from inbox.changes import opening
from inbox.models import Agent, ContactPoint, Team, Ticket, policy_of
from inbox.replies import Reply, open_strand, send_reply
from inbox.triage import NotPossible


@dataclass(frozen=True, slots=True)
class Start:
    """What a new ticket begins with. team: None for the channel's own."""

    channel: Channel
    identity: Identity
    subject: str = ""
    team: Team | None = None
    assignee: Agent | None = None
    tags: tuple[str, ...] = ()


def start_ticket(start: Start, *, reply: Reply | None, by: Agent) -> Ticket:
    """Open a ticket about the address's customer, with a strand to that address, and send the
    first message, if there is one. Raises NotPossible, and Refused for what may not be sent."""
    with transaction.atomic():
        identity = held(start.identity)
        ticket = Ticket(
            customer=identity.customer,
            subject=" ".join(start.subject.split()),
            team_id=start.team.pk if start.team else policy_of(start.channel).team_id,
            assignee=start.assignee,
        )
        with opening(ticket, by=by):
            ticket.last_channel_kind = start.channel.kind
        if not can_see(by, ticket):
            raise NotPossible(_("You would not see this ticket. Choose another team."))
        triage.tag(ticket, names=start.tags, by=by)
        strand = open_strand(ticket, channel=start.channel, identity=identity, by=by)
        if reply is not None:
            send_reply(strand, reply, by=by)
    return ticket


def address_on(channel: Channel, customer: Customer) -> Identity:
    """The customer's address that this channel reaches: where they wrote from last, else the
    first. Raises NotPossible when there is none."""
    met = ContactPoint.objects.filter(channel=channel, customer=customer, identity__ended_at=None)
    points = met.exclude(identity=None).select_related("identity").order_by("-last_inbound_at")
    known: Iterable[Identity | None] = (point.identity for point in points)
    others = customer.identities.filter(ended_at=None)
    for identity in (*known, *others):
        if identity and channel.adapter.reaches(identity.kind, identity.scope):
            return identity
    raise NotPossible(_("The customer has no address on this channel."))
