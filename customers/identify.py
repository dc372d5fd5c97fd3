"""Who is this? From addresses to a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from customers.addresses import matching_key
from customers.models import Claim, Customer, Identity

MAX_VALUE = 320
MAX_NAME = 200


class KnownAddress(Protocol):
    """An address of a person, in whatever shape a channel hands it over; it may have a `scope`."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...


def identify(
    addresses: Sequence[KnownAddress], *, name: str = "", proven_by: str = "provider"
) -> Identity:
    """The identity of one person's addresses, most specific first: the first known one decides
    who it is. An unknown person becomes a customer.

    Addresses of theirs that nobody has yet are added; one that belongs to somebody else is left
    with them. Two callers at once with one new address end with one customer.
    """
    first = _find(addresses[0])
    if first is None:
        known = next((one for one in map(_find, addresses[1:]) if one is not None), None)
        customer = known.customer if known else None
        first = _add(addresses[0], customer=customer, name=name, proven_by=proven_by)
    for address in addresses[1:]:
        if _find(address) is None:
            _add(address, customer=first.customer, name=name, proven_by=proven_by)
    _learn_name(first.customer, name)
    return first


def claim(name: str, *, kind: str, value: str, source: str) -> Claim:
    """Somebody typed this address: a customer of its own who merely claims it."""
    with transaction.atomic():
        customer = Customer.objects.create(name=_clean_name(name))
        return add_claim(customer, kind=kind, value=value, source=source)


def add_claim(customer: Customer, *, kind: str, value: str, source: str) -> Claim:
    """Note that a customer may have this address; the same open claim is not noted twice."""
    key = matching_key(kind, value)
    known = customer.claims.filter(kind=kind, key=key, settled_at=None).first()
    return known or customer.claims.create(
        kind=kind, value=value[:MAX_VALUE], key=key, source=source[:80]
    )


def prove(claim: Claim, *, proven_by: str) -> Identity | None:
    """Make a claim an identity of its customer and settle it.

    None when the address is somebody else's already: the claim stays open, and whether the two
    are one person is for an agent to say.
    """
    with transaction.atomic():
        identity = owner_of(claim) or _add(
            claim, customer=claim.customer, name="", proven_by=proven_by
        )
        if identity.customer_id != claim.customer_id:
            return None
        Claim.objects.filter(pk=claim.pk).update(settled_at=now())
    return identity


def owner_of(claim: Claim) -> Identity | None:
    """The proven identity that a claimed address belongs to, whoever's it is."""
    return Identity.objects.filter(kind=claim.kind, key=claim.key, ended_at=None).first()


def _find(address: KnownAddress) -> Identity | None:
    own = Identity.objects.filter(
        kind=address.kind,
        scope=_scope(address),
        key=matching_key(address.kind, address.value),
        ended_at=None,
    )
    return own.select_related("customer").first()


def _add(
    address: KnownAddress, *, customer: Customer | None, name: str, proven_by: str
) -> Identity:
    """Write down a new identity, of a new customer when there is none; whoever was first wins."""
    try:
        with transaction.atomic():
            return Identity.objects.create(
                customer=customer or Customer.objects.create(name=_clean_name(name)),
                kind=address.kind,
                scope=_scope(address),
                value=address.value[:MAX_VALUE].replace("\0", ""),
                key=matching_key(address.kind, address.value),
                proven_by=proven_by,
            )
    except IntegrityError:
        winner = _find(address)
        if winner is None:
            raise
        return winner


def _scope(address: KnownAddress) -> str:
    """Within what an address is unique; claims are never scoped."""
    scope: str = getattr(address, "scope", "")
    return scope


def _learn_name(customer: Customer, name: str) -> None:
    if customer.name or not _clean_name(name):
        return
    customer.name = _clean_name(name)
    customer.save(update_fields=["name"])


def _clean_name(name: str) -> str:
    """One line, no control characters."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    return " ".join(printable.split())[:MAX_NAME]
