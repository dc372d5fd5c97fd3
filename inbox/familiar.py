"""Senders of many messages at once: the known ones found and locked together, strangers welcomed
together. Nearly every message is of one of these two kinds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from django.db.models import Prefetch, QuerySet

from channels_app.messages import InboundMessage
from channels_app.models import Channel
from customers.addresses import matching_key
from customers.identify import welcome
from customers.merging import hold
from customers.models import Identity
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
    found = {
        pk: (place, owner)
        for pk, place, owner, name, shown_as in _points_at(wanted)
        if place in wanted and _tells_nothing_new(wanted[place][1], name=name, shown_as=shown_as)
    }
    held = hold(*(owner for _, owner in found.values()))
    known = {}
    for point in _locked(found):
        place, owner = found[point.pk]
        if point.identity and point.customer_id == point.identity.customer_id == owner:
            point.channel, point.customer = wanted[place][0], held[owner]
            known[place] = point
    return known


def _points_at(places: Collection[Place]) -> Iterator[tuple[int, Place, int, str, str]]:
    """Some more than are wanted where channels and kinds are mixed: the caller looks closer."""
    channels, kinds, scopes, keys = zip(*places, strict=True) if places else ([],) * 4
    points = ContactPoint.objects.filter(
        channel__in=set(channels),
        identity__kind__in=set(kinds),
        identity__scope__in=set(scopes),
        identity__key__in=keys,
        identity__ended_at=None,
    )
    place = ("channel", "identity__kind", "identity__scope", "identity__key")
    for row in points.values_list(*place, "pk", "customer", "customer__name", "shown_as"):
        yield row[4], row[:4], *row[5:]


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
