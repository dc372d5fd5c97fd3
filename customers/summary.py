"""What a customer is called in lists and found by in search, kept beside their name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Protocol, TypedDict

from customers.addresses import display, matching_key, spellings, storable
from customers.folding import words_in
from customers.models import Customer

CODES = ("external", "whatsapp_user", "visitor")
"""Kinds that a machine made up, the more telling first; people know the others by heart."""


class Summary(TypedDict):
    label: str
    words: str


class SomeAddress(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...


def summary(name: str, addresses: Iterable[SomeAddress]) -> Summary:
    """Label and words of somebody with this name and these addresses, proven ones first: the
    first that people would know them by is the label."""
    known = list(addresses)
    best = min(known, key=_strangeness, default=None)
    words = chain(words_in(name), *(_words_of(one) for one in known))
    label = display(best.kind, storable(best.value)) if best else ""
    return {"label": label[:320], "words": " ".join(dict.fromkeys(words))}


def summarise(customer: Customer) -> None:
    """Keep label and words in step after the customer's name or addresses have changed."""
    proven = customer.identities.filter(ended_at=None)
    claimed = customer.claims.filter(settled_at=None)
    for field, value in summary(customer.name, [*proven, *claimed]).items():
        setattr(customer, field, value)
    customer.save(update_fields=["label", "words"])


def _strangeness(address: SomeAddress) -> int:
    return CODES.index(address.kind) + 1 if address.kind in CODES else 0


def _words_of(address: SomeAddress) -> list[str]:
    value = storable(address.value)
    key = matching_key(address.kind, value)
    return words_in(" ".join([value, key, *spellings(address.kind, value)]))
