"""A visitor's socket: says "look again" and "somebody is typing", never what there is to see."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from channels_app.models import Channel
from inbox.fanout import fanout
from inbox.listener import Listener
from inbox.models import Visitor
from inbox.widget import origins, visitors
from inbox.widget.door import check_proof, open_channel
from inbox.widget.refusals import Refusal

NOT_ALLOWED, UNKNOWN = 4403, 4401
SECONDS_TO_SAY_HELLO = 10.0
LONGEST_FRAME = 4096


class WidgetConsumer(AsyncWebsocketConsumer):
    """One open chat of one visitor, known by the token of its first frame."""

    channel_layer_alias = ""  # the process hears for all of its sockets
    visitor: Visitor | None = None
    channel: Channel
    listener: Listener
    deadline: asyncio.TimerHandle

    async def connect(self) -> None:
        """Refused unless the page's origin may show this chat."""
        key = self.scope["url_route"]["kwargs"]["key"]
        channel = await database_sync_to_async(_channel_for)(key, _origin(self.scope))
        if channel is None:
            await self.close()
            return
        self.channel = channel
        await self.accept()
        loop = asyncio.get_running_loop()
        self.deadline = loop.call_later(SECONDS_TO_SAY_HELLO, self._hang_up)

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "deadline"):
            self.deadline.cancel()
        if self.visitor is not None:
            fanout().leave(self.listener)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """`{"type": "hello", "token": …}` , before anything else."""
        said = _said(text_data)
        if said.get("type") == "hello" and self.visitor is None:
            await self._welcome(str(said.get("token", "")))

    async def _pass_on(self, frame: str) -> None:
        """Of what the desk says a visitor hears only that there is something, or who types."""
        is_typing = json.loads(frame)["type"] == "typing"
        await self.send(frame if is_typing else '{"type":"changed"}')

    async def _welcome(self, token: str) -> None:
        visitor = await database_sync_to_async(_visitor_of)(self.channel, token)
        if visitor is None:
            await self.close(UNKNOWN)
            return
        self.deadline.cancel()
        self.visitor = visitor
        self.listener = Listener(
            self._pass_on, access_changed=self._hang_up, too_slow=self._hang_up
        )
        await fanout().join_from_now(self.listener, frozenset([visitor.live_group]))
        await self.send('{"type":"ready"}')

    def _hang_up(self) -> None:
        asyncio.ensure_future(self.close(UNKNOWN))  # noqa: RUF006 (the socket keeps itself alive)


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


def _origin(scope: dict[str, Any]) -> str:
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
