"""Visitors of web chats lose their sockets again and again while they write and are answered."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import websockets

from bench.ground import Ground, Grounds
from bench.report import p95
from bench.wire import Answer, Line, get, post, reply_call, until_ok

PER_SECOND = 20
WORDS_EVERY = 30.0  # seconds between two messages of one visitor, twice that at most
PATIENCE = 60.0
BOUNDARY = "what-a-visitor-says"
LINE_LOST = (OSError, websockets.WebSocketException)
TICKET_OF = "SELECT ticket_id FROM inbox_message WHERE text = '{}'"
SAID = "SELECT ticket_id, id, text FROM inbox_message ORDER BY id"


class Visitor:
    """A browser with a chat in it: it looks again when it is poked, and when it is back; never
    without being told to."""

    def __init__(self, ground: Ground, number: int, chance: random.Random) -> None:
        self.ground, self.number, self.chance = ground, number, chance
        self.address = f"127.0.{1 + number // 200}.{1 + number % 200}"
        self.line = Line(ground.port, local=self.address)
        self.speaking = Line(ground.port, local=self.address)
        self.url = f"{ground.url}/widget/{ground.grounds.desk['chat']}"
        self.token = ""
        self.heard: dict[int, str] = {}
        self.said: list[str] = []
        self.expected = sys.maxsize
        self.is_steady, self.back = False, asyncio.Event()
        self.drops = 0
        self.catching_up: list[float] = []
        self.refused: Counter[int] = Counter()

    async def begin(self) -> None:
        """Say hello, and learn what the ticket's number is."""
        call = post(f"{self.url}/visitor", b"{}", {"Content-Type": "application/json"})
        answer = await self._until_ok(self.speaking, call)
        self.token = json.loads(answer.body)["token"]
        await self.say("hello")
        rows = self.ground.store.rows(TICKET_OF.format(self.said[0]))
        ((self.ticket,),) = rows

    async def say(self, what: str) -> None:
        """Say something; sometimes the line is cut before the answer is heard, and it is said
        again, as the same message."""
        text = f"visitor {self.number} {what}"
        self.said.append(text)
        fields = {"id": str(uuid4()), "text": text}
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        body = f"{''.join(parts)}--{BOUNDARY}--\r\n".encode()
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        call = post(f"{self.url}/messages", body, self._headers | {"Content-Type": kind})
        if self.chance.random() < 0.3:
            await self._call_and_hang_up(call)
        await self._until_ok(self.speaking, call)

    async def live(self, over: asyncio.Event) -> None:
        """Listen, lose the line and come back, until it is over; then until all is heard."""
        while not over.is_set():
            await self._listen_for(self.chance.uniform(0.2, 6))
            self.drops += 1
            await asyncio.sleep(self.chance.uniform(0, 1.5))
        self.is_steady = True
        while len(self.heard) < self.expected:
            await self._listen_for(10 * PATIENCE)

    async def talk(self, over: asyncio.Event) -> None:
        """Say something now and then."""
        while True:
            await asyncio.sleep(self.chance.uniform(1, 2) * WORDS_EVERY)
            if over.is_set():
                return
            await self.say(str(len(self.said)))

    async def _listen_for(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._listen(), seconds)
        except (TimeoutError, *LINE_LOST):
            self.line.close()

    async def _listen(self) -> None:
        """Until all that is expected was heard."""
        address = f"ws://127.0.0.1:{self.ground.port}/ws/widget/{self.ground.grounds.desk['chat']}/"
        async with websockets.connect(
            address, origin=self.ground.url, local_addr=(self.address, 0), close_timeout=0.1
        ) as socket:
            started = time.monotonic()
            await socket.send(json.dumps({"type": "hello", "token": self.token}))
            while len(self.heard) < self.expected:
                said = json.loads(await socket.recv())
                await self._look()
                if said["type"] == "ready":
                    self.catching_up.append(time.monotonic() - started)
                    if self.is_steady:
                        self.back.set()

    async def _look(self) -> None:
        """As the chat's script does: what is newer; all, when the newest are not these."""
        newest = max(self.heard, default=0)
        said = await self._ask(f"?after={newest}" if newest else "")
        new = {one["id"]: one["text"] for one in said["messages"]}
        if newest and not set(said["tail"]) <= {*self.heard, *new}:
            self.heard = {}
            return await self._look()
        self.heard |= new
        return None

    async def _ask(self, query: str) -> Any:
        call = get(f"{self.url}/messages{query}", self._headers)
        answer = await self._until_ok(self.line, call)
        return json.loads(answer.body)

    async def _until_ok(self, line: Line, call: bytes) -> Answer:
        return await _taken(line, call, note=self._note)

    def _note(self, answer: Answer) -> None:
        if answer.status and not answer.is_ok:
            self.refused[answer.status] += 1

    async def _call_and_hang_up(self, call: bytes) -> None:
        try:
            _reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.ground.port, local_addr=(self.address, 0)
            )
            writer.write(call)
            await asyncio.sleep(self.chance.uniform(0, 0.05))
            writer.transport.abort()
        except OSError:
            pass  # the desk is down just now: so is the line

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def chats(grounds: Grounds, *, clients: int, seconds: int) -> dict[str, Any]:
    """Whatever is lost in between, every visitor ends up with what the desk has of their chat,
    once and in order; and the desk with what each has said and was answered."""
    with grounds.new(has_provider=False) as ground:
        return asyncio.run(_prove(ground, clients, seconds * PER_SECOND))


