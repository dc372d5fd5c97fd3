"""How often is too often: counted per minute in the cache, so that a flood costs little."""

from __future__ import annotations

import ipaddress
import time

from django.core.cache import cache
from django.http import HttpRequest

from channels_app.models import Channel
from inbox.widget.refusals import Refusal

MINUTE = 60
# Calls a minute. One address may be a whole school, so it gets more than one visitor.
BY_VISITOR = {"say": 20, "attach": 10, "read": 120, "describe": 10}
BY_ADDRESS = {"begin": 60, "say": 120, "attach": 30, "read": 600, "describe": 30}
BY_CHANNEL = {"begin": 1200, "attach": 300}


def check(action: str, *, request: HttpRequest, channel: Channel, visitor: str = "") -> None:
    """Count one call. Raises Refusal("rate-limited") with the seconds to wait."""
    _count(f"{channel.pk}:{action}", BY_CHANNEL.get(action))
    _count(f"{channel.pk}:{action}:{network_of(request)}", BY_ADDRESS.get(action))
    if visitor:
        _count(f"{channel.pk}:{action}:v:{visitor}", BY_VISITOR.get(action))


def network_of(request: HttpRequest) -> str:
    """The caller's address; of IPv6 the half that one customer of a provider has for himself."""
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network(f"{address}/64", strict=False))


def _count(name: str, most: int | None) -> None:
    if most is None:
        return
    minute, second = divmod(int(time.time()), MINUTE)
    key = f"widget:{minute}:{name}"
    cache.add(key, 0, 2 * MINUTE)
    if _incremented(key) > most:
        raise Refusal(429, "rate-limited", retry_after=MINUTE - second)


def _incremented(key: str) -> int:
    try:
        return cache.incr(key)
    except ValueError:
        return 0  # the cache was emptied just now
