"""Senders who are known already: found and locked all at once, because most messages are theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet

from channels_app.messages import InboundMessage
from channels_app.models import Channel
from customers.addresses import matching_key
from customers.merging import hold
from inbox.models import ContactPoint, Conversation

type Said = tuple[Channel, InboundMessage]
type Key = tuple[int, str]  # channel and dedupe_key of a message
type Place = tuple[int, str, str, str]  # channel and address of a sender


def known_senders(said: Iterable[Said]) -> dict[Key, ContactPoint]:
    """The contact points of those senders who are known by their one address and of whom their
    message tells nothing new, in four queries for all together.

    Their rows are locked, customers first and each kind in one order; each point comes with its
    current strand.
    """
    wanted = {_place(one): one for one in said if len(one[1].sender) == 1}
    found = {
        pk: (wanted[channel, *place], owner)
        for pk, channel, *place, owner, name, shown_as in _points_at(wanted)
        if (channel, *place) in wanted
        and _tells_nothing_new(wanted[channel, *place][1], name=name, shown_as=shown_as)
    }
    held = hold(*(owner for _, owner in found.values()))
    known: dict[Key, ContactPoint] = {}
    for point in _locked(found):
        (channel, inbound), owner = found[point.pk]
        if point.identity and point.customer_id == point.identity.customer_id == owner:
            point.channel, point.customer = channel, held[owner]
            known[channel.pk, inbound.dedupe_key] = point
    return known


def _place(said: Said) -> Place:
    channel, inbound = said
    sender = inbound.sender[0]
    return channel.pk, sender.kind, sender.scope, matching_key(sender.kind, sender.value)


def _points_at(places: Collection[Place]) -> Iterable[tuple[Any, ...]]:
    """Some more than are wanted where channels and kinds are mixed: the caller looks closer."""
    channels, kinds, scopes, keys = zip(*places, strict=True) if places else ([],) * 4
    return ContactPoint.objects.filter(
        channel__in=set(channels),
        identity__kind__in=set(kinds),
        identity__scope__in=set(scopes),
        identity__key__in=keys,
        identity__ended_at=None,
    ).values_list(
        *("pk", "channel", "identity__kind", "identity__scope", "identity__key"),
        *("customer", "customer__name", "shown_as"),
    )


def _tells_nothing_new(inbound: InboundMessage, *, name: str, shown_as: str) -> bool:
    has_a_name = bool(name) or not inbound.sender[0].name
    return has_a_name and inbound.shown_sender[:320] in ("", shown_as)


def _locked(keys: Iterable[int]) -> QuerySet[ContactPoint]:
    locked = ContactPoint.objects.select_for_update(of=("self",), no_key=True)
    current = Conversation.objects.filter(is_current=True).select_related("ticket")
    return (
        locked.filter(pk__in=list(keys))
        .select_related("identity")
        .prefetch_related(Prefetch("conversations", current, to_attr="current_strands"))
        .order_by("pk")
    )
