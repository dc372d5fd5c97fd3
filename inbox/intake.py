"""A customer said something: from a journalled event to a message in a ticket.

Reading happens outside of the transaction, everything else inside: an event is marked
processed in the same commit as what came of it, so it is neither lost nor done twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

import dramatiq
from django.db import connection, transaction
from django.utils import timezone

from channels_app import journal
from channels_app.errors import UnreadablePayload
from channels_app.messages import (
    Aside,
    Inbound,
    InboundMessage,
)
from channels_app.models import Channel, InboundEvent
from customers import consent
from customers.addresses import matching_key
from inbox import afterthoughts, crash, delivery, triage
from inbox.arrivals import contact_point_of
from inbox.changes import Change, Together, change, opening, together
from inbox.entries import take_in, write_down
from inbox.familiar import Key, meet
from inbox.forwarding import as_forwarded
from inbox.models import (
    Activity,
    ContactPoint,
    Conversation,
    Message,
    Ticket,
    policy_of,
)
from inbox.placement import Placement, bounced, place
from inbox.sign_offs import sign_off
from inbox.tidings import channel_of, homeless, take_note

logger = logging.getLogger(__name__)
Verb = Activity.Verb

type Reading = tuple[InboundEvent, list[Inbound]]
BATCH = {"webhook": 25, "mail": 5}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one event: the message it is in, and whether that was there before;
    `unread` says why parts of it are in none, `asides` what else it told."""

    message: Message | None
    is_duplicate: bool = False
    unread: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()

    @property
    def ticket_number(self) -> int | None:
        return self.message.ticket_id if self.message else None


def drain(source: journal.Source) -> int:
    """Process one batch of waiting events; how many were taken."""
    events = journal.claim(source, limit=BATCH[source])
    if events:
        work_off(events)
    return len(events)


def work_off(events: Sequence[InboundEvent]) -> list[Result]:
    """Process claimed events in one commit; what became of each. When anything in it fails, each
    is done on its own, so that one bad event costs the others nothing. Raises OperationalError
    when the database is away: the claims then end by themselves."""
    crash.point("claimed")
    try:
        return _process_together(events)
    except Exception:
        logger.info("batch_failed", exc_info=True, extra={"count": len(events)})
        return [process(event) for event in events]


def process(event: InboundEvent) -> Result:
    """Process one claimed event. A failure is written on it and tried again later; what the
    database refuses too (PostgreSQL calls a value too large for an index an OperationalError).
    Raises OperationalError when the database is away and nothing can be written."""
    try:
        return _process_together([event])[0]
    except Exception as error:
        logger.exception("event_failed", extra={"event_id": event.pk})
        journal.postpone(event, f"{type(error).__name__}: {error}")
        return Result(None)


def receive(
    channel: Channel,
    inbound: InboundMessage,
    *,
    event: InboundEvent | None = None,
    point: ContactPoint | None = None,
) -> Result:
    """Put one thing a customer said where it belongs, in one transaction. With `point`, locked,
    it is known to be new, on this channel, and from there."""
    with transaction.atomic(savepoint=False):
        if point is not None:
            return Result(_placed(point, inbound, event))
        owner = channel_of(channel, inbound.account)
        if owner is None:
            return Result(None, unread=(homeless(inbound.account),))
        channel = owner
        known = Message.objects.filter(channel=channel, dedupe_key=inbound.dedupe_key)
        if known.exists():
            message = known.get()
            afterthoughts.hear_again(message, inbound, event)
            return Result(message, is_duplicate=True)
        about = bounced(inbound)
        if about is not None:
            return Result(_record_bounce(about, inbound, event))
        inbound = as_forwarded(inbound)
        return Result(_placed(contact_point_of(channel, inbound), inbound, event))


def _placed(point: ContactPoint, inbound: InboundMessage, event: InboundEvent | None) -> Message:
    message = _record(point, inbound, place(point, inbound), event)
    crash.point("message-recorded")
    return message


