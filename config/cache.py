"""A cache whose loss costs speed, never an answer."""

from __future__ import annotations

import logging
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

logger = logging.getLogger(__name__)


class _ForgivingClient(RedisCacheClient):
    """Answers like an empty cache while the server is away."""

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        return bool(_or(True, super().add, key, value, timeout))

    def get(self, key: Any, default: Any) -> Any:
        return _or(default, super().get, key, default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        _or(None, super().set, key, value, timeout)

    def get_many(self, keys: Any) -> Any:
        return _or({}, super().get_many, keys)

    def set_many(self, data: Any, timeout: Any) -> None:
        _or(None, super().set_many, data, timeout)

    def incr(self, key: Any, delta: Any) -> int:
        return int(_or(0, super().incr, key, delta))

    def delete(self, key: Any) -> bool:
        return bool(_or(False, super().delete, key))


def _or(instead: Any, call: Any, *args: Any) -> Any:
    try:
        return call(*args)
    except redis.RedisError as error:
        logger.warning("cache_unreachable", extra={"error": type(error).__name__})
        return instead


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache; rows keep the truth, so an unreachable server is only a miss.

    While it is away the sign-in rate limits don't count.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _ForgivingClient
