"""A visitor's socket: says "look again" and "somebody is typing", never what there is to see."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from channels_app.models import Channel
from inbox import live, presence
from inbox.fanout import fanout, in_thread
from inbox.listener import Listener
from inbox.models import Visitor
from inbox.widget import origins, visitors
from inbox.widget.door import check_proof, open_channel
from inbox.widget.hearing import current_ticket
from inbox.widget.refusals import Refusal

UNKNOWN = 4401
TOO_SLOW = 4408
SECONDS_TO_SAY_HELLO = 10.0
TYPING_EVERY = 1.0
LONGEST_FRAME = 4096


class WidgetConsumer(AsyncWebsocketConsumer):
    """One open chat of one visitor. What it may say:

    `{"type": "hello", "token": …}`: answered with `ready`, nothing is told before it.
    `{"type": "typing"}`: the agents at its ticket see that.
    `{"type": "ping"}`: answered with `pong`, because a browser can't tell a dead line by itself.
    """

    channel_layer_alias = ""  # the process hears for all of its sockets
    channel: Channel
    visitor: Visitor | None = None
    typed_at = 0.0

    async def connect(self) -> None:
        """Refused unless the page's origin may show this chat."""
        self.tasks: set[asyncio.Task[None]] = set()
        self.listener = Listener(
            self._hear,
            access_changed=lambda: self._soon(self._close(UNKNOWN)),
            too_slow=lambda: self._soon(self._close(TOO_SLOW)),
        )
        channel = await in_thread(_channel_for)(_key(self.scope), _origin(self.scope))
        if channel is None:
            return await self.close()
        self.channel = channel
        await self.accept()
        loop = asyncio.get_running_loop()
        self.deadline = loop.call_later(SECONDS_TO_SAY_HELLO, self._hang_up_on_the_silent)
        return None

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "deadline"):
            self.deadline.cancel()
        fanout().leave(self.listener)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        said = _said(text_data)
        if said.get("type") == "hello" and self.visitor is None:
            await self._welcome(str(said.get("token", "")))
        elif said.get("type") == "typing" and self.visitor is not None:
            await self._type(self.visitor)
        elif said.get("type") == "ping":
            await self.send(live.frame({"type": "pong"}))

    async def _welcome(self, token: str) -> None:
        visitor = await in_thread(_visitor_of)(self.channel, token)
        if visitor is None:
            return await self._close(UNKNOWN)
        self.deadline.cancel()
        self.visitor = visitor
        await fanout().join_from_now(self.listener, frozenset([visitor.live_group]))
        await self.send(live.frame({"type": "ready"}))
        return None

    async def _type(self, visitor: Visitor) -> None:
        if time.monotonic() - self.typed_at < TYPING_EVERY:
            return
        self.typed_at = time.monotonic()
        ticket = await in_thread(current_ticket)(visitor)
        if ticket is not None:
            await in_thread(presence.typing)(ticket, agent=None)

    async def _hear(self, frame: str) -> None:
        """What the desk says to itself names tickets and counts events: none of a visitor's
        business."""
        said = json.loads(frame)
        if said["type"] != "typing":
            said = {"type": "changed"}
        await self.send(live.frame(said))

    def _hang_up_on_the_silent(self) -> None:
        self._soon(self._close(UNKNOWN))

    async def _close(self, code: int) -> None:
        with suppress(OSError):  # whoever has gone already need not be told
            await self.close(code)

    def _soon(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(doing)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def _channel_for(key: str, origin: str) -> Channel | None:
    try:
        channel = open_channel(key)
    except Refusal:
        return None
    return channel if origins.is_allowed(channel, origin) else None


def _visitor_of(channel: Channel, token: str) -> Visitor | None:
    visitor = visitors.recognise(channel, token)
    try:
        if visitor is not None:
            check_proof(channel, visitor)
    except Refusal:
        return None
    return visitor


def _key(scope: Any) -> str:
    return str(scope["url_route"]["kwargs"]["key"])


def _origin(scope: Any) -> str:
    said = [value for name, value in scope["headers"] if name == b"origin"]
    return said[0].decode("latin-1") if len(said) == 1 else ""


def _said(text: str | None) -> dict[str, Any]:
    if not text or len(text) > LONGEST_FRAME:
        return {}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
