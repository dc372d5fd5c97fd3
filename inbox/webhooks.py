"""The door for providers: a small ASGI application that stores what they say, then answers.

It stands beside Django's handler because a provider waits for us: verify the raw bytes, hand
the event to the journal's writer, answer once it is committed. Events that arrive during a
COMMIT share the next one. Parsing happens later and elsewhere (inbox.intake).
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from channels_app import journal
from channels_app.errors import InvalidSignature
from channels_app.messages import WebhookRequest
from channels_app.models import Channel, InboundEvent
from inbox import crash
from inbox.drains import drain, writing

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_PLAIN = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
MAX_BODY = 4 * 1024 * 1024
MAX_GROUP = 200
CHANNEL_CACHE_SECONDS = 2.0


class TooLarge(Exception):
    """The body is larger than any provider's webhook: answered 413, nothing is stored."""


class Gone(Exception):
    """The caller hung up before its body was complete: there is nobody left to answer."""


async def door(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one webhook call: 204 stored, 200 a handshake, 403 not trusted, 404 unknown or
    inactive channel, 405 no method of ours, 413 too large, 503 only when nothing was stored."""
    try:
        status, body = await _answer(scope, receive)
    except Gone:
        return
    except (DatabaseError, InterfaceError):
        logger.exception("event_not_stored")
        status, body = 503, b""
    headers = _PLAIN if body else [(b"retry-after", b"5")] if status == 503 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer(scope: Scope, receive: Receive) -> tuple[int, bytes]:
    channel = await _channel_at(scope["path"])
    if channel is None:
        return 404, b""
    if scope["method"] == "GET" and channel.adapter.has_handshake:
        challenge = channel.adapter.handshake(_request(scope, b""))
        return (200, challenge) if challenge else (403, b"")
    return await _take(channel, scope, receive), b""


async def _take(channel: Channel, scope: Scope, receive: Receive) -> int:
    if scope["method"] != "POST":
        return 405
    try:
        request = _request(scope, await _body(scope, receive))
        channel.adapter.verify(request)
    except TooLarge:
        return 413
    except InvalidSignature:
        logger.warning("webhook_refused", extra={"channel": channel.key})
        return 403
    await writer.store(journal.from_webhook(channel, request))
    return channel.adapter.stored_status


def _request(scope: Scope, body: bytes) -> WebhookRequest:
    query = scope["query_string"].decode("latin-1")
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
    return WebhookRequest(
        method=scope["method"],
        url=f"{settings.PUBLIC_URL}{path}" + (f"?{query}" if query else ""),
        query_string=query,
        headers=tuple(
            (key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]
        ),
        body=body,
    )


async def _body(scope: Scope, receive: Receive) -> bytes:
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if not declared.isdigit() or int(declared) > MAX_BODY:
        raise TooLarge
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MAX_BODY:
            raise TooLarge
        if not message.get("more_body"):
            return b"".join(chunks)


async def _channel_at(path: str) -> Channel | None:
    key = path.removeprefix("/webhooks/").strip("/")
    if not key or len(key) > 32 or "/" in key:
        return None
    known = _channels.get(key)
    if known and known[0] > time.monotonic():
        return known[1]
    channel = await asyncio.get_running_loop().run_in_executor(None, _load, key)
    if channel is not None:
        _channels[key] = (time.monotonic() + CHANNEL_CACHE_SECONDS, channel)
    return channel


def _load(key: str) -> Channel | None:
    try:
        return Channel.objects.filter(key=key, is_active=True).first()
    finally:
        connection.close()


_channels: dict[str, tuple[float, Channel]] = {}


@dataclass(slots=True)
class _Waiting:
    event: InboundEvent
    loop: asyncio.AbstractEventLoop
    stored: asyncio.Future[None] = field(init=False)

    def __post_init__(self) -> None:
        self.stored = self.loop.create_future()

    def settle(self, error: Exception | None) -> None:
        self.loop.call_soon_threadsafe(self._settle, error)

    def _settle(self, error: Exception | None) -> None:
        if self.stored.done():
            return
        if error is None:
            self.stored.set_result(None)
        else:
            self.stored.set_exception(error)


class Writer:
    """One thread with one connection that stores what waits, group by group."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    async def store(self, event: InboundEvent) -> None:
        """Return once the event is committed. Raises DatabaseError when it could not be."""
        self._start()
        waiting = _Waiting(event, asyncio.get_running_loop())
        self._queue.put(waiting)
        await waiting.stored

    def stop(self) -> None:
        """Store what waits, then end the thread and its connection."""
        if self._thread is None:
            return
        self._queue.put(None)
        self._thread.join()
        self._thread = None

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while group := self._next_group():
            self._store(group)
        connection.close()

    def _next_group(self) -> list[_Waiting]:
        """All that waits by now, at least one, at most 200; nothing once it is time to stop."""
        group: list[_Waiting] = []
        while not group or (len(group) < MAX_GROUP and not self._queue.empty()):
            waiting = self._queue.get()
            if waiting is None:
                return self._last(group)
            group.append(waiting)
        return group

    def _last(self, group: list[_Waiting]) -> list[_Waiting]:
        """What was found before the sign to stop, which then has to be found again."""
        if group:
            self._queue.put(None)
        return group

    def _store(self, group: list[_Waiting]) -> None:
        events = [waiting.event for waiting in group]
        claimed: list[InboundEvent] = []
        try:
            with writing:
                if drain.has_time:
                    claimed = journal.store_claimed(events)
                else:
                    journal.store(events)
        except (OperationalError, InterfaceError) as error:
            # The database is away: asking once for each would keep the last ones waiting for ever.
            connection.close()
            for waiting in group:
                waiting.settle(error)
        except Exception as error:  # noqa: BLE001 (whoever waits is told, whatever it was)
            connection.close()
            self._store_apart(group, error)
        else:
            crash.point("event-stored")
            for waiting in group:
                waiting.settle(None)
            if claimed:
                drain.take(claimed)
            else:
                drain.ring()

    def _store_apart(self, group: list[_Waiting], error: Exception) -> None:
        """Find out which of a failed group can be stored; the others get their own error."""
        if len(group) == 1:
            group[0].settle(error)
        else:
            for waiting in group:
                self._store([waiting])


writer = Writer()
