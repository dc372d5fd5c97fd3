"""A signed-in agent's browser tab, as far as its socket goes."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import websockets

from bench.ground import Ground


class Tab:
    """Listens from `async with` on; `heard` holds what it was told and when, `expected` how
    much of it somebody waits for."""

    def __init__(self, ground: Ground, *, says_hello: bool = True) -> None:
        self.ground = ground
        self.says_hello = says_hello
        self.expected = 0
        self.heard: list[tuple[float, dict[str, Any]]] = []

    async def __aenter__(self) -> Tab:
        self._socket = await websockets.connect(
            f"ws://127.0.0.1:{self.ground.port}/ws/inbox/",
            origin=self.ground.url,
            additional_headers={"Cookie": f"sessionid={self.ground.grounds.desk['session']}"},
            compression=None,
            max_queue=None,
        )
        if self.says_hello:
            await self._socket.send(json.dumps({"type": "hello", "last_seq": None}))
            await self._socket.recv()
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await self._socket.close()

    async def _listen(self) -> None:
        """Keeps what is about a ticket; who else is there is none of a measurement's business."""
        async for text in self._socket:
            said = json.loads(text)
            if said.get("ticket"):
                self.heard.append((time.perf_counter(), said))

    @property
    def tickets(self) -> set[int]:
        """The tickets it was told of."""
        return {said["ticket"] for _, said in self.heard}

    @property
    def last_seq(self) -> int:
        """The newest number it was told."""
        return max((said.get("seq") or 0 for _, said in self.heard), default=0)
