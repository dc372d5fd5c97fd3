"""May we write to this address? A ledger: rows are added, the newest one counts."""

from __future__ import annotations

from datetime import datetime

from customers.addresses import matching_key
from customers.models import Consent

SUPPORT = "support"
MARKETING = "marketing"


def record(
    *,
    kind: str,
    value: str,
    medium: str,
    sender: str,
    allowed: bool,
    source: str,
    at: datetime,
    purpose: str = SUPPORT,
) -> Consent:
    """Note what the owner of an address said to one of our senders, and how we know."""
    return Consent.objects.create(
        kind=kind,
        key=matching_key(kind, value),
        medium=medium,
        sender=sender,
        purpose=purpose,
        allowed=allowed,
        source=source[:200],
        at=at,
    )


def is_opted_out(*, kind: str, key: str, medium: str, sender: str, purpose: str = SUPPORT) -> bool:
    """Whether the newest word of this address to this sender of ours is no."""
    ledger = Consent.objects.filter(kind=kind, key=key, medium=medium, sender=sender)
    newest = ledger.filter(purpose=purpose).order_by("-at", "-pk")
    return newest.values_list("allowed", flat=True).first() is False


def hand_on(*, kind: str, key: str, to_kind: str, to_key: str) -> None:
    """Somebody goes by another address now: what they last said to each of our senders, for each
    purpose, holds there too."""
    if (kind, key) == (to_kind, to_key):
        return
    said = Consent.objects.filter(kind=kind, key=key).order_by("at", "pk")
    newest = {(one.medium, one.sender, one.purpose): one for one in said}
    kept = ("medium", "sender", "purpose", "allowed", "source", "at")
    Consent.objects.bulk_create(
        Consent(kind=to_kind, key=to_key, **{name: getattr(one, name) for name in kept})
        for one in newest.values()
    )