def _process_together(events: Sequence[InboundEvent]) -> list[Result]:
    readings = [(event, items) for event in events if (items := _read(event)) is not None]
    crash.point("parsed")
    with together() as gathered:
        if len(readings) > 1:
            _give_way()
        results: dict[int, Result] = {}
        for wave in _waves(readings):
            met = _met(wave)
            for event, items in wave:
                results[event.pk] = _apply(event, items, met, gathered)
            gathered.write()
        journal.finish(event for event, _ in readings)
        for event, _ in readings:
            if results[event.pk].unread:
                journal.mark_unreadable(event, " ".join(results[event.pk].unread))
            elif results[event.pk].asides:
                journal.remark(event, " ".join(results[event.pk].asides))
    crash.point("event-processed")
    return [results.get(event.pk, Result(None)) for event in events]


def _give_way() -> None:
    """A batch that has to wait for a row lets go of all of its own; its events are then done one
    by one. Else PostgreSQL ends whoever waited first, and that may be an agent's act."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")


def _waves(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    """The events in their order, in groups in which nobody speaks twice and nothing looks at
    other people's rows."""
    wave: list[Reading] = []
    heard: set[str] = set()
    for event, items in readings:
        senders = _senders(items)
        if wave and (not senders or senders & heard):
            yield wave
            wave, heard = [], set()
        wave.append((event, items))
        heard |= senders
        if not senders:
            yield wave
            wave = []
    if wave:
        yield wave


def _senders(items: Sequence[Inbound]) -> set[str]:
    """Who speaks, in an event that is one plain message."""
    if len(items) != 1 or not _is_plain(items[0]):
        return set()
    return {matching_key(one.kind, one.value) for one in items[0].sender}


def _met(wave: Iterable[Reading]) -> dict[Key, ContactPoint]:
    """The senders of messages that are new, on the channel that was called."""
    said = [
        (event.channel, item)
        for event, items in wave
        for item in items
        if _senders(items) and _is_plain(item) and item.account in ("", event.channel.account)
    ]
    keys = Message.objects.filter(dedupe_key__in=[item.dedupe_key for _, item in said])
    known = set(keys.values_list("channel", "dedupe_key"))
    return meet(one for one in said if (one[0].pk, one[1].dedupe_key) not in known)


def _is_plain(item: Inbound) -> TypeGuard[InboundMessage]:
    """A message that nothing but its proven sender's own rows can place."""
    if not isinstance(item, InboundMessage) or item.is_claimed or item.authentication == "fail":
        return False
    if item.envelope and item.envelope.original_sender:
        return False
    return not (item.bounce or item.references or item.reply_tokens)


def _read(event: InboundEvent) -> list[Inbound] | None:
    try:
        return event.channel.adapter.parse(event.raw)
    except UnreadablePayload as error:
        journal.mark_unreadable(event, str(error))
        return None


def _apply(
    event: InboundEvent,
    items: Sequence[Inbound],
    met: Mapping[Key, ContactPoint],
    gathered: Together,
) -> Result:
    """Do what each part of the event says; `unread` tells of parts that are nobody's. Parts
    after the first may be the same person's: what was gathered is written before they look."""
    result = Result(None)
    unread: list[str] = []
    for position, item in enumerate(items):
        if position:
            gathered.write()
        if isinstance(item, InboundMessage):
            key = event.channel.pk, item.dedupe_key
            result = receive(event.channel, item, event=event, point=met.get(key))
            unread += result.unread
        else:
            unread += take_note(event, item)
    asides = tuple(item.words for item in items if isinstance(item, Aside))
    return replace(result, unread=tuple(unread), asides=asides)


def _record(
    point: ContactPoint, inbound: InboundMessage, placement: Placement, event: InboundEvent | None
) -> Message:
    if placement.ticket is None:
        ticket = _new_ticket(point, inbound, placement)
        with opening(ticket, kind="message") as ongoing:
            return _say(ongoing, point, inbound, placement, event)
    with change(placement.ticket.pk, kind="message") as ongoing:
        if ongoing.ticket.merged_into_id is None and _is_home(ongoing, placement):
            return _say(ongoing, point, inbound, placement, event)
    return _record(point, inbound, place(point, inbound), event)


