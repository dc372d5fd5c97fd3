"""What others report about our messages: status callbacks and bounced mail."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from channels_app.messages import DeliveryUpdate, InboundMessage
from channels_app.models import Channel
from inbox.changes import change
from inbox.delivery.consequences import (
    DELIVERY_BROKE,
    mark_broken,
    mark_free_entry,
    mark_opted_out,
    mark_reached,
    mark_undeliverable,
    mark_window_closed,
    mark_working,
)
from inbox.delivery.status import REPORTED_AS_FAILED_FROM, advance, fail
from inbox.models import Activity, DeliveryAttempt, Message, UnmatchedUpdate

Status = Message.Status

# A bounce can be faster than the answer of the server that took the mail.
BOUNCED_FROM = (*REPORTED_AS_FAILED_FROM, Status.SENDING)


def apply_update(channel: Channel, update: DeliveryUpdate) -> Message | None:
    """Take note of what became of a message. A report about a message that is not known by that
    id yet is kept, and counts as soon as it is."""
    ours = Message.objects.filter(channel=channel, direction=Message.Direction.OUTBOUND)
    ours = ours.select_related("channel", "conversation__contact_point")
    message = ours.filter(external_id=update.external_id).order_by("-pk").first()
    message = message or _by_reference(ours, update)
    if message is None:
        _keep(channel, update)
        return None
    _apply(message, update)
    return message


def apply_waiting_updates(message: Message, *, external_id: str) -> None:
    """Let reports count that came before this message's id was known."""
    waiting = UnmatchedUpdate.objects.filter(channel=message.channel_id, external_id=external_id)
    for kept in waiting.order_by("at", "pk"):
        _apply(message, _thawed(message.channel, kept))
        kept.delete()


def apply_bounce(message: Message, inbound: InboundMessage) -> None:
    """A mail of ours came back. A report that calls itself temporary, or whose own sender is
    forged, changes nothing; one about a copy is only written down."""
    bounce = inbound.bounce
    if bounce is None or not bounce.permanent or inbound.authentication == "fail":
        return
    if bounce.recipients and not _is_main_recipient(message, bounce.recipients):
        _copy_bounced(message, bounce.recipients, bounce.reason)
    elif fail(message, code="bounced", text=bounce.reason, sources=BOUNCED_FROM):
        mark_undeliverable(message, bounce.reason)


def _by_reference(ours: QuerySet[Message], update: DeliveryUpdate) -> Message | None:
    """The message whose own id the provider gives back although the answer to our call was
    never heard: any report on it proves that it was taken. One that has another external id is
    not it: it was sent once more meanwhile."""
    key = update.reference
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        return None
    named = ours.filter(pk=int(key), external_id="")
    message = named.exclude(status__in=[Status.SCHEDULED, Status.CANCELED]).first()
    if message is None or _is_about_an_earlier_call(message, update):
        return None
    Message.objects.filter(pk=message.pk, external_id="").update(external_id=update.external_id)
    message.external_id = update.external_id
    attempts = message.delivery_attempts.filter(outcome=DeliveryAttempt.Outcome.OPEN)
    attempts.update(
        outcome=DeliveryAttempt.Outcome.SENT,
        finished_at=timezone.now(),
        external_id=update.external_id,
    )
    advance(message, Status.SENT, at=update.at)
    return message


def _is_about_an_earlier_call(message: Message, update: DeliveryUpdate) -> bool:
    """Whether this only repeats what became of a call before the message was to be sent once
    more. That it arrived after all is no repetition."""
    if update.status not in ("sent", "failed"):
        return False
    return message.delivery_attempts.filter(external_id=update.external_id).exists()


def _keep(channel: Channel, update: DeliveryUpdate) -> None:
    UnmatchedUpdate.objects.bulk_create(
        [
            UnmatchedUpdate(
                channel=channel,
                external_id=update.external_id,
                status=update.status,
                at=update.at,
                error_code=update.error_code[:40],
                error_text=update.error_text,
                undeliverable=update.undeliverable,
                opted_out=update.opted_out,
                channel_is_broken=update.channel_is_broken,
                closes_window=update.closes_window,
                pricing=update.pricing,
                free_entry_until=update.free_entry_until,
            )
        ],
        ignore_conflicts=True,
    )


def _apply(message: Message, update: DeliveryUpdate) -> None:
    if update.pricing is not None:
        Message.objects.filter(pk=message.pk).update(pricing=update.pricing)
    if update.free_entry_until is not None:
        mark_free_entry(message, until=update.free_entry_until)
    if update.status == "failed":
        _apply_failure(message, update)
    elif advance(message, Status(update.status), at=update.at) and update.status != "sent":
        mark_reached(message)
        if message.channel.broken_reason:
            mark_working(message.channel, what=DELIVERY_BROKE)


def _apply_failure(message: Message, update: DeliveryUpdate) -> None:
    code, text = update.error_code, update.error_text
    if not fail(message, code=code, text=text, sources=REPORTED_AS_FAILED_FROM):
        return
    if update.undeliverable:
        mark_undeliverable(message, text)
    if update.channel_is_broken:
        # What was taken and then not delivered says nothing against being taken.
        mark_broken(message.channel, text, what=DELIVERY_BROKE)
    if update.closes_window:
        mark_window_closed(message, at=update.at)
    if update.opted_out:
        mark_opted_out(message, source=f"provider code {code}")


def _thawed(channel: Channel, kept: UnmatchedUpdate) -> DeliveryUpdate:
    return DeliveryUpdate(
        account=channel.account,
        external_id=kept.external_id,
        status=kept.status,  # type: ignore[arg-type]
        at=kept.at,
        error_code=kept.error_code,
        error_text=kept.error_text,
        undeliverable=kept.undeliverable,
        opted_out=kept.opted_out,
        channel_is_broken=kept.channel_is_broken,
        closes_window=kept.closes_window,
        pricing=kept.pricing,
        free_entry_until=kept.free_entry_until,
    )


def _is_main_recipient(message: Message, recipients: tuple[str, ...]) -> bool:
    main = (message.envelope or {}).get("to", [])
    bounced = {recipient.casefold() for recipient in recipients}
    return any(box["address"].casefold() in bounced for box in main)


def _copy_bounced(message: Message, recipients: tuple[str, ...], reason: str) -> None:
    with change(message.ticket_id, kind="message") as ongoing:
        verb = Activity.Verb.MESSAGE_FAILED
        ongoing.record(verb, message=message.pk, copies=list(recipients), text=reason)
