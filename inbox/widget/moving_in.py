"""A visitor signs in for the first time: their strands come along to the person they are."""

from __future__ import annotations

from channels_app.messages import Address
from customers.identify import identify
from customers.models import Customer, Identity
from inbox import joining
from inbox.changes import change
from inbox.models import Activity, ContactPoint, Conversation, Ticket, Visitor
from inbox.widget import visitors


def move_in(anonymous: ContactPoint, signed: Visitor) -> None:
    """Make the contact point of an anonymous visitor that of the account they signed in to, or
    hand its strands over to the one that account has. To be called in a transaction."""
    points = ContactPoint.objects.select_for_update().order_by("pk")
    held = {point.pk: point for point in points.filter(pk__in=_involved(anonymous, signed))}
    old = held.pop(anonymous.pk)
    identity = _identity_of(signed, old)
    left = old.customer
    new = next(iter(held.values()), None) or _converted(old, identity)
    strands = list(Conversation.objects.filter(contact_point=old.pk).order_by("pk"))
    if new.pk != old.pk:
        _hand_over(strands, old, new)
    if new.customer_id != left.pk:
        for strand in strands:
            _bring(strand, new)
        _empty(left, into=new.customer)


def _involved(anonymous: ContactPoint, signed: Visitor) -> list[int]:
    known = signed.point()
    return [anonymous.pk] if known is None else [anonymous.pk, known.pk]


def _identity_of(signed: Visitor, old: ContactPoint) -> Identity:
    """Whoever the website's account or its verified addresses belong to; else the visitor."""
    name = signed.profile.get("name", "")
    own = Address("visitor", old.address, scope=signed.channel.key)
    return identify([*visitors.addresses_of(signed), own], name=name, proven_by="signature")


def _converted(old: ContactPoint, identity: Identity) -> ContactPoint:
    old.identity = identity
    old.address_kind, old.address, old.key = identity.kind, identity.value, identity.key
    old.customer = identity.customer
    old.save()
    return old


def _hand_over(strands: list[Conversation], old: ContactPoint, new: ContactPoint) -> None:
    """The strand the visitor just wrote in stays the current one."""
    current = next((strand for strand in strands if strand.is_current), None)
    if current is not None:
        Conversation.objects.filter(contact_point=new, is_current=True).update(is_current=False)
    Conversation.objects.filter(contact_point=old).update(contact_point=new)
    for name in ("last_inbound_at", "last_outbound_at"):
        times = [time for time in (getattr(old, name), getattr(new, name)) if time]
        setattr(new, name, max(times, default=None))
    new.save(update_fields=["last_inbound_at", "last_outbound_at"])


def _bring(strand: Conversation, new: ContactPoint) -> None:
    """The strand's ticket is the person's from now on; when others speak in it too, the strand
    gets one of its own."""
    present = Conversation.objects.select_related("contact_point").get(pk=strand.pk)
    if _is_shared(present.ticket_id, new):
        joining.split(present)
        return
    with change(present.ticket_id) as ongoing:
        ongoing.ticket.customer = new.customer
        ongoing.record(Activity.Verb.SIGNED_IN, customer=new.customer_id, name=str(new.customer))


def _is_shared(ticket: int, new: ContactPoint) -> bool:
    others = Conversation.objects.filter(ticket=ticket).exclude(contact_point=new)
    return others.exclude(contact_point__customer=new.customer_id).exists()


def _empty(left: Customer, *, into: Customer) -> None:
    """A customer known by nothing but the visitor's token has become somebody: what is left of
    them goes along. One with other addresses or tickets stays who they are."""
    Identity.objects.filter(customer=left, kind="visitor").update(customer=into)
    keeps = Identity.objects.filter(customer=left, ended_at=None).exists()
    if keeps or Ticket.objects.filter(customer=left).exists() or left.contact_points.exists():
        return
    left.claims.update(customer=into)
    left.delete()
