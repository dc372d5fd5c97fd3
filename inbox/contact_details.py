"""What agents say about a customer's addresses: theirs, not theirs, shared, unwanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from customers import vouching
from customers.identify import owner_of, prove
from customers.models import Claim, Customer, Identity
from customers.summary import summarise
from inbox import triage
from inbox.access import tickets_visible_to
from inbox.changes import announce, change
from inbox.models import Activity, Agent, ContactPoint, Ticket
from inbox.triage import NotPossible

Verb = Activity.Verb

type Address = tuple[str, str]
"""Kind and value."""


class Taken(NotPossible):
    """An address is somebody else's already: `owner`."""

    def __init__(self, owner: Identity) -> None:
        super().__init__(_("%s belongs to another customer already.") % owner)
        self.owner = owner


def introduce(addresses: Iterable[Address], *, by: Agent, **facts: Any) -> Customer:
    """A customer nobody has heard of yet, with addresses this agent vouches for. Raises Taken,
    and NotPossible for what is no address."""
    with transaction.atomic():
        customer = Customer.objects.create()
        describe(customer, **facts)
        for kind, value in addresses:
            own(customer, kind=kind, value=value, by=by)
        summarise(customer)
    return customer


def own(customer: Customer, *, kind: str, value: str, by: Agent) -> Identity:
    """Add an address this agent vouches for; Taken when it is somebody else's."""
    with transaction.atomic():
        known = add_address(customer, kind=kind, value=value, by=by)
        if isinstance(known, Identity):
            return known
        owner = owner_of(known)
        if owner is None:
            raise NotPossible(_("This address was given up just now. Try again."))
        raise Taken(owner)


def describe(customer: Customer, **facts: Any) -> None:
    """Change what is known of a customer: name, language, timezone, tags, attributes. Their
    tickets are found by the new name from now on."""
    with transaction.atomic():
        for field, value in facts.items():
            setattr(customer, field, value)
        customer.save(update_fields=list(facts))
        if "name" in facts:
            summarise(customer)
            for ticket in customer.tickets.all():
                ticket.save(update_fields=["words"])
        _look_again(customer)


def add_address(customer: Customer, *, kind: str, value: str, by: Agent) -> Identity | Claim:
    """Add an address this agent vouches for; what is somebody else's stays a claim. Raises
    NotPossible for what is no address."""
    try:
        with transaction.atomic():
            known = vouching.vouch(customer, kind=kind, value=value.strip(), by=str(by))
            _look_again(customer)
            return known
    except ValidationError as error:
        raise NotPossible(" ".join(error.messages)) from error


def confirm(claim: Claim) -> Identity:
    """An agent knows that a claimed address is this customer's: where they wrote from it, it
    counts as proven too. Raises NotPossible when it is somebody else's."""
    with transaction.atomic():
        identity = prove(claim, proven_by="agent")
        if identity is None:
            owner = owner_of(claim)
            raise Taken(owner) if owner else NotPossible(_("Try again."))
        met = {point.channel_id for point in identity.contact_points.all()}
        theirs = ContactPoint.objects.filter(customer=identity.customer_id)
        typed = theirs.filter(identity=None, key=claim.key)
        for point in typed.filter(address_kind=claim.kind).order_by("pk"):
            if point.channel_id not in met:
                met.add(point.channel_id)
                ContactPoint.objects.filter(pk=point.pk).update(identity=identity)
        _look_again(identity.customer)
    return identity


def dismiss(claim: Claim) -> None:
    """The claim is of no use, or not true."""
    with transaction.atomic():
        vouching.dismiss(claim)
        _look_again(claim.customer)


def end(identity: Identity) -> None:
    """The address is this customer's no longer: nothing is sent there any more."""
    with transaction.atomic():
        vouching.end(identity)
        _look_again(identity.customer)


def share(identity: Identity, *, is_shared: bool) -> None:
    """Several people use this address, or one does."""
    with transaction.atomic():
        vouching.share(identity, is_shared=is_shared)
        _look_again(identity.customer)


def block(point: ContactPoint, *, by: Agent) -> None:
    """What comes from this address on this channel is spam from now on, and so are the tickets
    in which nobody else speaks, as far as this agent sees them."""
    with transaction.atomic():
        if _set_blocked(point, is_blocked=True):
            tickets = tickets_visible_to(by).unresolved().filter(conversations__contact_point=point)
            _turn(tickets, Ticket.Status.SPAM, point, by=by)
            _look_again(point.customer)


def unblock(point: ContactPoint, *, by: Agent) -> None:
    """The address is heard again; what blocking made spam is open."""
    with transaction.atomic():
        if _set_blocked(point, is_blocked=False):
            spam = tickets_visible_to(by).living().filter(status=Ticket.Status.SPAM)
            tickets = spam.filter(conversations__contact_point=point)
            _turn(tickets, Ticket.Status.OPEN, point, by=by)
            _look_again(point.customer)


def _set_blocked(point: ContactPoint, *, is_blocked: bool) -> bool:
    other_way = ContactPoint.objects.filter(pk=point.pk, is_blocked=not is_blocked)
    return bool(other_way.update(is_blocked=is_blocked))


def _turn(tickets: Iterable[Ticket], to: Ticket.Status, point: ContactPoint, *, by: Agent) -> None:
    for number in sorted({ticket.pk for ticket in tickets}):
        with change(number, by=by) as ongoing:
            is_blocked = to == Ticket.Status.SPAM
            ongoing.record(Verb.BLOCKED, address=str(point), blocked=is_blocked)
            others = ongoing.ticket.conversations.exclude(contact_point__is_blocked=True)
            if not is_blocked or not others.exists():
                triage.turn(ongoing, to, reason="blocked")


def _look_again(customer: Customer) -> None:
    """The panel beside their tickets is no longer what it was."""
    for ticket in Ticket.objects.unresolved().filter(customer=customer).select_related("team"):
        announce("ticket", ticket)
