"""Which websites a chat may appear on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from channels_app.models import Channel
from inbox.widget.refusals import Refusal

DEFAULT_PORTS = {"http": 80, "https": 443}


def is_allowed(channel: Channel, origin: str) -> bool:
    """Whether a page of this origin may show the chat: the desk's own, and those on the list."""
    listed = [*settings.SOCKET_ORIGINS, *allowed(channel)]
    return any(_matches(pattern, origin) for pattern in listed)


def check(channel: Channel, origin: str) -> None:
    """Raises Refusal for a page that may not show this chat. Browsers say where they are with
    everything but a plain GET of their own site; programs that don't are held off by limits."""
    if origin and not is_allowed(channel, origin):
        raise Refusal(403, "origin-not-allowed")


def allowed(channel: Channel) -> list[str]:
    """The other websites the channel's admin has listed."""
    listed: Any = channel.settings.get("allowed_origins") or []
    return [str(origin) for origin in listed]


def frame_ancestors(channel: Channel) -> list[str]:
    """The same as a Content-Security-Policy says it, which knows no addresses of IPv6."""
    listed = [*settings.SOCKET_ORIGINS, *allowed(channel)]
    return ["'self'", *(origin for origin in listed if "[" not in origin)]


def _matches(pattern: str, origin: str) -> bool:
    """As `frame-ancestors` matches: `*.` stands for one or more names before the host."""
    wanted, asked = _parts(pattern), _parts(origin)
    if wanted is None or asked is None:
        return False
    same_place = (wanted[0], wanted[2]) == (asked[0], asked[2])
    return same_place and _is_host(wanted[1], asked[1])


def _is_host(wanted: str, asked: str) -> bool:
    if wanted.startswith("*."):
        return asked.endswith(wanted[1:]) and len(asked) >= len(wanted)
    return wanted == asked


def _parts(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host and port."""
    try:
        url = urlsplit(origin)
        port = url.port
    except ValueError:
        return None
    if url.scheme not in DEFAULT_PORTS or not url.hostname:
        return None
    return url.scheme, url.hostname, port or DEFAULT_PORTS[url.scheme]
