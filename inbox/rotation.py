"""A person goes by another address: their contact points follow, and with them their tickets."""

from __future__ import annotations

from channels_app.messages import IdentityChange
from channels_app.models import Channel
from customers import consent
from customers.addresses import display
from customers.identify import owners_of
from customers.models import CustomerMerge, Identity
from customers.succession import succeed
from inbox.changes import change
from inbox.models import Activity, ContactPoint, Conversation, JoinRefusal, Ticket

Verb = Activity.Verb


def apply(channel: Channel, news: IdentityChange) -> None:
    """Move the person's contact points to the new addresses, and write it into the tickets that
    lead there. A customer made by a message that came first is folded in."""
    if not news.current:
        _note_device(channel, news)
        return
    done = succeed(news.previous, news.current)
    if done is None:
        return
    for old, new in done.replaced.items():
        for point in ContactPoint.objects.filter(identity=old).select_related("channel"):
            if _goes_along(point, old, new, channel):
                _move(point, new, news)
    if done.folded is not None:
        fold(done.folded)


def fold_point(point: ContactPoint, *, into: ContactPoint) -> None:
    """Two contact points turned out to be one: all strands lead there, the newer one is current."""
    if point.conversations.filter(is_current=True).exists():
        into.conversations.filter(is_current=True).update(is_current=False)
    Conversation.objects.filter(contact_point=point).update(contact_point=into)
    refused = point.join_refusals.exclude(ticket__in=into.join_refusals.values("ticket"))
    refused.update(contact_point=into)
    JoinRefusal.objects.filter(contact_point=point).delete()
    for name in ("last_inbound_at", "last_outbound_at", "window_ends_at", "free_entry_ends_at"):
        known = [one for one in (getattr(point, name), getattr(into, name)) if one]
        setattr(into, name, max(known, default=None))
    into.is_blocked = into.is_blocked or point.is_blocked
    point.delete()
    into.save()


def fold(folded: CustomerMerge) -> None:
    """What a customer who turned out to be another one had goes over, and can be given back."""
    customer = folded.survivor
    points = ContactPoint.objects.filter(customer=folded.merged_id)
    keys = list(points.values_list("pk", flat=True))
    points.update(customer=customer)
    numbers = list(Ticket.objects.filter(customer=folded.merged_id).values_list("pk", flat=True))
    for number in numbers:
        with change(number) as ongoing:
            ongoing.ticket.customer = customer
            ongoing.record(Verb.CUSTOMERS_MERGED, merged=folded.merged_id, into=customer.pk)
    folded.note(contact_points=keys, tickets=numbers)


def _goes_along(point: ContactPoint, old: Identity, new: Identity, channel: Channel) -> bool:
    """On other media a number that was given up is not reached by the new one's owner's word."""
    return old.key == new.key or point.channel.kind == channel.kind


def _move(point: ContactPoint, new: Identity, news: IdentityChange) -> None:
    twin = ContactPoint.objects.filter(channel=point.channel, identity=new).first()
    if twin is not None:
        fold_point(twin, into=point)
    phone = next((one.value for one in news.current if one.kind == "phone"), "")
    consent.hand_on(kind=point.address_kind, key=point.key, to_kind=new.kind, to_key=new.key)
    point.identity, point.address_kind, point.key = new, new.kind, new.key
    point.address, point.aliases = new.value, []
    point.shown_as = display("phone", phone) or point.shown_as
    point.customer_id = new.customer_id
    point.save()
    _write(point, address=str(point))


def _note_device(channel: Channel, news: IdentityChange) -> None:
    """The same person on a new device, says the provider: worth knowing before trusting them."""
    known = owners_of(news.previous)
    for point in ContactPoint.objects.filter(channel=channel, identity__in=known):
        _write(point, device=True)


def _write(point: ContactPoint, **data: str | bool) -> None:
    for strand in point.conversations.filter(is_current=True):
        with change(strand.ticket_id) as ongoing:
            ongoing.record(Verb.ADDRESS_CHANGED, **data)
