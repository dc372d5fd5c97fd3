"""How much may go out in a day, where somebody set bounds: against those who make a desk pay for
text messages (SMS pumping, toll fraud)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox.models import ContactPoint, Message

DAY = timedelta(hours=24)
BLOCK_DIGITS = 3
COST_NOTHING = (Message.Status.FAILED, Message.Status.CANCELED)

type Narrow = Callable[[QuerySet[Message], ContactPoint], QuerySet[Message]]


def used_up(point: ContactPoint, *, before: int | None = None) -> str:
    """Why nothing more may go to this address now; "" when something may. What was sent in the
    last 24 hours counts, unless it failed; for a message that exists, what came before it."""
    for setting, narrow, reason in _bounds():
        most = point.channel.settings.get(setting)
        if most and _is_reached(narrow(_lately(point, before), point), most):
            return reason % {"most": most, "address": point}
    return ""


def _bounds() -> list[tuple[str, Narrow, str]]:
    """The channel's setting, what it counts, and what to say."""
    return [
        (
            "daily_limit_per_number",
            _to_this_number,
            _("%(address)s has been sent %(most)d messages in 24 hours: that is the limit."),
        ),
        (
            "daily_limit_per_prefix",
            _to_its_block,
            _("Numbers like %(address)s were sent %(most)d messages in 24 hours: the limit."),
        ),
        (
            "daily_limit",
            lambda sent, _point: sent,
            _("This channel has sent %(most)d messages in 24 hours: that is its limit."),
        ),
    ]


def _lately(point: ContactPoint, before: int | None) -> QuerySet[Message]:
    sent = Message.objects.filter(
        channel=point.channel_id,
        direction=Message.Direction.OUTBOUND,
        created_at__gt=timezone.now() - DAY,
    ).exclude(status__in=COST_NOTHING)
    return sent if before is None else sent.filter(pk__lt=before)


def _to_this_number(sent: QuerySet[Message], point: ContactPoint) -> QuerySet[Message]:
    return sent.filter(conversation__contact_point__key=point.key)


def _to_its_block(sent: QuerySet[Message], point: ContactPoint) -> QuerySet[Message]:
    """Whoever is paid for messages rents numbers by the thousand, all but three digits alike."""
    block = point.key[:-BLOCK_DIGITS]
    return sent.filter(conversation__contact_point__key__startswith=block)


def _is_reached(sent: QuerySet[Message], most: int) -> bool:
    return sent[:most].count() >= most
