"""The bell: who to wake when something changed. Knows names of groups and ids, no content."""

from __future__ import annotations

import hashlib
import logging
from functools import lru_cache

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

BELL = f"{settings.REDIS_PREFIX}:bell"


def ring() -> None:
    """Wake the relay now. Without a broker it finds the work by itself within a second."""
    try:
        _client().publish(BELL, b"1")
    except redis.RedisError:
        logger.warning("bell_unreachable")


def visitor_group(channel: int, kind: str, key: str) -> str:
    """The live group of one person in one web chat; the name tells nothing about them."""
    return f"visitor.{hashlib.sha256(f'{channel}:{kind}:{key}'.encode()).hexdigest()[:32]}"


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)
