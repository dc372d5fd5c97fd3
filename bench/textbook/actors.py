"""One actor for every row: lock it, do the desk's own verb, push."""

from __future__ import annotations

import os

import django
from django.apps import apps

if not apps.ready:  # dramatiq imports this module by itself
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.textbook.settings")
    django.setup()

import dramatiq
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from channels_app.models import InboundEvent
from inbox import intake


@dramatiq.actor(queue_name="textbook")
def process(event_id: int) -> None:
    with transaction.atomic():
        locked = InboundEvent.objects.select_for_update(of=("self",)).select_related("channel")
        event = locked.get(pk=event_id)
        for item in event.channel.adapter.parse(event.raw):
            message = intake.receive(event.channel, item, event=event).message
        event.state = InboundEvent.State.PROCESSED
        event.save()
    push = {"type": "poke", "text": f'{{"type":"message","ticket":{message.ticket_id}}}'}
    async_to_sync(get_channel_layer().group_send)("desk", push)