def _is_home(ongoing: Change, placement: Placement) -> bool:
    """Whether the strand is in this ticket: known of one that was locked before we looked."""
    return ongoing.ticket is placement.ticket or _is_here(ongoing, placement.conversation)


def _is_here(ongoing: Change, strand: Conversation | None) -> bool:
    """Whether nobody has moved the strand since we looked, before the ticket was locked."""
    if strand is None:
        return True
    return Conversation.objects.filter(pk=strand.pk, ticket=ongoing.ticket.pk).exists()


def _new_ticket(point: ContactPoint, inbound: InboundMessage, placement: Placement) -> Ticket:
    now = timezone.now()
    return Ticket(
        customer=point.customer,
        subject=inbound.subject,
        team=policy_of(point.channel).team,
        status=placement.status,
        resolved_at=now if placement.status == Ticket.Status.RESOLVED else None,
        is_quiet=placement.is_quiet,
        follows=placement.follows,
        mentions=placement.mentions,
        last_message_at=now,
    )


def _say(
    ongoing: Change,
    point: ContactPoint,
    inbound: InboundMessage,
    placement: Placement,
    event: InboundEvent | None,
) -> Message:
    strand = placement.conversation or _new_strand(ongoing, point, inbound, placement)
    message = take_in(ongoing, strand, inbound, event)
    if inbound.keyword:
        _note_consent(ongoing, point, inbound)
        sign_off(ongoing, message, inbound.keyword)
    if placement.is_quiet or inbound.is_echo:
        return message
    ongoing.record(Verb.CUSTOMER_WROTE, message=message.pk)
    if ongoing.ticket.shown_status != Ticket.Status.OPEN:
        triage.turn(ongoing, Ticket.Status.OPEN, reason="customer_wrote")
    return message


def _new_strand(
    ongoing: Change, point: ContactPoint, inbound: InboundMessage, placement: Placement
) -> Conversation:
    strand = Conversation(
        ticket=ongoing.ticket,
        contact_point=point,
        is_accepted=placement.is_accepted,
        is_joined=placement.is_joined,
        is_current=False,
        subject=inbound.subject[:500],
    )
    strand.save()
    if placement.is_joined:
        ongoing.record(Verb.JOINED, conversation=strand.pk, channel=point.channel.kind)
    elif not placement.is_accepted:
        ongoing.record(Verb.STRAND_OPENED, conversation=strand.pk, address=point.address)
    return strand


def _note_consent(ongoing: Change, point: ContactPoint, inbound: InboundMessage) -> None:
    if inbound.keyword == "help":
        return
    allowed = inbound.keyword == "start"
    consent.record(
        kind=point.address_kind,
        value=point.address,
        medium=point.channel.kind,
        sender=point.channel.account,
        allowed=allowed,
        source=f"keyword {inbound.keyword}",
        at=inbound.sent_at,
    )
    ongoing.record(Verb.CONSENT_CHANGED, allowed=allowed, address=point.address)


def _record_bounce(about: Message, inbound: InboundMessage, event: InboundEvent | None) -> Message:
    """A delivery report stands in the strand of the message it is about, and settles it. Its
    sender is not the customer: where answers go and what is known of them stays as it was."""
    report = None
    with change(about.ticket_id, kind="message") as ongoing:
        if _is_here(ongoing, about.conversation):
            report = write_down(ongoing, about.conversation, inbound, event)
            kind, preview = about.channel.kind, report.preview
            ongoing.ticket.heard(
                at=ongoing.now, channel_kind=kind, preview=preview, wants_answer=False
            )
    if report is None:
        about.refresh_from_db()
        return _record_bounce(about, inbound, event)
    delivery.apply_bounce(about, inbound)
    return report


@dramatiq.actor(max_retries=0, queue_name="intake")
def drain_journal(source: str) -> None:
    """Work off what waits in the journal; the clock rings again when this is cut short."""
    while drain("mail" if source == "mail" else "webhook"):
        pass


def drain_later(source: journal.Source) -> None:
    """Have a worker drain the journal. Raises when the broker is away."""
    drain_journal.send(source)
