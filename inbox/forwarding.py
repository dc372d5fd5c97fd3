"""Mail that an agent passes on to the desk: whose is it?"""

from __future__ import annotations

from dataclasses import replace

from channels_app.messages import Address, InboundMessage
from inbox.models import Agent


def as_forwarded(inbound: InboundMessage) -> InboundMessage:
    """A mail that an agent forwards from their own proven address is its inner sender's, as a
    claim; answers go there and not to the agent."""
    inner = inbound.envelope.original_sender if inbound.envelope else None
    if inner is None or forwarding_agent(inbound) is None:
        return inbound
    sender = Address("email", inner.address, name=inner.name)
    return replace(inbound, sender=(sender,), is_claimed=True, reply_address="")


def forwarding_agent(inbound: InboundMessage) -> Agent | None:
    """Who of us passed this mail on; nobody when it could be somebody who only says so."""
    envelope = inbound.envelope
    if envelope is None or envelope.sender is None or envelope.original_sender is None:
        return None
    if inbound.authentication != "pass":
        return None
    agents = Agent.objects.filter(is_active=True)
    if agents.filter(email__iexact=envelope.original_sender.address).exists():
        return None
    return agents.filter(email__iexact=envelope.sender.address).first()
