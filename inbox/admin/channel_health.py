"""How a channel is doing, for people who look after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from channels_app.models import Channel, InboundEvent
from inbox.models import Message

State = InboundEvent.State
SHOWN_EVENTS = 10


@dataclass(frozen=True, slots=True)
class Health:
    """The newest signs of life, and what went wrong within 24 hours."""

    last_inbound: datetime | None
    last_outbound: datetime | None
    failed: int
    uncertain: int
    dead_letters: int
    waiting: int
    events: list[InboundEvent]


def of(channel: Channel) -> Health:
    """The channel's health now; a fixed number of queries."""
    events = InboundEvent.objects.filter(channel=channel)
    sent = Message.objects.filter(channel=channel, direction=Message.Direction.OUTBOUND)
    recent = sent.filter(created_at__gte=timezone.now() - timedelta(hours=24))
    return Health(
        last_inbound=events.aggregate(at=Max("received_at"))["at"],
        last_outbound=sent.aggregate(at=Max("sent_at"))["at"],
        failed=recent.filter(status=Message.Status.FAILED).count(),
        uncertain=sent.filter(status=Message.Status.UNCERTAIN).count(),
        dead_letters=events.filter(state__in=[State.HELD, State.UNREADABLE]).count(),
        waiting=events.filter(state=State.RECEIVED).count(),
        events=list(events.defer("body", "headers", "query_string").order_by("-pk")[:SHOWN_EVENTS]),
    )
