"""Who is it, on this channel? From the addresses of an inbound message to a contact point."""

from __future__ import annotations

from channels_app.messages import Address, InboundMessage
from channels_app.models import Channel
from customers import consent
from customers.addresses import display, matching_key
from customers.identify import claim, identify, prove
from customers.merging import hold
from customers.models import Claim, Identity
from customers.succession import release_number
from inbox import reply_tokens
from inbox.forwarding import forwarding_agent
from inbox.models import ContactPoint

MAX_ALIASES = 20


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
    release_number(inbound.sender)
    identity = identify(inbound.sender, name=sender.name)
    return _locked(_known_point(channel, identity, inbound))


def _known_point(channel: Channel, identity: Identity, inbound: InboundMessage) -> ContactPoint:
    """The point of this person here. Where one person is named by a number here and an id there,
    it is the one they were met by as either: answers and echoes land on one, and a less specific
    address gives way to the one that leads now. Elsewhere two addresses are two points, whatever
    else they share: two accounts of a website are not to read each other's words."""
    names = [_name(one.kind, one.value) for one in inbound.sender]
    has_aliases = channel.adapter.has_aliases
    if has_aliases:
        # Two addresses heard in the same moment would not find each other's point.
        hold(identity.customer_id)
    met = _met_as(channel, identity, names) if has_aliases else None
    if met is None:
        met, _is_new = ContactPoint.objects.get_or_create(
            channel=channel,
            identity=identity,
            defaults={
                "customer_id": identity.customer_id,
                "address_kind": identity.kind,
                "key": identity.key,
                "address": inbound.sender[0].value[:320],
            },
        )
    if has_aliases:
        _learn(met, identity, inbound, names)
    return met


def _met_as(channel: Channel, identity: Identity, names: list[str]) -> ContactPoint | None:
    """The point that was heard by one of these addresses, by the most specific one first."""
    points = ContactPoint.objects.filter(channel=channel, customer=identity.customer_id)
    points = points.filter(identity__ended_at=None).exclude(identity=None).order_by("pk")
    heard = [(point, {*point.aliases, _name(point.address_kind, point.key)}) for point in points]
    return next((point for name in names for point, by in heard if name in by), None)


def _learn(
    point: ContactPoint, identity: Identity, inbound: InboundMessage, names: list[str]
) -> None:
    """Note how this person is heard by now."""
    before = (point.identity_id, point.shown_as, point.aliases)
    if _name(point.address_kind, point.key) in names[1:]:
        was = {"kind": point.address_kind, "key": point.key}
        consent.hand_on(**was, to_kind=identity.kind, to_key=identity.key)
        point.identity, point.address_kind, point.key = identity, identity.kind, identity.key
        point.address = inbound.sender[0].value[:320]
    point.shown_as = display("phone", inbound.shown_sender)[:320] or point.shown_as
    point.aliases = sorted({*point.aliases, *names})[:MAX_ALIASES]
    if (point.identity_id, point.shown_as, point.aliases) != before:
        point.save(
            update_fields=["identity", "address", "address_kind", "key", "shown_as", "aliases"]
        )


def _name(kind: str, value: str) -> str:
    return f"{kind} {matching_key(kind, value)}"


def _claimed(channel: Channel, inbound: InboundMessage, sender: Address) -> ContactPoint:
    source = "form" if inbound.is_claimed else "unverified sender"
    agent = forwarding_agent(inbound)
    source = f"forwarded by {agent}" if agent else source
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


def _prove(typed: ContactPoint) -> ContactPoint | None:
    point = _locked(typed)
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
    """The point, once it is its turn. The customer is locked first: what they say on two
    channels at once comes one after the other, and nobody merges them away meanwhile."""
    held = hold(point.customer_id)
    locked = ContactPoint.objects.select_for_update(of=("self",), no_key=True)
    present = locked.select_related("identity").get(pk=point.pk)
    present.channel = point.channel
    owner = present.identity.customer_id if present.identity else present.customer_id
    if (owner, present.customer_id) == (point.customer_id, point.customer_id):
        present.customer = held[owner]
        return present
    present.customer_id = owner
    present.save(update_fields=["customer"])
    return _locked(present)
