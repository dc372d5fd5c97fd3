"""What a failure says about more than its one message: the address, the person, the channel."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from channels_app.models import Channel
from customers import consent
from customers.addresses import matching_key
from inbox.models import ContactPoint, Conversation, Message

SENDING_BROKE = "Sending: "
DELIVERY_BROKE = "Delivery: "


def mark_undeliverable(message: Message, reason: str) -> None:
    """Nothing reaches the address this went to, until it writes to us or an agent tries again.
    When it was not the customer's own but one that answers were asked to (Reply-To), the next
    answer goes to their own."""
    point = message.conversation.contact_point
    address = _mailed_to(message)
    if address and matching_key(point.address_kind, address) != point.key:
        strands = Conversation.objects.filter(contact_point=point, reply_address__iexact=address)
        strands.update(reply_address="")
        return
    points = ContactPoint.objects.filter(pk=point.pk)
    points.update(undeliverable_reason=reason or "refused")


def mark_reached(message: Message) -> None:
    """The address exists after all."""
    point = ContactPoint.objects.filter(pk=message.conversation.contact_point_id)
    point.exclude(undeliverable_reason="").update(undeliverable_reason="")


def mark_window_closed(message: Message, *, at: datetime) -> None:
    """The provider holds that the time for a free text was over then: a template has to be sent.
    What the customer has said since counts."""
    window = message.channel.adapter.limits.reply_window
    if window is None:
        return
    point = ContactPoint.objects.filter(pk=message.conversation.contact_point_id)
    point.filter(window_ends_at__gt=at, window_ends_at__lt=at + window).update(window_ends_at=at)


def mark_free_entry(message: Message, *, until: datetime) -> None:
    """Until then nothing on this strand is charged."""
    point = ContactPoint.objects.filter(pk=message.conversation.contact_point_id)
    point.filter(Q(free_entry_ends_at=None) | Q(free_entry_ends_at__lt=until)).update(
        free_entry_ends_at=until
    )


def mark_opted_out(message: Message, *, source: str) -> None:
    """The provider says that this person asked for silence."""
    point = message.conversation.contact_point
    consent.record(
        kind=point.address_kind,
        value=point.address,
        medium=message.channel.kind,
        sender=message.channel.account,
        allowed=False,
        source=source,
        at=timezone.now(),
    )


def mark_broken(channel: Channel, reason: str, *, what: str = SENDING_BROKE) -> None:
    """Every message of this channel would fail the same way: its admin has to look."""
    sound = Channel.objects.filter(pk=channel.pk, broken_since=None)
    sound.update(broken_since=timezone.now(), broken_reason=what + reason)


def mark_working(channel: Channel, *, what: str = SENDING_BROKE) -> None:
    """This works again; what else may be broken on the channel stays marked."""
    broken = Channel.objects.filter(pk=channel.pk, broken_reason__startswith=what)
    broken.update(broken_since=None, broken_reason="")


def _mailed_to(message: Message) -> str:
    """The address a mail went to; "" where there is only the contact point's own."""
    boxes = (message.envelope or {}).get("to", [])
    return str(boxes[0]["address"]) if boxes else ""
