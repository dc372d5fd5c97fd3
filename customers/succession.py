"""Addresses change hands: a number goes to somebody else, a person goes by another id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now

from customers.identify import KnownAddress, identify, owners_of
from customers.merging import hold, merge
from customers.models import Customer, CustomerMerge, Identity
from customers.summary import summarise


@dataclass(frozen=True, slots=True)
class Succession:
    """Whose addresses changed. `replaced`: identities that are theirs no longer, each with the
    one in its place; `folded`: the merge of a customer that turned out to be the same person."""

    customer: Customer
    replaced: dict[Identity, Identity]
    folded: CustomerMerge | None = None


def release_number(addresses: Sequence[KnownAddress]) -> Identity | None:
    """End the phone number of a person who is not the one these addresses are of; the ended
    identity, if so.

    Numbers are given to new owners, ids are not: somebody with this number and ids of the same
    scope, all of them others, has lost the number.
    """
    phone = next((one for one in addresses if one.kind == "phone"), None)
    ids = [one for one in addresses if one.kind == "whatsapp_user"]
    if phone is None or not ids:
        return None
    owners = owners_of([*ids, phone])
    number = next((one for one in owners if one.kind == "phone"), None)
    if number is None or any(
        one.customer_id == number.customer_id for one in owners if one != number
    ):
        return None
    if not _ids_of(number.customer, scope=getattr(ids[0], "scope", "")).exists():
        return None
    with transaction.atomic():
        hold(number.customer_id)
        _end(number)
        summarise(Customer.objects.get(pk=number.customer_id))
    return number


def succeed(previous: Sequence[KnownAddress], current: Sequence[KnownAddress]) -> Succession | None:
    """The person of the previous addresses goes by the current ones from now on; None when
    nobody is known by any of the previous ones.

    A customer who has nothing but current addresses, and what this person had before, came of a
    message that was faster than this news: their identities are taken over. One who has more is
    somebody in their own right and keeps them.
    """
    with transaction.atomic():
        before = owners_of(previous)
        if not before or not current:
            return None
        customer = before[0].customer
        folded = _folded_in(current, customer)
        identify([before[0], *current])
        # To add an address is to wait for a first message from there that is being written down.
        folded = folded or _folded_in(current, customer)
        replaced = _replace(before, current, customer) | _revived(customer)
        summarise(Customer.objects.get(pk=customer.pk))
        return Succession(customer, replaced, folded)


def _folded_in(current: Sequence[KnownAddress], customer: Customer) -> CustomerMerge | None:
    bare = _bare_owner(current, customer)
    hold(customer.pk, *([bare.pk] if bare else []))
    return merge(bare, into=customer, by="the provider") if bare else None


def _bare_owner(current: Sequence[KnownAddress], customer: Customer) -> Customer | None:
    owned = [one for one in owners_of(current) if one.customer_id != customer.pk]
    if not owned:
        return None
    other = owned[0].customer
    once = {_address(one) for one in customer.identities.exclude(ended_at=None)}
    expected = once | {_address(one) for one in owned}
    theirs = {_address(one) for one in other.identities.filter(ended_at=None)}
    return other if theirs <= expected else None


def _replace(
    before: Sequence[Identity], current: Sequence[KnownAddress], customer: Customer
) -> dict[Identity, Identity]:
    """End what an address of the same kind has taken the place of."""
    after = [one for one in owners_of(current) if one.customer_id == customer.pk]
    replaced = {}
    for old in before:
        new = next((one for one in after if one.kind == old.kind), None)
        if new is None or old in after or old.customer_id != customer.pk:
            continue
        _end(old)
        replaced[old] = new
    return replaced


def _revived(customer: Customer) -> dict[Identity, Identity]:
    """Addresses that had ended and are this customer's again."""
    live = {_address(one): one for one in customer.identities.filter(ended_at=None)}
    ended = customer.identities.exclude(ended_at=None)
    return {old: live[_address(old)] for old in ended if _address(old) in live}


def _address(identity: Identity) -> tuple[str, str, str]:
    return identity.kind, identity.scope, identity.key


def _ids_of(customer: Customer, *, scope: str) -> QuerySet[Identity]:
    return customer.identities.filter(kind="whatsapp_user", scope=scope, ended_at=None)


def _end(identity: Identity) -> None:
    identity.ended_at = now()
    identity.save(update_fields=["ended_at"])
