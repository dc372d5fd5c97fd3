"""Who is this? From addresses to a customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.timezone import now

from customers.addresses import matching_key, storable
from customers.merging import held
from customers.models import Claim, Customer, Identity
from customers.summary import summarise, summary

MAX_NAME = 200

type Place = tuple[str, str, str]


class KnownAddress(Protocol):
    """An address of a person, in whatever shape a channel hands it over; it may have a `scope`."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...


def identify(
    addresses: Sequence[KnownAddress], *, name: str = "", proven_by: str = "provider"
) -> Identity:
    """The identity of the first of one person's addresses, most specific first: the first known
    one decides who it is. An unknown person becomes a customer.

    Addresses of theirs that nobody has yet are added; one that belongs to somebody else is left
    with them. Two callers at once with one new address end with one customer. One query when
    all addresses are known.
    """
    wanted = {_place(one): one for one in addresses}
    owned = _owned(wanted)
    known = next((owned[place] for place in wanted if place in owned), None)
    if known is None:
        try:
            owned = _introduced(wanted, name=name, proven_by=proven_by)
        except _Overtaken:
            return identify(addresses, name=name, proven_by=proven_by)
    elif len(owned) < len(wanted):
        new = {place: one for place, one in wanted.items() if place not in owned}
        with transaction.atomic(savepoint=False):
            owner = held(known).customer
            for place, address in new.items():
                owned[place] = _add(address, place, owner, proven_by=proven_by)
    first = owned[next(iter(wanted))]
    _learn_name(first.customer, name)
    return first


def welcome(addresses: Sequence[KnownAddress], *, proven_by: str = "provider") -> list[Identity]:
    """A new customer for each of these addresses, in two statements for all; an address may have
    a `name`. Raises IntegrityError when one of them is somebody's."""
    names = [clean_name(getattr(one, "name", "")) for one in addresses]
    customers = Customer.objects.bulk_create(
        Customer(name=name, **summary(name, [one]))
        for name, one in zip(names, addresses, strict=True)
    )
    places = [_place(one) for one in addresses]
    return Identity.objects.bulk_create(
        Identity(
            customer=customer,
            kind=kind,
            scope=scope,
            value=storable(one.value),
            key=key,
            proven_by=proven_by,
        )
        for customer, one, (kind, scope, key) in zip(customers, addresses, places, strict=True)
    )


def claim(name: str, *, kind: str, value: str, source: str) -> Claim:
    """Somebody typed this address: a customer of its own who merely claims it."""
    with transaction.atomic():
        typed = Claim(
            kind=kind, value=storable(value), key=matching_key(kind, value), source=source[:80]
        )
        typed.customer = _new_customer(name, typed)
        typed.save()
        return typed


def prove(claim: Claim, *, proven_by: str) -> Identity | None:
    """Make a claim an identity of its customer and settle it.

    None when the address is somebody else's already (`owner_of` says whose): the claim stays
    open, and whether the two are one person is for an agent to say.
    """
    with transaction.atomic():
        typed = held(claim)
        identity = owner_of(typed) or _add(
            typed, _place(typed), typed.customer, proven_by=proven_by
        )
        if identity.customer_id != typed.customer_id:
            return None
        claim.settled_at = typed.settled_at = now()
        typed.save(update_fields=["settled_at"])
    return identity


def owner_of(address: KnownAddress) -> Identity | None:
    """The proven identity that an address is, whoever's it is."""
    place = _place(address)
    return _owned([place]).get(place)


def owners_of(addresses: Sequence[KnownAddress]) -> list[Identity]:
    """The proven identities that these addresses are, in their order, whoever's they are."""
    places = list(dict.fromkeys(_place(one) for one in addresses))
    owned = _owned(places)
    return [owned[place] for place in places if place in owned]


class _Overtaken(Exception):
    """Somebody else wrote down one of the addresses at the same moment."""


def _introduced(
    wanted: dict[Place, KnownAddress], *, name: str, proven_by: str
) -> dict[Place, Identity]:
    """A new customer with all of these addresses; nobody at all when one of them has become
    somebody's meanwhile. Raises _Overtaken: then they are known."""
    with transaction.atomic():
        owned: dict[Place, Identity] = {}
        customer: Customer | None = None
        for place, address in wanted.items():
            owned[place] = _add(address, place, customer, name=name, proven_by=proven_by)
            customer = customer or owned[place].customer
        if len({one.customer_id for one in owned.values()}) > 1:
            raise _Overtaken
    return owned


def _owned(places: Iterable[Place]) -> dict[Place, Identity]:
    """Whose these addresses are, those that are anybody's."""
    any_of = Q()
    for kind, scope, key in places:
        any_of |= Q(kind=kind, scope=scope, key=key)
    found = Identity.objects.filter(any_of, ended_at=None).select_related("customer")
    return {(one.kind, one.scope, one.key): one for one in found}


def _place(address: KnownAddress) -> Place:
    """Where an address stands among all others: its scope is within what it is unique. Claims
    have none."""
    scope: str = getattr(address, "scope", "")
    return address.kind, scope, matching_key(address.kind, address.value)


def _add(
    address: KnownAddress, place: Place, owner: Customer | None, *, proven_by: str, name: str = ""
) -> Identity:
    """Write down a new identity, of a new customer when there is none; whoever was first wins."""
    kind, scope, key = place
    try:
        with transaction.atomic():
            identity = Identity.objects.create(
                customer=owner or _new_customer(name, address),
                kind=kind,
                scope=scope,
                value=storable(address.value),
                key=key,
                proven_by=proven_by,
            )
            if owner is not None:
                summarise(owner)
            return identity
    except IntegrityError:
        winner = _owned([place]).get(place)
        if winner is None:
            raise
        return winner


def _new_customer(name: str, address: KnownAddress) -> Customer:
    clean = clean_name(name)
    return Customer.objects.create(name=clean, **summary(clean, [address]))


def _learn_name(customer: Customer, name: str) -> None:
    """A name that an agent wrote meanwhile stays."""
    learned = clean_name(name)
    if customer.name or not learned:
        return
    if Customer.objects.filter(pk=customer.pk, name="").update(name=learned):
        customer.name = learned
        summarise(customer)


def clean_name(name: str) -> str:
    """One line, no control characters."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    return " ".join(printable.split())[:MAX_NAME]
