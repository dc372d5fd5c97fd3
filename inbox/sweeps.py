"""The database is the truth: what nobody works on is found here, second by second.

A lost bell, a dead worker, a broker that is away: each costs a message seconds, nothing else.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from channels_app import templates
from channels_app.models import Channel, InboundEvent
from inbox import afterthoughts, delivery, health, intake, media, reactions, triage
from inbox.delivery import claim
from inbox.errands import Errands
from inbox.models import (
    Attachment,
    IdempotencyKey,
    LiveEvent,
    Message,
    Ticket,
    UnmatchedAfterthought,
    UnmatchedUpdate,
    Visitor,
)
from inbox.widget import by_mail

logger = logging.getLogger(__name__)

EVERY = 1.0
BATCH = 200
UNATTENDED = timedelta(seconds=2)
KEEP_LIVE_EVENTS = timedelta(days=1)
KEEP_ANSWERS = timedelta(hours=24)
KEEP_UPLOADS = timedelta(days=1)
KEEP_UNMATCHED = timedelta(days=7)
KEEP_BODIES = timedelta(days=90)
KEEP_VISITORS = timedelta(days=365)

type Sweep = Callable[[Errands], None]


def run(stop: threading.Event) -> None:
    """Sweep until told to stop. A sweep that fails is logged and does not hold up the others."""
    errands = Errands()
    next_run = dict.fromkeys(SWEEPS, 0.0)
    while not stop.wait(EVERY):
        for sweep, pause in SWEEPS.items():
            if next_run[sweep] <= time.monotonic():
                next_run[sweep] = time.monotonic() + pause
                _sweep(sweep, errands)
    errands.finish()


def waiting_events(errands: Errands) -> None:
    """Journalled events that nobody has taken within two seconds."""
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    waiting = InboundEvent.objects.filter(free, state=InboundEvent.State.RECEIVED)
    late = waiting.filter(received_at__lte=now - UNATTENDED)
    for source in late.values_list("source", flat=True).distinct():
        errands.give(intake.drain_journal, source)


def due_messages(errands: Errands) -> None:
    """Messages that could leave, and strands held up by one in back-off for too long."""
    delivery.release_held()
    for message_id in claim.due(limit=BATCH):
        errands.give(delivery.deliver_message, message_id)


def lost_messages(errands: Errands) -> None:
    """Messages whose lease ran out while they were being sent."""
    for message_id in claim.lost(limit=BATCH):
        errands.give(delivery.reconcile_message, message_id)


def files_to_fetch(errands: Errands) -> None:
    """Files that still lie at the provider."""
    pending = Attachment.objects.filter(state=Attachment.State.PENDING)
    due = pending.filter(next_attempt_at__lte=timezone.now() - UNATTENDED)
    for attachment_id in due.values_list("pk", flat=True)[:BATCH]:
        errands.give(media.fetch_attachment, attachment_id)


def sleepers(_: Errands) -> None:
    """Snoozed tickets whose time has come wake up."""
    over = Ticket.objects.filter(snoozed_until__lte=timezone.now())
    for ticket in over.order_by("snoozed_until")[:BATCH]:
        triage.wake(ticket)


def belated_updates(_: Errands) -> None:
    """Reports that were committed in the same moment as the receipt they belong to."""
    receipts = Message.objects.filter(
        channel=OuterRef("channel"), external_id=OuterRef("external_id")
    ).exclude(external_id="")
    matched = UnmatchedUpdate.objects.filter(Exists(receipts))
    for update in matched[:BATCH]:
        message = Message.objects.select_related("channel", "conversation__contact_point").filter(
            channel=update.channel_id, external_id=update.external_id
        )[0]
        delivery.apply_waiting_updates(message, external_id=update.external_id)


def belated_afterthoughts(_: Errands) -> None:
    """Reactions, edits and deletions that were faster than the message they are about."""
    afterthoughts.apply_waiting()


def reactions_to_tell(errands: Errands) -> None:
    """Reactions of ours that the provider has not heard of."""
    for reaction_id in reactions.due(limit=BATCH):
        errands.give(reactions.send_reaction, reaction_id)


def old_templates(errands: Errands) -> None:
    """Message templates that may have changed at the provider."""
    for channel_id in templates.due().values_list("pk", flat=True)[:BATCH]:
        errands.give(templates.refresh_templates, channel_id)


def unread_answers(errands: Errands) -> None:
    """Answers in a web chat that nobody was there to read go after their visitors by mail."""
    for channel in Channel.objects.filter(kind="webchat", is_active=True).select_related("policy"):
        for conversation in by_mail.strands_waiting(channel):
            errands.give(by_mail.mail_unread_answers, conversation)


def old_visitors(_: Errands) -> None:
    """Whoever has not come back for a year is not recognised any more."""
    Visitor.objects.filter(seen_at__lte=timezone.now() - KEEP_VISITORS).delete()


def signs_of_life(_: Errands) -> None:
    """The clock's own, and the question for the worker's."""
    health.beat("clock")
    health.ping_worker()


def old_live_events(_: Errands) -> None:
    """Nudges are kept for a day; the newest stays, so that its number is never given twice."""
    old = LiveEvent.objects.filter(created_at__lte=timezone.now() - KEEP_LIVE_EVENTS)
    newest = LiveEvent.objects.exclude(seq=None).order_by("-seq").values_list("pk", flat=True)
    old.exclude(seq=None).exclude(pk__in=list(newest[:1])).delete()


def old_bodies(_: Errands) -> None:
    """Raw events are kept for 90 days after they were processed, then only their digest."""
    limit = timezone.now() - KEEP_BODIES
    old = InboundEvent.objects.filter(processed_at__lte=limit).exclude(body=None)
    keys = list(old.values_list("pk", flat=True)[:BATCH])
    InboundEvent.objects.filter(pk__in=keys).update(body=None, headers={}, query_string="")


def old_leftovers(_: Errands) -> None:
    """Answers to repeated calls, reports nobody could match, files that were never sent."""
    now = timezone.now()
    IdempotencyKey.objects.filter(created_at__lte=now - KEEP_ANSWERS).delete()
    UnmatchedUpdate.objects.filter(at__lte=now - KEEP_UNMATCHED).delete()
    UnmatchedAfterthought.objects.filter(at__lte=now - KEEP_UNMATCHED).delete()
    unsent = Attachment.objects.filter(message=None, drafts=None)
    for upload in unsent.filter(created_at__lte=now - KEEP_UPLOADS):
        upload.file.delete(save=False)
        upload.delete()


def stray_files(_: Errands) -> None:
    """Files that no row names, because a transaction or a process ended while they were written."""
    media.remove_strays(at=timezone.now())


SWEEPS: dict[Sweep, float] = {
    signs_of_life: health.BEAT_EVERY,
    waiting_events: EVERY,
    due_messages: EVERY,
    lost_messages: EVERY,
    files_to_fetch: EVERY,
    sleepers: EVERY,
    belated_updates: EVERY,
    belated_afterthoughts: EVERY,
    reactions_to_tell: EVERY,
    old_templates: 15.0,
    unread_answers: 15.0,
    old_live_events: 60.0,
    old_bodies: 60.0,
    old_leftovers: 600.0,
    stray_files: 60.0,
    old_visitors: 3600.0,
}


def _sweep(sweep: Sweep, errands: Errands) -> None:
    try:
        sweep(errands)
    except Exception:
        logger.exception("sweep_failed", extra={"sweep": sweep.__name__})
        connection.close()
