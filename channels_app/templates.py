"""Message templates, kept in step with the provider."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import dramatiq
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from channels_app.errors import SendError
from channels_app.messages import Template, TemplateUpdate
from channels_app.models import Channel, MessageTemplate

logger = logging.getLogger(__name__)

SYNC_EVERY = timedelta(hours=6)
TRY_AGAIN_AFTER = timedelta(minutes=1)


def sync(channel: Channel) -> None:
    """Make our copy of the channel's templates what the provider has. Raises SendError.

    Should the provider tell of a change while its list is being read, the list is read again.
    """
    begun = _begin(channel)
    found = channel.adapter.templates()
    now = timezone.now()
    rows = [_row(channel, one, at=now) for one in {(t.name, t.language): t for t in found}.values()]
    with transaction.atomic():
        MessageTemplate.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["channel", "name", "language"],
            update_fields=["status", "category", "components", "updated_at"],
        )
        MessageTemplate.objects.filter(channel=channel, updated_at__lt=now).delete()
        unchanged = Channel.objects.filter(pk=channel.pk, templates_synced_at=begun)
        unchanged.update(templates_synced_at=now)


def refresh(channel: Channel) -> None:
    """Look at the channel's templates again; a provider that does not answer is asked once more
    after a minute."""
    try:
        sync(channel)
    except SendError as error:
        logger.warning("templates_not_synced", extra={"channel": channel.key, "code": error.code})


def _begin(channel: Channel) -> datetime:
    """From now on it is not due for a minute, however the reading ends."""
    begun = timezone.now() - SYNC_EVERY + TRY_AGAIN_AFTER
    Channel.objects.filter(pk=channel.pk).update(templates_synced_at=begun)
    return begun


def due() -> QuerySet[Channel]:
    """Active channels whose templates were not looked at for six hours, or have changed since."""
    late = Q(templates_synced_at=None) | Q(templates_synced_at__lte=timezone.now() - SYNC_EVERY)
    return Channel.objects.filter(late, kind="whatsapp", is_active=True).order_by(
        F("templates_synced_at").asc(nulls_first=True)
    )


def note(channel: Channel, update: TemplateUpdate) -> None:
    """Take note of what the provider says of a template, on every channel of that account that
    trusts the same secret; the whole list is looked at again soon."""
    for one in Channel.objects.filter(kind=channel.kind, settings__waba_id=update.owner):
        if not one.shares_proof_with(channel):
            continue
        known = one.templates.filter(name=update.name, language=update.language)
        if update.status:
            known.update(status=update.status[:40], updated_at=timezone.now())
        Channel.objects.filter(pk=one.pk).update(templates_synced_at=None)


def _row(channel: Channel, template: Template, *, at: datetime) -> MessageTemplate:
    return MessageTemplate(
        channel=channel,
        name=template.name[:512],
        language=template.language[:20],
        status=template.status[:40],
        category=template.category[:40],
        components=list(template.components),
        updated_at=at,
    )


@dramatiq.actor(max_retries=0, queue_name="media")
def refresh_templates(channel_id: int) -> None:
    refresh(Channel.objects.get(pk=channel_id))
