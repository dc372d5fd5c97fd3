"""The bell: who to wake when something changed. Knows names of groups and ids, no content."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

BELL = f"{settings.REDIS_PREFIX}:bell"
NUMBERED = f"{settings.REDIS_PREFIX}:numbered"
WHISPERS = f"{settings.REDIS_PREFIX}:whispers"


def ring() -> None:
    """Wake the relay now. Without a broker it finds the work by itself within a second."""
    _publish(BELL, "1")


def ring_numbered() -> None:
    """Tell every web process that there are numbered events to read. Without a broker each
    looks by itself within a second."""
    _publish(NUMBERED, "1")


def whisper(groups: Iterable[str], say: dict[str, Any], *, ticket: int | None = None) -> None:
    """Say something of the moment to the sockets of these groups (with `ticket`: to those that
    show it). Ids only; nobody catches up with it, and without a broker it is not heard."""
    said = {"groups": sorted(groups), "ticket": ticket, "say": say}
    _publish(WHISPERS, frame(said))


def frame(said: dict[str, Any]) -> str:
    """What goes over a socket, in as few bytes as can be."""
    return json.dumps(said, separators=(",", ":"))


def visitor_group(channel: int, kind: str, key: str) -> str:
    """The live group of one person in one web chat; the name tells nothing about them."""
    return f"visitor.{hashlib.sha256(f'{channel}:{kind}:{key}'.encode()).hexdigest()[:32]}"


@lru_cache(maxsize=1)
def broker() -> redis.Redis:
    """The broker as threads speak with it. Its calls raise redis.RedisError."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)


def _publish(channel: str, said: str) -> None:
    try:
        broker().publish(channel, said)
    except redis.RedisError:
        logger.warning("bell_unreachable")
