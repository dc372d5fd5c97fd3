"""The journal of raw events: stored before anything else, worked on under a lease, kept.

An event is *waiting* until it was processed, could not be read, or is held back because it
failed or killed its worker too often. Claims are counted before the work starts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from channels_app.messages import WebhookRequest
from channels_app.models import Channel, InboundEvent

LEASE = {"webhook": timedelta(seconds=10), "mail": timedelta(seconds=30)}
State = InboundEvent.State
Source = Literal["webhook", "mail"]


def from_webhook(channel: Channel, request: WebhookRequest) -> InboundEvent:
    """The row of a verified call, not stored yet."""
    content = hashlib.sha256(request.query_string.encode() + b"\0" + request.body)
    return InboundEvent(
        channel=channel,
        source="webhook",
        source_key=channel.adapter.event_key(request)[:255],
        content_key=content.hexdigest(),
        headers=dict(request.headers),
        query_string=request.query_string,
        body=request.body,
    )


def store(events: Iterable[InboundEvent]) -> None:
    """Store events in one transaction; those the journal has already are left as they are."""
    with transaction.atomic():
        InboundEvent.objects.bulk_create(events, ignore_conflicts=True)


def store_claimed(events: Sequence[InboundEvent]) -> list[InboundEvent]:
    """Store events for somebody who works on them at once: they are claimed from the start. Those
    it returns are his; none when the journal has one of them already, and the others wait."""
    for event in events:
        event.attempts, event.leased_until = 1, timezone.now() + _lease(event)
    if store_new(events):
        return list(events)
    for event in events:
        event.attempts, event.leased_until = 0, None
    store(events)
    return []


def store_new(events: Sequence[InboundEvent]) -> bool:
    """Store events in one transaction; False, and none is, when the journal has one already."""
    try:
        with transaction.atomic():
            InboundEvent.objects.bulk_create(events)
    except IntegrityError:
        return False
    return True


def from_mail(channel: Channel, raw: bytes, *, source_key: str = "") -> InboundEvent:
    """The row of a raw mail, not stored yet."""
    return InboundEvent(
        channel=channel,
        source="mail",
        source_key=source_key,
        content_key=channel.adapter.content_key(raw),
        body=raw,
    )


def store_mail(channel: Channel, raw: bytes, *, source_key: str = "") -> tuple[InboundEvent, bool]:
    """Store one raw mail; the event of it and whether it is new."""
    event = from_mail(channel, raw, source_key=source_key)
    store([event])
    known = Q(content_key=event.content_key)
    if source_key:
        known |= Q(source_key=source_key)
    stored = InboundEvent.objects.filter(known, channel=channel).earliest("pk")
    return stored, stored.received_at == event.received_at


def claim(source: Source, *, limit: int) -> list[InboundEvent]:
    """Take up to `limit` waiting events under a lease, oldest first.

    One that was claimed before comes alone, so that an event that kills its worker takes no
    other with it; after five claims it is held back. It takes its turn among the fresh ones by
    the moment it was free again: neither waits while newer ones pass.
    """
    with transaction.atomic():
        events = _waiting_longest(source, limit)
        now = timezone.now()
        ids = [event.pk for event in events]
        InboundEvent.objects.filter(pk__in=ids).update(
            attempts=F("attempts") + 1, leased_until=now + LEASE[source]
        )
    for event in events:
        event.attempts += 1
    return events


def claim_one(event: InboundEvent) -> bool:
    """Take this one event; False when it is not waiting or somebody else has it."""
    waiting = InboundEvent.objects.filter(_free(), pk=event.pk, state=State.RECEIVED)
    leased_until = timezone.now() + _lease(event)
    taken = waiting.update(attempts=F("attempts") + 1, leased_until=leased_until)
    return taken == 1


def finish(events: Iterable[InboundEvent]) -> None:
    """These were processed: in the same transaction as what came of them."""
    InboundEvent.objects.filter(pk__in=[event.pk for event in events]).update(
        state=State.PROCESSED, processed_at=timezone.now(), leased_until=None, error=""
    )


def remark(event: InboundEvent, words: str) -> None:
    """What a processed event told besides, for whoever looks into the journal."""
    InboundEvent.objects.filter(pk=event.pk).update(error=words[:2000])


def mark_unreadable(event: InboundEvent, reason: str) -> None:
    """Nobody can read this event as it is; shown in admin, replayable."""
    _settle(event, state=State.UNREADABLE, error=reason)


def postpone(event: InboundEvent, reason: str) -> None:
    """Processing failed: try again after 1, 2, 4, 8 s; the fifth time hold it back."""
    if event.attempts >= InboundEvent.MAX_ATTEMPTS:
        _settle(event, state=State.HELD, error=reason)
        return
    wait = timedelta(seconds=2 ** (event.attempts - 1))
    InboundEvent.objects.filter(pk=event.pk, state=State.RECEIVED).update(
        leased_until=timezone.now() + wait, error=reason[:2000]
    )


def replay(events: Iterable[InboundEvent]) -> int:
    """Put dead letters back among the waiting; how many that were. Processed ones stay."""
    dead = InboundEvent.objects.filter(
        pk__in=[event.pk for event in events], state__in=[State.HELD, State.UNREADABLE]
    ).exclude(body=None)
    return dead.update(state=State.RECEIVED, attempts=0, leased_until=None, error="")


def forget(event: InboundEvent, external_id: str) -> None:
    """What one message said in this event is to be kept no longer: its first words, and those
    it was changed to. What else the event says stays, to be replayed if need be."""
    if event.body is None or _without(event, external_id) == bytes(event.body):
        return
    with transaction.atomic():
        told = InboundEvent.objects.select_for_update(of=("self",)).get(pk=event.pk)
        told.body = _without(told, external_id)
        told.save(update_fields=["body"])


def _without(event: InboundEvent, external_id: str) -> bytes | None:
    """Its body as far as it may be kept; None once it was forgotten as a whole."""
    if event.body is None:
        return None
    return event.channel.adapter.without(bytes(event.body), external_id)


def _waiting_longest(source: Source, limit: int) -> list[InboundEvent]:
    again = list(_waiting(source).filter(attempts__gt=0).order_by("leased_until")[:1])
    if again and again[0].attempts >= InboundEvent.MAX_ATTEMPTS:
        _hold_the_deadly(source)
        return _waiting_longest(source, limit)
    fresh = list(_waiting(source).filter(attempts=0)[:limit])
    if again and fresh and _free_since(fresh[0]) < _free_since(again[0]):
        return fresh
    return again or fresh


def _hold_the_deadly(source: Source) -> None:
    InboundEvent.objects.filter(
        _free(), state=State.RECEIVED, source=source, attempts__gte=InboundEvent.MAX_ATTEMPTS
    ).update(state=State.HELD, leased_until=None, error="Its worker died each of the five times.")


def _waiting(source: Source) -> QuerySet[InboundEvent]:
    waiting = InboundEvent.objects.filter(_free(), state=State.RECEIVED, source=source)
    # Events of one channel share its one object, and what is looked up of it.
    waiting = waiting.prefetch_related("channel").order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        return waiting.select_for_update(skip_locked=True, of=("self",))
    return waiting


def _lease(event: InboundEvent) -> timedelta:
    return LEASE["mail" if event.source == "mail" else "webhook"]


def _free() -> Q:
    return Q(leased_until=None) | Q(leased_until__lte=timezone.now())


def _free_since(event: InboundEvent) -> datetime:
    return event.leased_until or event.received_at


def _settle(event: InboundEvent, *, state: InboundEvent.State, error: str) -> None:
    InboundEvent.objects.filter(pk=event.pk).update(
        state=state, error=error[:2000], leased_until=None
    )
