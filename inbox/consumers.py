"""The agents' socket: says "look again at this", never what there is to see."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Coroutine
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from inbox import live, presence, receipts
from inbox.fanout import fanout, in_thread
from inbox.listener import Listener
from inbox.models import Agent, Ticket
from inbox.presence import Tab
from inbox.seats import seat, seen_tickets, strands_of

SIGNED_OUT = 4401
TOO_SLOW = 4408
SECONDS_TO_SAY_HELLO = 10.0
TYPING_EVERY = 1.0
LONGEST_FRAME = 4096
MOST_WATCHED = 150


class InboxConsumer(AsyncWebsocketConsumer):
    """One browser tab of one agent. What it may say:

    `{"type": "hello", "last_seq": 41}`: answered with what was missed since; nothing is told
    before it. `{"type": "ping"}`: answered with a pong. `{"type": "watch", "tickets": [7, 8]}`:
    these are on the screen, say who is there. `{"type": "here", "ticket": 7, "doing": "viewing"
    | "replying"}`: again every 25 s; ticket null when none is open. `{"type": "typing",
    "strand": 3}`: at that ticket; strand null for a note.
    """

    channel_layer_alias = ""  # the process hears for all of its sockets
    agent: Agent | None = None
    here: Ticket | None = None
    typed_at = 0.0
    is_over = False

    async def connect(self) -> None:
        """Accepted even without a session: only an open socket can say why it closes."""
        await self.accept()
        self.key = secrets.token_urlsafe(6)
        self.seating = asyncio.Lock()
        self.tasks: set[asyncio.Task[None]] = set()
        self.listener = Listener(
            self._pass_on,
            session_key=self.scope["cookies"].get(settings.SESSION_COOKIE_NAME, ""),
            access_changed=lambda: self._soon(self._sit_down_again()),
            too_slow=lambda: self._soon(self.close(TOO_SLOW)),
        )
        loop = asyncio.get_running_loop()
        self.deadline = loop.call_later(SECONDS_TO_SAY_HELLO, self._hang_up_on_the_silent)

    async def disconnect(self, code: int) -> None:
        self.is_over = True
        self.deadline.cancel()
        fanout().leave(self.listener)
        await self._be_at(None)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        said = _said(text_data)
        if said.get("type") == "hello":
            await self._sit_down(_cursor(said.get("last_seq")))
        elif said.get("type") == "ping":
            await self._say({"type": "pong"})
        elif self.agent is not None:
            await self._do(self.agent, said)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without the thread that the base class asks, at each frame, to look after database
        connections: this one keeps none."""
        handlers: dict[str, Any] = {
            "websocket.connect": self.websocket_connect,
            "websocket.receive": self.websocket_receive,
            "websocket.disconnect": self.websocket_disconnect,
        }
        await handlers[message["type"]](message)

    async def _do(self, agent: Agent, said: dict[str, Any]) -> None:
        if said.get("type") == "watch":
            await self._watch(agent, _numbers(said.get("tickets")))
        elif said.get("type") == "here":
            found = await in_thread(seen_tickets)(agent, _numbers([said.get("ticket")]))
            is_replying = said.get("doing") == "replying"
            await self._be_at(found[0] if found else None, is_replying=is_replying)
        elif said.get("type") == "typing" and self.here is not None:
            await self._type(agent, self.here, said.get("strand"))

    async def _sit_down(self, last_seq: int | None) -> None:
        """Tell what was missed, until nothing is, and listen from there on."""
        self.deadline.cancel()
        async with self.seating:
            fanout().leave(self.listener)
            while not self.is_over:
                found = await in_thread(seat)(self.listener.session_key, last_seq)
                if found is None:
                    self.agent = None
                    return await self.close(SIGNED_OUT)
                self.agent = found.agent
                await self._tell(found.missed, found.newest)
                last_seq = found.newest
                if not self.is_over and fanout().join(self.listener, found.groups, seq=last_seq):
                    return await self._say({"type": "caught-up", "seq": last_seq})
        return None

    async def _sit_down_again(self) -> None:
        """Rights may have changed: the screen shows everything anew and says what it watches."""
        await self._sit_down(None)

    async def _tell(self, missed: list[dict[str, Any]] | None, newest: int) -> None:
        if missed is None:
            await self._say({"type": "resync", "seq": newest})
        for poke in missed or ():
            await self._say(poke)

    async def _watch(self, agent: Agent, numbers: list[int]) -> None:
        seen = [ticket.pk for ticket in await in_thread(seen_tickets)(agent, numbers)]
        fanout().watch(self.listener, frozenset(seen))
        present = await in_thread(presence.present)(seen)
        here = {number: sorted(who.items()) for number, who in present.items() if who}
        await self._say({"type": "present", "here": here})

    async def _be_at(self, ticket: Ticket | None, *, is_replying: bool = False) -> None:
        before, self.here = self.here, ticket
        if self.agent is None:
            return
        tab = Tab(self.agent.pk, self.key)
        if before is not None and before != ticket:
            await in_thread(presence.leave)(before, tab)
        if ticket is not None:
            doing: presence.Doing = "replying" if is_replying else "viewing"
            await in_thread(presence.arrive)(ticket, tab, doing=doing)

    async def _type(self, agent: Agent, ticket: Ticket, strand: object) -> None:
        if time.monotonic() - self.typed_at < TYPING_EVERY:
            return
        self.typed_at = time.monotonic()
        for seen in await in_thread(seen_tickets)(agent, [ticket.pk]):  # it may have moved since
            await in_thread(presence.typing)(seen, agent=agent.pk)
        for number in _numbers([strand]):
            await in_thread(_let_the_visitor_know)(ticket, number, agent)

    async def _pass_on(self, frame: str) -> None:
        """Straight to the server: a thousand sockets take this way at once."""
        message: Any = {"type": "websocket.send", "text": frame}
        await self.base_send(message)

    async def _say(self, said: dict[str, Any]) -> None:
        await self.send(live.frame(said))

    def _hang_up_on_the_silent(self) -> None:
        self._soon(self.close(SIGNED_OUT))

    def _soon(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(doing)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def _let_the_visitor_know(ticket: Ticket, number: int, agent: Agent) -> None:
    strand = strands_of(ticket).filter(pk=number).first()
    if strand is not None:
        presence.answering(strand, name=agent.get_short_name())
        receipts.typing(strand)


def _said(text: str | None) -> dict[str, Any]:
    if not text or len(text) > LONGEST_FRAME:
        return {}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _cursor(said: object) -> int | None:
    return next(iter(_numbers([said])), None)


def _numbers(said: object) -> list[int]:
    """The ids among what a browser says; anything else is passed over."""
    listed = said[:MOST_WATCHED] if isinstance(said, list) else []
    return [one for one in listed if type(one) is int and 0 <= one < 2**63]
