"""Is every part at work? Signs of life of clock and worker, and whether the broker answers."""

from __future__ import annotations

from datetime import timedelta

import dramatiq
import redis
from django.conf import settings
from django.utils import timezone

from inbox import workers
from inbox.models import Heartbeat

BEAT_EVERY = 2.0
LATE = timedelta(seconds=4.5)


def beat(name: str) -> None:
    """Say that this part works."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=timezone.now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def ping_worker() -> None:
    """Ask for the worker's sign of life; asked every 2 s by the clock."""
    workers.ask(pulse)


def degraded() -> list[str]:
    """What does not work: broker, clock, worker. A worker is judged only while broker and clock
    work, because its sign of life needs both."""
    missing = [] if _broker_answers() else ["broker"]
    alive = set(
        Heartbeat.objects.filter(at__gt=timezone.now() - LATE).values_list("name", flat=True)
    )
    if "clock" not in alive:
        missing.append("clock")
    return missing or [name for name in ("worker",) if name not in alive]


def _broker_answers() -> bool:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


@dramatiq.actor(max_retries=0, queue_name="health", priority=0, max_age=10_000)
def pulse() -> None:
    beat("worker")
