"""How the timeline shows what is more than text: places, choices, reactions."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox.models import Attachment, Message, MessageReaction
from inbox.views.playing import PLAYABLE

register = template.Library()

FREE = {
    "free_customer_service": gettext_lazy("Free: an answer within 24 hours"),
    "free_entry_point": gettext_lazy("Free: the customer came from an advertisement"),
}
REACTIONS = ("👍", "❤️", "😂", "😮", "😢", "🙏")


@register.filter
def map_link(place: dict[str, Any]) -> str:
    """A page with this place on a map; nothing is fetched from there until somebody follows it."""
    latitude, longitude = float(place["latitude"]), float(place["longitude"])
    where = f"mlat={latitude:.6f}&mlon={longitude:.6f}#map=16/{latitude:.6f}/{longitude:.6f}"
    return f"https://www.openstreetmap.org/?{where}"


@register.filter
def is_link(address: str) -> bool:
    """Whether an address may stand in a link."""
    return str(address).startswith(("https://", "http://"))


@register.filter
def choice_label(kind: str) -> str:
    """What a customer did instead of typing."""
    labels = {"list_reply": _("Chosen from a list"), "nfm_reply": _("Filled a form")}
    return labels.get(kind, _("Pressed a button"))


@register.filter
def price(pricing: dict[str, Any]) -> str:
    """What the provider says it charges for a message; how much stands in its own price list."""
    category = str(pricing.get("category", "")).replace("_", " ")
    if pricing.get("billable") is False:
        return str(FREE.get(str(pricing.get("type")), _("Free")))
    return _("Charged as %s") % category if category else _("Charged")


@register.filter
def is_sound(file: Attachment) -> bool:
    """Whether it can be played where it stands."""
    return file.content_type in PLAYABLE


@register.filter
def takes_reactions(message: Message) -> bool:
    """Whether we can react to it."""
    can = message.channel.adapter.limits.carries_reactions and message.external_id
    return bool(can) and message.is_inbound and message.deleted_at is None


@register.filter
def can_be_quoted(message: Message) -> bool:
    """Whether an answer can name it, so that the customer sees what it is the answer to."""
    can = message.channel.adapter.limits.carries_quotes and message.external_id
    return bool(can) and message.is_inbound and message.deleted_at is None


@register.filter
def reaction_choices(_message: Message) -> tuple[str, ...]:
    """The reactions that are offered."""
    return REACTIONS


@register.filter
def reacted_by(reaction: MessageReaction) -> str:
    """Who reacted, and whether they know of it."""
    if reaction.by == MessageReaction.By.CUSTOMER:
        return _("by the customer")
    who = str(reaction.agent) if reaction.agent_id else _("us")
    if reaction.sent_at is None and reaction.error_text:
        return _("by %(who)s, not delivered: %(why)s") % {"who": who, "why": reaction.error_text}
    return _("by %s") % who
