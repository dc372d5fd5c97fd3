"""What customers do without a word: they open the chat, they decline to be written to. It wakes
nobody (R0)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from channels_app.messages import InboundMessage, Opening, Preference
from channels_app.models import Channel
from customers import consent
from customers.addresses import matching_key
from customers.identify import owners_of
from customers.models import Customer
from inbox.arrivals import contact_point_of
from inbox.changes import change
from inbox.models import Activity, ContactPoint

Verb = Activity.Verb
type Place = tuple[str, str]


def open_chat(channel: Channel, opening: Opening) -> None:
    """They are known from now on, and can be found among the customers; where they have a ticket
    that is not resolved, it tells of it."""
    point = contact_point_of(channel, _silent(opening))
    Customer.objects.filter(pk=point.customer_id).update(last_seen_at=timezone.now())
    _tell(point, Verb.CHAT_OPENED, channel=channel.name)


def note_preference(channel: Channel, wish: Preference) -> None:
    """Into the ledger, for each address that they are named by, here and by us."""
    points = _met(channel, wish)
    named = {(one.kind, matching_key(one.kind, one.value)) for one in wish.person}
    for kind, key in sorted(named | {(one.address_kind, one.key) for one in points}):
        consent.record(
            kind=kind,
            value=key,
            medium=channel.kind,
            sender=channel.account,
            purpose=wish.purpose,
            allowed=wish.allowed,
            source=wish.source,
            at=wish.at,
        )
    for point in points:
        said = {"allowed": wish.allowed, "purpose": wish.purpose}
        _tell(point, Verb.CONSENT_CHANGED, address=str(point), **said)


def _silent(opening: Opening) -> InboundMessage:
    """As if they had written, to be met by the same door."""
    return InboundMessage(
        account=opening.account,
        dedupe_key="opening",
        sender=opening.sender,
        shown_sender=opening.shown_sender,
        text="",
        sent_at=opening.at,
        authentication="pass",
    )


def _met(channel: Channel, wish: Preference) -> list[ContactPoint]:
    """Their contact points here, by whichever of their addresses they were met."""
    names = {f"{one.kind} {matching_key(one.kind, one.value)}" for one in wish.person}
    owners = {one.customer_id for one in owners_of(wish.person)}
    points = ContactPoint.objects.filter(channel=channel, customer__in=owners)
    return [one for one in points if names & {*one.aliases, f"{one.address_kind} {one.key}"}]


def _tell(point: ContactPoint, verb: Activity.Verb, **data: Any) -> None:
    for strand in point.conversations.filter(is_current=True).select_related("ticket"):
        if not strand.ticket.is_unresolved:
            continue
        with change(strand.ticket_id) as ongoing:
            ongoing.record(verb, **data)
