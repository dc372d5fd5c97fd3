"""Rows with everything their shape shows, in a number of queries that does not grow with them.

Secrets of channels are left in the database: nothing here needs them decrypted.
"""

from __future__ import annotations

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from channels_app.models import Channel
from customers.models import Claim, Customer, Identity
from inbox import access
from inbox.models import Agent, Conversation, Message, Ticket


def tickets(found: QuerySet[Ticket], *, agent: Agent) -> QuerySet[Ticket]:
    """Tickets for TicketShape."""
    seen = access.tickets_visible_to(agent).values("pk")
    return (
        found.select_related("customer")
        .prefetch_related("tags", Prefetch("conversations", _strands()))
        .annotate(
            seen_survivor=Subquery(seen.filter(pk=OuterRef("merged_into"))),
            seen_predecessor=Subquery(seen.filter(pk=OuterRef("follows"))),
        )
    )


def messages(found: QuerySet[Message]) -> QuerySet[Message]:
    """Messages for MessageShape."""
    return (
        found.select_related("channel", "agent", "conversation__contact_point__customer")
        .defer("words", "channel__secrets", "channel__settings", "agent__password")
        .prefetch_related("attachments", "reactions")
    )


def customers(found: QuerySet[Customer]) -> QuerySet[Customer]:
    """Customers for CustomerShape."""
    live = Identity.objects.filter(ended_at=None).order_by("pk")
    open_claims = Claim.objects.filter(settled_at=None).order_by("pk")
    return found.prefetch_related(
        Prefetch("identities", live, to_attr="live_identities"),
        Prefetch("claims", open_claims, to_attr="open_claims"),
    )


def channels() -> QuerySet[Channel]:
    """Channels without their secrets."""
    return Channel.objects.defer("secrets", "settings")


def _strands() -> QuerySet[Conversation]:
    whole = Conversation.objects.select_related("contact_point__channel").order_by("pk")
    return whole.defer("contact_point__channel__secrets", "contact_point__channel__settings")
