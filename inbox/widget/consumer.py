"""A visitor's socket: says "look again" and "somebody is typing", never what there is to see."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from channels_app.models import Channel
from inbox.models import Visitor
from inbox.widget import origins, visitors
from inbox.widget.door import check_proof, open_channel
from inbox.widget.refusals import Refusal

NOT_ALLOWED, UNKNOWN = 4403, 4401
SECONDS_TO_SAY_HELLO = 10.0
LONGEST_FRAME = 4096


class WidgetConsumer(AsyncWebsocketConsumer):
    """One open chat of one visitor, known by the token of its first frame."""

    visitor: Visitor | None = None
    channel: Channel
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
        self.deadline = loop.call_later(SECONDS_TO_SAY_HELLO, self._hang_up_on_the_silent)

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "deadline"):
            self.deadline.cancel()
        if self.visitor is not None:
            await self.channel_layer.group_discard(self._group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """`{"type": "hello", "token": …}` , before anything else."""
        said = _said(text_data)
        if said.get("type") == "hello" and self.visitor is None:
            await self._welcome(str(said.get("token", "")))

    async def poke(self, _message: dict[str, Any]) -> None:
        """Something about this visitor's tickets has changed."""
        await self.send('{"type":"changed"}')

    async def typing(self, message: dict[str, Any]) -> None:
        """An agent is writing an answer."""
        await self.send(json.dumps({"type": "typing", "name": message["name"]}))

    async def _welcome(self, token: str) -> None:
        visitor = await database_sync_to_async(_visitor_of)(self.channel, token)
        if visitor is None:
            await self.close(UNKNOWN)
            return
        self.deadline.cancel()
        self.visitor = visitor
        await self.channel_layer.group_add(self._group, self.channel_name)
        await self.send('{"type":"ready"}')

    def _hang_up_on_the_silent(self) -> None:
        asyncio.ensure_future(self.close(UNKNOWN))  # noqa: RUF006 (the socket keeps itself alive)

    @property
    def _group(self) -> str:
        return f"live.{self.visitor.live_group}" if self.visitor else ""


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
