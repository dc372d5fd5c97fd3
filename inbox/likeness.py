"""Who may be whom? Customers that look like one person, as far as an agent may know it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from customers.models import Claim, Customer, CustomerMerge, Identity
from inbox.access import customers_wholly_visible_to
from inbox.models import Agent

MOST = 5

type Address = Identity | Claim


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another customer who may be the same person, and their address that says so."""

    customer: Customer
    other: Customer
    address: Address

    @property
    def is_proven(self) -> bool:
        return isinstance(self.address, Identity)

    @property
    def survivor(self) -> Customer:
        """The one whose address is proven stays."""
        return self.other if self.is_proven else self.customer

    @property
    def gone(self) -> Customer:
        return self.customer if self.survivor is self.other else self.other


def suggestions(customer: Customer, *, agent: Agent) -> list[Suggestion]:
    """Who else this customer may be, going by addresses alone: what one of the two claims the
    other has, or claims too. Only between customers of whom this agent sees everything."""
    claims = list(customer.claims.filter(settled_at=None))
    own: list[Address] = [*customer.identities.filter(ended_at=None), *claims]
    alike: list[Address] = [
        *_like(claims, Identity.objects.filter(ended_at=None)),
        *_like(own, Claim.objects.filter(settled_at=None)),
    ]
    by_owner: dict[int, Address] = {}
    for one in alike:
        by_owner.setdefault(one.customer_id, one)
    by_owner.pop(customer.pk, None)
    seen = customers_wholly_visible_to(agent)
    if not by_owner or not seen.filter(pk=customer.pk).exists():
        return []
    others = seen.in_bulk(list(by_owner))
    return [
        Suggestion(customer, others[key], address)
        for key, address in by_owner.items()
        if key in others
    ][:MOST]


def undoable(customer: Customer, *, agent: Agent) -> CustomerMerge | None:
    """The last merge into this customer, when this agent may undo it."""
    merges = customer.merges.filter(undone_at=None).select_related("merged")
    last = merges.order_by("-pk").first()
    if last is None or not customers_wholly_visible_to(agent).filter(pk=customer.pk).exists():
        return None
    return last


def _like[Row: Identity | Claim](addresses: Iterable[Address], rows: QuerySet[Row]) -> list[Row]:
    """Those of the rows that stand for one of these addresses."""
    any_of = Q(pk=None)
    for one in addresses:
        any_of |= Q(kind=one.kind, key=one.key)
    return list(rows.filter(any_of).order_by("pk")[: 10 * MOST])
