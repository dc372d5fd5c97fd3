"""A visitor signs in for the first time: their strands come along to the person they are."""

from __future__ import annotations

from django.utils import timezone

from channels_app.messages import Address
from customers import merging
from customers.identify import identify
from customers.models import Customer, Identity
from customers.summary import summarise
from inbox import rotation
from inbox.changes import change
from inbox.joining import split_off
from inbox.models import Activity, ContactPoint, Conversation, Visitor
from inbox.people import put_under
from inbox.widget import visitors

Verb = Activity.Verb


def move_in(anonymous: ContactPoint, signed: Visitor) -> None:
    """Make the contact point of an anonymous visitor that of the account they signed in to, or
    hand its strands over to the one that account has. To be called in a transaction.

    A customer known by nothing but the visitor's token is merged into the account's; of one
    whom agents know by more, only the strands of this visitor go along.
    """
    identity = _identity_of(signed, anonymous)
    merging.hold(anonymous.customer_id, identity.customer_id)
    points = ContactPoint.objects.select_for_update().select_related("customer")
    old = points.get(pk=anonymous.pk)
    _end(old)
    strands = list(old.conversations.order_by("pk").values_list("pk", flat=True))
    if old.customer_id != identity.customer_id and _is_nobody_else(old.customer):
        rotation.fold(merging.merge(old.customer, into=identity.customer, by="sign-in"))
    else:
        summarise(old.customer)
    new = _taken_over(old, identity)
    for strand in strands:
        _bring(strand, new)


def _identity_of(signed: Visitor, old: ContactPoint) -> Identity:
    """Whoever the website's account or its verified addresses belong to; else the visitor."""
    name = signed.profile.get("name", "")
    own = Address("visitor", old.address, scope=signed.channel.key)
    return identify([*visitors.addresses_of(signed), own], name=name)


def _end(old: ContactPoint) -> None:
    """Nobody can come by the visitor's old token again, and nobody can be reached by it."""
    own = Identity.objects.filter(kind="visitor", key=old.key, ended_at=None)
    own.update(ended_at=timezone.now())


def _is_nobody_else(customer: Customer) -> bool:
    return not customer.identities.filter(ended_at=None).exists()


def _taken_over(old: ContactPoint, identity: Identity) -> ContactPoint:
    twin = ContactPoint.objects.filter(channel=old.channel_id, identity=identity).first()
    if twin is not None:
        rotation.fold_point(old, into=twin)
        return twin
    old.identity = identity
    old.address_kind, old.address, old.key = identity.kind, identity.value, identity.key
    old.customer_id = identity.customer_id
    old.save()
    return old


def _bring(strand: int, new: ContactPoint) -> None:
    """The strand's ticket is the person's from now on; when others speak in it too, the strand
    gets one of its own."""
    moving = Conversation.objects.select_related("contact_point").get(pk=strand)
    with change(moving.ticket_id) as ongoing:
        ongoing.record(Verb.SIGNED_IN, name=str(new.customer))
        if ongoing.ticket.customer_id == new.customer_id:
            return
        others = ongoing.ticket.conversations.exclude(contact_point=new)
        if others.exclude(contact_point__customer=new.customer_id).exists():
            split_off(ongoing, moving)
        else:
            put_under(ongoing, new.customer)
