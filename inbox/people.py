"""Who a ticket is about: two customers who are one person, and tickets given to another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from customers import merging
from customers.models import Customer, CustomerMerge, Identity
from inbox.access import customers_visible_to, customers_wholly_visible_to
from inbox.changes import Change, announce, change
from inbox.joining import split_off
from inbox.models import Activity, Agent, ContactPoint, Ticket
from inbox.triage import NotPossible

Verb = Activity.Verb


def merge(customer: Customer, *, into: Customer, by: Agent) -> CustomerMerge:
    """Make one customer of two: all that is theirs becomes the survivor's.

    Raises NotPossible for one who was merged already, and when anything of either is hidden
    from this agent.
    """
    with transaction.atomic():
        merging.hold(customer.pk, into.pk)
        _check_sight(by, customer, into)
        with _in_plain_words():
            merged = merging.merge(customer, into=into, by=str(by))
        points = _hand_points(ContactPoint.objects.filter(customer=customer), to=merged.survivor)
        tickets = list(customer.tickets.order_by("pk"))
        for ticket in tickets:
            _hand_over(ticket, merged, by=by)
        merged.note(contact_points=points, tickets=[ticket.pk for ticket in tickets])
        _look_again(merged.survivor)
    return merged


def unmerge(merge: CustomerMerge, *, by: Agent) -> Customer:
    """Undo a merge of customers: give back what is still there, end nothing else. A strand of
    the returned customer inside a ticket that stays gets a ticket of its own; notes stay where
    they were written.

    Raises NotPossible when it was undone before, and when anything is hidden from this agent.
    """
    with transaction.atomic():
        merge = CustomerMerge.objects.get(pk=merge.pk)
        _check_sight(by, merge.survivor.survivor)
        with _in_plain_words():
            back, keeper = merging.unmerge(merge)
        _hand_points(_points_of(back, keeper, merge), to=back)
        for ticket in _tickets_to_part(back, keeper, merge):
            _part(ticket, back, merge, by=by)
        _look_again(keeper)
    return back


def give(ticket: Ticket, *, to: Customer, by: Agent) -> None:
    """Say that a ticket is about another customer; its strands stay with whose they are.
    Raises NotPossible for a merged ticket, and for a customer this agent doesn't see."""
    with transaction.atomic():
        merging.hold(to.pk)
        customer = customers_visible_to(by).filter(pk=to.pk).first()
        if customer is None:
            raise NotPossible(_("This customer is not there any more."))
        with change(ticket.pk, by=by) as ongoing:
            if ongoing.ticket.merged_into_id:
                raise NotPossible(_("This ticket lives on in #%d.") % ongoing.ticket.survivor.pk)
            if ongoing.ticket.customer_id != customer.pk:
                was = ongoing.ticket.customer_id
                ongoing.record(Verb.CUSTOMER_CHANGED, was=was, to=customer.pk)
                put_under(ongoing, customer)


def put_under(ongoing: Change, customer: Customer) -> None:
    """Within a change under way: the ticket is another customer's from now on, and so are those
    that were joined into it."""
    ongoing.ticket.customer = customer
    numbers = [ongoing.ticket.pk]
    while numbers:
        joined = Ticket.objects.filter(merged_into__in=numbers)
        numbers = list(joined.values_list("pk", flat=True))
        Ticket.objects.filter(pk__in=numbers).update(customer=customer)


def _check_sight(agent: Agent, *customers: Customer) -> None:
    seen = customers_wholly_visible_to(agent).filter(pk__in=[one.pk for one in customers])
    if seen.count() < len({one.pk for one in customers}):
        raise NotPossible(_("This customer is not there any more."))


@contextmanager
def _in_plain_words() -> Iterator[None]:
    try:
        yield
    except merging.CannotMerge as reason:
        raise NotPossible(str(reason)) from reason


def _hand_points(points: QuerySet[ContactPoint], *, to: Customer) -> list[int]:
    """Contact points are locked before tickets, as a message that comes in does it."""
    keys = [one.pk for one in points.select_for_update(no_key=True).order_by("pk")]
    ContactPoint.objects.filter(pk__in=keys).update(customer=to)
    return keys


def _hand_over(ticket: Ticket, merge: CustomerMerge, *, by: Agent) -> None:
    """A ticket that was joined into another one is not worked on: it just goes along."""
    if ticket.merged_into_id:
        Ticket.objects.filter(pk=ticket.pk).update(customer=merge.survivor)
        return
    with change(ticket.pk, by=by) as ongoing:
        ongoing.record(Verb.CUSTOMERS_MERGED, merged=merge.merged_id, into=merge.survivor_id)
        put_under(ongoing, merge.survivor)


def _points_of(back: Customer, keeper: Customer, merge: CustomerMerge) -> QuerySet[ContactPoint]:
    """Points go where their address goes; those of a mere claim, where they came from, or where
    the claim goes if nobody else has made it."""
    addresses = Identity.objects.filter(customer=back)
    claimed = back.claims.exclude(key__in=keeper.claims.values("key"))
    came = Q(pk__in=merge.moved.get("contact_points", [])) | Q(key__in=claimed.values("key"))
    typed = Q(identity=None) & came
    return ContactPoint.objects.filter(typed | Q(identity__in=addresses), customer=keeper)


def _tickets_to_part(back: Customer, keeper: Customer, merge: CustomerMerge) -> QuerySet[Ticket]:
    strands = Q(conversations__contact_point__customer=back)
    came = Q(pk__in=merge.moved.get("tickets", []))
    own = Ticket.objects.living().filter(came | strands, customer=keeper)
    return own.distinct().order_by("pk")


def _part(ticket: Ticket, back: Customer, merge: CustomerMerge, *, by: Agent) -> None:
    """A ticket in which the one who stays has no part goes back whole."""
    with change(ticket.pk, by=by) as ongoing:
        strands = list(ongoing.ticket.conversations.select_related("contact_point").order_by("pk"))
        owners = {strand.contact_point.customer_id for strand in strands}
        if ticket.customer_id not in owners and _was_theirs(ongoing.ticket, merge):
            ongoing.record(Verb.CUSTOMERS_UNMERGED, customer=back.pk)
            put_under(ongoing, back)
            return
        for strand in strands:
            if strand.contact_point.customer_id == back.pk:
                split_off(ongoing, strand)


def _was_theirs(ticket: Ticket, merge: CustomerMerge) -> bool:
    return ticket.pk in merge.moved.get("tickets", []) or ticket.created_at >= merge.created_at


def _look_again(customer: Customer) -> None:
    """The panel beside their tickets is no longer what it was."""
    for ticket in Ticket.objects.unresolved().filter(customer=customer).select_related("team"):
        announce("ticket", ticket)
