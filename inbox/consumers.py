"""The agents' socket: says "look again at this", never what there is to see."""

from __future__ import annotations

import json
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from inbox.access import live_groups
from inbox.catching_up import missed
from inbox.models import Agent

SIGNED_OUT = 4401
GROUP_PREFIX = "live."


class InboxConsumer(AsyncWebsocketConsumer):
    """One browser tab of one agent, joined to the live groups that agent may hear."""

    joined: frozenset[str] = frozenset()
    last_seq: int = 0

    async def connect(self) -> None:
        """Accepted even without a session: only an open socket can say why it closes."""
        await self.accept()
        if not await self._groups():
            await self.close(SIGNED_OUT)

    async def disconnect(self, code: int) -> None:
        for group in self.joined:
            await self.channel_layer.group_discard(GROUP_PREFIX + group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """`{"type": "hello", "last_seq": 41}`: answered with what was missed since.

        Nothing is told before: a browser that heard of 45 and broke off would never ask for
        42 to 44 again.
        """
        is_hello, last_seq = _cursor(text_data)
        if is_hello and await self._take_place():
            await self._catch_up(last_seq)

    async def poke(self, message: dict[str, Any]) -> None:
        """An event of the relay. One that reaches us through several groups is told once."""
        event = json.loads(message["text"])
        if event["type"] == "access":
            await self._take_place()
        elif event["seq"] > self.last_seq:
            self.last_seq = event["seq"]
            await self.send(message["text"])

    async def _catch_up(self, last_seq: int | None) -> None:
        pokes, newest = await database_sync_to_async(missed)(last_seq, self.joined)
        self.last_seq = max(self.last_seq, newest)
        if pokes is None:
            await self.send(json.dumps({"type": "resync", "seq": newest}))
            return
        for one in pokes:
            await self.send(json.dumps(one))
        await self.send(json.dumps({"type": "caught-up", "seq": newest}))

    async def _take_place(self) -> bool:
        """Sit in the groups this session's agent may hear now; leave when there is none."""
        groups = await self._groups()
        if not groups:
            await self.close(SIGNED_OUT)
            return False
        for group in groups - self.joined:
            await self.channel_layer.group_add(GROUP_PREFIX + group, self.channel_name)
        for group in self.joined - groups:
            await self.channel_layer.group_discard(GROUP_PREFIX + group, self.channel_name)
        self.joined = groups
        return True

    async def _groups(self) -> frozenset[str]:
        """Read anew each time: a session may have ended or its agent been shut out since."""
        session = self.scope["session"]
        fresh = session.__class__(session.session_key)
        agent = await get_user({**self.scope, "session": fresh})
        if not isinstance(agent, Agent):
            return frozenset()
        return frozenset(await database_sync_to_async(live_groups)(agent))


def _cursor(text: str | None) -> tuple[bool, int | None]:
    """Whether this is a hello, and the cursor in it."""
    try:
        said = json.loads(text or "")
    except ValueError:
        return False, None
    if not isinstance(said, dict) or said.get("type") != "hello":
        return False, None
    last_seq = said.get("last_seq")
    return True, last_seq if type(last_seq) is int and 0 <= last_seq < 2**63 else None