class Agent:
    """Answers by the API; `given` says what, by ticket."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.line = Line(ground.port)
        self.given: defaultdict[int, list[str]] = defaultdict(list)
        self._numbers = itertools.count()

    async def answer(self, ticket: int) -> None:
        """Say something that nobody has heard yet."""
        number = next(self._numbers)
        url = f"{self.ground.url}/api/v1/tickets/{ticket}/messages/"
        token, text = self.ground.grounds.desk["tokens"][0], f"answer {number}"
        call = reply_call(url, token=token, key=f"key-{number}", text=text)
        await _taken(self.line, call, note=lambda _: None)
        self.given[ticket].append(text)


async def _prove(ground: Ground, clients: int, answers: int) -> dict[str, Any]:
    chance = random.Random(1)
    everybody = [Visitor(ground, number, chance) for number in range(clients)]
    for visitor in everybody:
        await visitor.begin()
    over, agent = asyncio.Event(), Agent(ground)
    listening = [asyncio.create_task(one.live(over)) for one in everybody]
    talking = [asyncio.create_task(one.talk(over)) for one in everybody]
    await _answer(agent, everybody, answers, chance)
    over.set()
    await asyncio.gather(*talking)
    await _say_goodbye(agent, everybody)
    _done, waiting = await asyncio.wait(listening, timeout=PATIENCE)
    for one in waiting:
        one.cancel()
    return _facts(everybody, agent)


async def _answer(
    agent: Agent, everybody: list[Visitor], answers: int, chance: random.Random
) -> None:
    """This one is answered and that one; in the middle of it the web process is killed, later
    the broker is away."""
    ground = agent.ground
    for number in range(answers):
        await agent.answer(chance.choice(everybody).ticket)
        if number == answers // 3:
            ground.kill("web")
            ground.start("web")
        elif number == answers // 2:
            ground.broker.stop()
        elif number == answers * 2 // 3:
            ground.broker.start()
        await asyncio.sleep(1 / PER_SECOND)


async def _say_goodbye(agent: Agent, everybody: list[Visitor]) -> None:
    """Once all are back, each hears one thing more, by a poke alone: by then all that was said
    before has to be there."""
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(one.back.wait() for one in everybody))
    for one in everybody:
        one.expected = len(one.said) + len(agent.given[one.ticket]) + 1
        await agent.answer(one.ticket)


async def _taken(line: Line, call: bytes, *, note: Callable[[Answer], None]) -> Answer:
    ends_at = time.monotonic() + PATIENCE
    answer = await until_ok(line, call, is_over=lambda: time.monotonic() > ends_at, note=note)
    assert answer.is_ok, (call[:60], answer)
    return answer


def _facts(everybody: list[Visitor], agent: Agent) -> dict[str, Any]:
    kept: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for ticket, number, text in agent.ground.store.rows(SAID):
        kept[ticket].append((number, text))
    wrong = [
        one.number
        for one in everybody
        if sorted(one.heard.items()) != kept[one.ticket]
        or Counter(one.heard.values()) != Counter([*one.said, *agent.given[one.ticket]])
    ]
    refused: Counter[int] = sum((one.refused for one in everybody), Counter())
    facts = {
        "visitors": len(everybody),
        "drops": sum(one.drops for one in everybody),
        "said": sum(len(one.said) for one in everybody),
        "answered": sum(len(texts) for texts in agent.given.values()),
        "missing or doubled": wrong,
        "catching up p95 s": p95([s for one in everybody for s in one.catching_up]),
        "refused": dict(refused),
    }
    assert not wrong, facts
    return facts
