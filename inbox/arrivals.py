"""Who is it, on this channel? From the addresses of an inbound message to a contact point."""

from __future__ import annotations

from channels_app.messages import Address, InboundMessage
from channels_app.models import Channel
from customers.addresses import matching_key
from customers.identify import claim, identify, prove
from customers.models import Claim, Identity
from inbox import reply_tokens
from inbox.models import ContactPoint


def contact_point_of(channel: Channel, inbound: InboundMessage) -> ContactPoint:
    """The sender's contact point, its row locked, so that a person's messages come in turn.

    An address the provider vouches for becomes an identity. One that was typed, or whose
    authentication failed, stays a claim: it gets a customer of its own and joins nothing.
    """
    sender = inbound.sender[0]
    proven = _claim_answering(inbound, sender)
    if proven is not None:
        return _locked(proven)
    if inbound.is_claimed or inbound.authentication == "fail":
        return _claimed(channel, inbound, sender)
    identity = identify(inbound.sender, name=sender.name)
    return _locked(_known_point(channel, identity, inbound))


def _known_point(channel: Channel, identity: Identity, inbound: InboundMessage) -> ContactPoint:
    point, _ = ContactPoint.objects.get_or_create(
        channel=channel,
        address_kind=identity.kind,
        key=identity.key,
        identity__isnull=False,
        defaults={
            "identity": identity,
            "customer_id": identity.customer_id,
            "address": inbound.sender[0].value[:320],
        },
    )
    return point


def _claimed(channel: Channel, inbound: InboundMessage, sender: Address) -> ContactPoint:
    source = "form" if inbound.is_claimed else "unverified sender"
    claimed = claim(sender.name, kind=sender.kind, value=sender.value, source=source)
    return ContactPoint.objects.create(
        channel=channel,
        customer=claimed.customer,
        address_kind=claimed.kind,
        address=sender.value[:320],
        key=claimed.key,
    )


def _claim_answering(inbound: InboundMessage, sender: Address) -> ContactPoint | None:
    """A claimed address that answers with our token is proven by that; its contact point.

    When the address belongs to another customer already, the claim stays one: merging the two
    is for an agent to decide.
    """
    if inbound.authentication == "fail" or inbound.is_claimed:
        return None
    for token in inbound.reply_tokens:
        message = reply_tokens.message_of(token)
        if message is None:
            continue
        point = message.conversation.contact_point
        if point.identity_id or point.key != matching_key(sender.kind, sender.value):
            return None
        return _prove(point)
    return None


def _prove(point: ContactPoint) -> ContactPoint | None:
    claims = Claim.objects.filter(customer=point.customer_id, key=point.key, settled_at=None)
    open_claim = claims.first()
    if open_claim is None:
        return None
    identity = prove(open_claim, proven_by="signature")
    if identity is None:
        return None
    point.identity = identity
    point.save(update_fields=["identity"])
    return point


def _locked(point: ContactPoint) -> ContactPoint:
    locked = ContactPoint.objects.select_for_update(of=("self",)).select_related(
        "channel__policy", "identity"
    )
    return locked.get(pk=point.pk)
