"""Two customers turn out to be one person; or two again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from customers.models import Claim, Customer, CustomerMerge, Identity
from customers.summary import summarise

FACTS = ("name", "language", "timezone")


class CannotMerge(Exception):
    """These two can't become one, or two again, now; the text says why, for a person."""


def merge(customer: Customer, *, into: Customer, by: str = "") -> CustomerMerge:
    """Make one customer of two: addresses, claims, and what the survivor didn't know go over.

    Both rows are locked until the transaction ends. Raises CannotMerge for one who was merged
    already, or with themselves.
    """
    with transaction.atomic():
        locked = hold(customer.pk, into.pk)
        gone, stays = locked[customer.pk], locked[into.pk]
        if gone.pk == stays.pk:
            raise CannotMerge(_("A customer can't be merged with themselves."))
        if gone.merged_into_id or stays.merged_into_id:
            raise CannotMerge(_("One of the two was merged with another customer already."))
        moved = {
            "identities": _hand_over(gone.identities.all(), to=stays),
            "claims": _hand_over(gone.claims.all(), to=stays),
            **_teach(stays, gone),
        }
        gone.merged_into = stays
        for one in (gone, stays):
            one.save()
            summarise(one)
        return CustomerMerge.objects.create(survivor=stays, merged=gone, moved=moved, by=by[:254])


def unmerge(merge: CustomerMerge) -> tuple[Customer, Customer]:
    """Undo a merge: give back what is still there; the customer who is back and the one who has
    had their things. Both rows are locked until the transaction ends. Raises CannotMerge when
    it was undone before."""
    with transaction.atomic():
        merge = CustomerMerge.objects.get(pk=merge.pk)
        keepers = [one.pk for one in _line_of(merge.survivor)]
        locked = hold(merge.merged_id, *keepers)
        if [one.pk for one in _line_of(locked[merge.survivor_id])] != keepers:
            raise CannotMerge(_("Somebody merged one of the two just now. Try again."))
        if not CustomerMerge.objects.filter(pk=merge.pk, undone_at=None).update(undone_at=now()):
            raise CannotMerge(_("This was undone already."))
        back, keeper = locked[merge.merged_id], locked[keepers[-1]]
        back.merged_into = None
        _hand_over(keeper.identities.filter(pk__in=merge.moved["identities"]), to=back)
        _hand_over(keeper.claims.filter(pk__in=merge.moved["claims"]), to=back)
        for keeper_key in keepers:
            _forget(locked[keeper_key], merge.moved)
        for one in locked.values():
            one.save()
            summarise(one)
        return back, keeper


def hold(*keys: int) -> dict[int, Customer]:
    """These customers, their rows locked: what is said by them and about them waits. Whoever
    locks contact points or tickets too locks customers first."""
    rows = Customer.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    return {one.pk: one for one in rows}


def held[Row: (Identity, Claim)](address: Row) -> Row:
    """An address as it now is, the row of whose it is locked: nobody merges them away before the
    transaction ends."""
    owners = hold(address.customer_id)
    present = type(address).objects.get(pk=address.pk)
    if present.customer_id not in owners:
        return held(present)
    present.customer = owners[present.customer_id]
    return present


def _hand_over(rows: QuerySet[Any], *, to: Customer) -> list[int]:
    keys = list(rows.values_list("pk", flat=True))
    rows.update(customer=to)
    return keys


def _teach(stays: Customer, gone: Customer) -> dict[str, Any]:
    """Tell the survivor what only the other was known for; what was new to them."""
    facts = {name: getattr(gone, name) for name in FACTS}
    facts = {name: value for name, value in facts.items() if value and not getattr(stays, name)}
    attributes = {k: v for k, v in gone.attributes.items() if k not in stays.attributes}
    tags = [tag for tag in gone.tags if tag not in stays.tags]
    for name, value in facts.items():
        setattr(stays, name, value)
    stays.attributes = {**stays.attributes, **attributes}
    stays.tags = [*stays.tags, *tags]
    stays.last_seen_at = _later(stays.last_seen_at, gone.last_seen_at)
    return {"facts": facts, "attributes": attributes, "tags": tags}


def _forget(keeper: Customer, moved: dict[str, Any]) -> None:
    """Take back what a merge taught, unless somebody has changed it since."""
    for name, value in moved["facts"].items():
        if getattr(keeper, name) == value:
            setattr(keeper, name, "")
    missing = object()
    keeper.attributes = {
        name: value
        for name, value in keeper.attributes.items()
        if moved["attributes"].get(name, missing) != value
    }
    keeper.tags = [tag for tag in keeper.tags if tag not in moved["tags"]]


def _line_of(customer: Customer) -> Iterator[Customer]:
    """A customer and everyone they were merged into, the present one last."""
    one: Customer | None = customer
    while one is not None:
        yield one
        one = one.merged_into


def _later(*moments: Any) -> Any:
    return max((one for one in moments if one is not None), default=None)
