"""The one relay: gives committed live events their order and passes them on.

It runs in the clock's leader only. Concurrent transactions do not commit in the order in
which they took their ids, so `seq` is given here, after commit, and a client that has seen
101 has seen everything up to 101.
"""

from __future__ import annotations

import asyncio
import logging
import threading

import redis.asyncio as aioredis
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Max
from redis.exceptions import RedisError

from inbox import live
from inbox.models import LiveEvent

logger = logging.getLogger(__name__)

BATCH = 500
SECONDS_WITHOUT_A_BELL = 1.0
PAUSE_AFTER_FAILURE = 1.0


def run(stop: threading.Event) -> None:
    """Relay until `stop`: at each ring of the bell, and once a second in case it is lost."""
    asyncio.run(_run(stop))


def give_order() -> list[LiveEvent]:
    """Number the committed events that have no number yet, at most 500, and return them."""
    with transaction.atomic():
        waiting = list(LiveEvent.objects.filter(seq=None).order_by("pk")[:BATCH])
        if not waiting:
            return []
        last = LiveEvent.objects.aggregate(last=Max("seq"))["last"] or 0
        for seq, event in enumerate(waiting, start=last + 1):
            event.seq = seq
        LiveEvent.objects.bulk_update(waiting, ["seq"])
    return waiting


def pass_on() -> None:
    """Number whatever waits, and ring the web processes."""
    while give_order():
        live.ring_numbered()


async def _run(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            await _relay_until_trouble(stop)
        except (OperationalError, InterfaceError, RedisError, OSError):
            logger.warning("relay_interrupted", exc_info=True)
            await asyncio.to_thread(_close_connection)
            await asyncio.sleep(PAUSE_AFTER_FAILURE)


def _close_connection() -> None:
    """The one of the thread that asks, which only that thread can name."""
    connection.close()


async def _relay_until_trouble(stop: threading.Event) -> None:
    """Events are numbered before the broker is asked for anything: without one they arrive
    later, not never."""
    await asyncio.to_thread(pass_on)
    client = aioredis.Redis.from_url(settings.REDIS_URL)
    async with client, client.pubsub() as bell:
        await bell.subscribe(live.BELL)
        while not stop.is_set():
            await asyncio.to_thread(pass_on)
            await bell.get_message(ignore_subscribe_messages=True, timeout=SECONDS_WITHOUT_A_BELL)
