"""Senders of many messages at once: the known ones found and locked together, strangers welcomed
together. Nearly every message is of one of these two kinds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from django.db.models import QuerySet

from channels_app.messages import InboundMessage
from channels_app.models import Channel
from customers.addresses import matching_key
from customers.identify import welcome
from customers.merging import hold
from customers.models import Identity
from inbox import changes
from inbox.models import ContactPoint, Conversation

type Said = tuple[Channel, InboundMessage]
type Key = tuple[int, str]  # channel and dedupe_key of a message
type Place = tuple[int, str, str, str]  # channel and address of a sender


def meet(said: Iterable[Said]) -> dict[Key, ContactPoint]:
    """The contact points of senders with a single address: of those who are known and of whom
    their message tells nothing new, and of strangers, who are customers from now on.

    The rows are locked, customers first and each kind in one order; each point comes with its
    current strand. Raises IntegrityError when a stranger is met elsewhere in the same moment.
    """
    wanted = {_place(one): one for one in said if len(one[1].sender) == 1}
    points = _known(wanted)
    unknown = {place: one for place, one in wanted.items() if place not in points}
    points |= _welcomed(_strangers(unknown)) if unknown else {}
    return {(place[0], wanted[place][1].dedupe_key): point for place, point in points.items()}


def _place(said: Said) -> Place:
    channel, inbound = said
    sender = inbound.sender[0]
    return channel.pk, sender.kind, sender.scope, matching_key(sender.kind, sender.value)


def _known(wanted: Mapping[Place, Said]) -> dict[Place, ContactPoint]:
    identities = {identity.pk: identity for identity in _identities(wanted)}
    held = hold(*(identity.customer_id for identity in identities.values()))
    channels = {channel for channel, *_ in wanted}
    known = {}
    for point in _at_home(_locked(identities, channels)):
        identity = identities[point.identity_id or 0]
        place = point.channel_id, identity.kind, identity.scope, identity.key
        if place in wanted and _belongs_to(point, identity.customer_id):
            point.channel, point.customer = wanted[place][0], held[identity.customer_id]
            if _tells_nothing_new(wanted[place][1], point):
                known[place] = point
    return known


def _identities(places: Collection[Place]) -> QuerySet[Identity]:
    """Those of these addresses, and some more where channels and kinds are mixed."""
    _, kinds, scopes, keys = map(set, zip(*places, strict=True)) if places else ((),) * 4
    return Identity.objects.filter(kind__in=kinds, scope__in=scopes, key__in=keys, ended_at=None)


def _locked(identities: Iterable[int], channels: Iterable[int]) -> QuerySet[ContactPoint]:
    """Asked for by identity, along one index: the planner answers a join by address slowly for as
    long as it knows little of the tables, which is on every young desk."""
    locked = ContactPoint.objects.select_for_update(of=("self",), no_key=True)
    points = locked.filter(identity__in=list(identities), channel__in=list(channels))
    return points.select_related("identity").order_by("pk")


def _belongs_to(point: ContactPoint, customer: int) -> bool:
    """Nobody took the address or the point away before it was locked."""
    return point.identity is not None and (
        point.customer_id == point.identity.customer_id == customer
    )


def _at_home(points: Iterable[ContactPoint]) -> Iterator[ContactPoint]:
    """Each with its current strand, read after the strand's ticket was locked: nobody moves it
    from now on. Left out is whose strand was moved just before."""
    points = list(points)
    current = Conversation.objects.filter(contact_point__in=points, is_current=True)
    tickets = changes.hold(current.values_list("ticket", flat=True))
    strands = {strand.contact_point_id: strand for strand in current.all()}
    for point in points:
        strand = strands.get(point.pk)
        if strand is None:
            vars(point)["current_strands"] = []
            yield point
        elif strand.ticket_id in tickets:
            strand.ticket, strand.contact_point = tickets[strand.ticket_id], point
            vars(point)["current_strands"] = [strand]
            yield point


def _tells_nothing_new(inbound: InboundMessage, point: ContactPoint) -> bool:
    has_a_name = bool(point.customer.name) or not inbound.sender[0].name
    return has_a_name and inbound.shown_sender[:320] in ("", point.shown_as)


def _strangers(unknown: Mapping[Place, Said]) -> dict[Place, Said]:
    """Those whose address is nobody's yet."""
    keys = [key for *_, key in unknown]
    owned = Identity.objects.filter(key__in=keys, ended_at=None).values_list("kind", "scope", "key")
    taken = set(owned)
    return {place: said for place, said in unknown.items() if place[1:] not in taken}


def _welcomed(strangers: Mapping[Place, Said]) -> dict[Place, ContactPoint]:
    identities = welcome([inbound.sender[0] for _, inbound in strangers.values()])
    points = ContactPoint.objects.bulk_create(
        ContactPoint(
            channel=channel,
            identity=identity,
            customer=identity.customer,
            address_kind=identity.kind,
            key=identity.key,
            address=inbound.sender[0].value[:320],
            shown_as=inbound.shown_sender[:320],
        )
        for identity, (channel, inbound) in zip(identities, strangers.values(), strict=True)
    )
    for point in points:
        vars(point)["current_strands"] = []
    return dict(zip(strangers, points, strict=True))
