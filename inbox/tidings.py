"""What a provider tells beside messages: led to the channel it is about, and carried out there."""

from __future__ import annotations

from channels_app import templates
from channels_app.messages import (
    Afterthought,
    Aside,
    DeliveryUpdate,
    IdentityChange,
    News,
    Opening,
    Preference,
    TemplateUpdate,
    Unread,
)
from channels_app.models import Channel, InboundEvent
from inbox import afterthoughts, delivery, gestures, rotation

type Tiding = DeliveryUpdate | Afterthought | News | TemplateUpdate | Aside | Unread


def take_note(event: InboundEvent, item: Tiding) -> tuple[str, ...]:
    """Apply what is no message; the reason why not, where it can't be."""
    if isinstance(item, Unread):
        return (item.reason,)
    if isinstance(item, Aside):
        return ()
    if isinstance(item, TemplateUpdate):
        templates.note(event.channel, item)
        return ()
    owner = channel_of(event.channel, item.account)
    if owner is None:
        return (homeless(item.account),)
    _carry_out(owner, item, event)
    return ()


def channel_of(channel: Channel, account: str) -> Channel | None:
    """The active channel of that account, if the same secret proves its events. Without one it
    is the channel that was called, unless its provider calls one address for many accounts."""
    if not account or account == channel.account:
        return channel
    namesakes = Channel.objects.filter(kind=channel.kind, account=account, is_active=True)
    other = namesakes.select_related("policy").first()
    if other is not None and other.shares_proof_with(channel):
        return other
    return None if channel.adapter.knows_its_account else channel


def homeless(account: str) -> str:
    """Why a part of an event is nobody's."""
    return f"No active channel has the account {account}. Set it up, then replay this."


def _carry_out(
    channel: Channel, item: DeliveryUpdate | Afterthought | News, event: InboundEvent
) -> None:
    match item:
        case DeliveryUpdate():
            delivery.apply_update(channel, item)
        case IdentityChange():
            rotation.apply(channel, item)
        case Opening():
            gestures.open_chat(channel, item)
        case Preference():
            gestures.note_preference(channel, item)
        case _:
            afterthoughts.apply(channel, item, event=event)
