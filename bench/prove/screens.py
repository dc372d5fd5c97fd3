"""Screens lose their sockets again and again, the web process and the broker go away meanwhile."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any

import websockets

from bench.ground import Ground, Grounds
from bench.report import p95

EVENT = """
    INSERT INTO inbox_liveevent (kind, ticket_id, audience, rev, created_at)
    VALUES ('message', {}, '["everyone"]', 0, CURRENT_TIMESTAMP)
"""
PER_SECOND = 20
LINE_LOST = (OSError, websockets.WebSocketException)


class Screen:
    """A browser that keeps a cursor and loses its socket at random moments."""

    def __init__(self, ground: Ground, chance: random.Random) -> None:
        self.ground = ground
        self.chance = chance
        self.cursor = 0
        self.heard: list[int] = []
        self.catching_up: list[float] = []
        self.drops = 0

    async def live(self, events: int) -> None:
        """Listen until everything has been heard."""
        while len(self.heard) < events:
            try:
                await asyncio.wait_for(self._listen(events), self.chance.uniform(0.2, 6))
            except (TimeoutError, *LINE_LOST):
                self.drops += 1
                await asyncio.sleep(self.chance.uniform(0, 1.5))

    async def _listen(self, events: int) -> None:
        cookie = f"sessionid={self.ground.grounds.desk['session']}"
        address = f"ws://127.0.0.1:{self.ground.port}/ws/inbox/"
        async with websockets.connect(
            address, origin=self.ground.url, additional_headers={"Cookie": cookie}
        ) as line:
            started = time.monotonic()
            await line.send(json.dumps({"type": "hello", "last_seq": self.cursor}))
            while len(self.heard) < events:
                said = json.loads(await line.recv())
                if said["type"] == "caught-up":
                    self.catching_up.append(time.monotonic() - started)
                elif said["type"] == "resync":
                    raise AssertionError("a cursor of ours was not known")
                else:
                    self.heard.append(said["ticket"])
                self.cursor = max(self.cursor, said["seq"])


def screens(grounds: Grounds, *, clients: int, seconds: int) -> dict[str, Any]:
    """Whatever is lost in between, every screen hears of everything, once and in order."""
    with grounds.new(start=("web", "clock"), has_provider=False) as ground:
        return asyncio.run(_prove(ground, clients, seconds * PER_SECOND))


async def _prove(ground: Ground, clients: int, events: int) -> dict[str, Any]:
    chance = random.Random(1)
    everybody = [Screen(ground, chance) for _ in range(clients)]
    listening = [asyncio.create_task(screen.live(events)) for screen in everybody]
    await _happen(ground, events)
    await asyncio.wait_for(asyncio.gather(*listening), 120)
    expected = list(range(events))
    late = [seconds for screen in everybody for seconds in screen.catching_up]
    facts = {
        "events": events,
        "drops": sum(screen.drops for screen in everybody),
        "missing or doubled": sum(screen.heard != expected for screen in everybody),
        "catching up p95 s": p95(late),
    }
    assert facts["missing or doubled"] == 0, facts
    return facts


async def _happen(ground: Ground, events: int) -> None:
    """In the middle of it the web process is killed, later the broker is away."""
    loop = asyncio.get_running_loop()
    for number in range(events):
        await loop.run_in_executor(None, ground.store.rows, EVENT.format(number))
        if number == events // 3:
            ground.kill("web")
            ground.start("web")
        elif number == events // 2:
            ground.broker.stop()
        elif number == events * 2 // 3:
            ground.broker.start()
        await asyncio.sleep(1 / PER_SECOND)
