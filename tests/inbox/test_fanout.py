"""One ear per process, many sockets: nothing missing, nothing doubled, nobody held up."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator

import pytest
import redis
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session

from inbox import fanout as module
from inbox import live, relay
from inbox.fanout import Fanout, fanout
from inbox.listener import MOST_WAITING, Listener
from inbox.models import Agent
from tests.inbox.tabs import Socket, event, open_tab, publish, socket_of

pytestmark = pytest.mark.django_db(transaction=True)
EVERYONE = frozenset({"everyone"})


class Ear:
    """A socket made of memory; `is_stuck` while its other end reads nothing."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.calls: list[str] = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.listener = Listener(
            self._take,
            access_changed=lambda: self.calls.append("access"),
            too_slow=lambda: self.calls.append("slow"),
        )

    async def _take(self, frame: str) -> None:
        await self.is_open.wait()
        self.heard.append(json.loads(frame)["seq"])


@pytest.fixture
async def hall() -> AsyncIterator[Fanout]:
    hall = fanout()
    yield hall
    for listener in list(hall._listeners):
        hall.leave(listener)
    await asyncio.sleep(0)


async def until(found: object) -> None:
    for _ in range(300):
        if found():  # type: ignore[operator]
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came to that")


async def test_each_hears_once_what_is_for_its_groups(hall: Fanout) -> None:
    everyone, team, both = Ear(), Ear(), Ear()
    hall.join(everyone.listener, EVERYONE, seq=0)
    hall.join(team.listener, frozenset({"team.1"}), seq=0)
    hall.join(both.listener, EVERYONE | {"team.1"}, seq=1)
    await publish("everyone")
    await publish("team.1")
    await publish("everyone", "team.1")
    await until(lambda: both.heard[-1:] == [3])
    assert (everyone.heard, team.heard, both.heard) == ([1, 3], [2, 3], [2, 3])


async def test_a_socket_that_reads_nothing_holds_up_nobody_and_is_dropped(hall: Fanout) -> None:
    stuck, quick = Ear(), Ear()
    stuck.is_open.clear()
    for ear in (stuck, quick):
        hall.join(ear.listener, EVERYONE, seq=0)

    def happen() -> None:
        for _ in range(MOST_WAITING + 10):
            event(["everyone"])
        relay.pass_on()

    await sync_to_async(happen)()
    await until(lambda: len(quick.heard) == MOST_WAITING + 10)
    assert (stuck.calls, stuck.heard, quick.calls) == (["slow"], [], [])
    assert stuck.listener not in hall._listeners


async def test_who_is_behind_may_not_sit_down_before_catching_up(hall: Fanout) -> None:
    ear, late = Ear(), Ear()
    hall.join(ear.listener, EVERYONE, seq=0)
    await publish("everyone")
    await until(lambda: ear.heard == [1])
    assert not hall.join(late.listener, EVERYONE, seq=0)
    assert hall.join(late.listener, EVERYONE, seq=1)


async def test_without_a_broker_events_arrive_all_the_same(
    hall: Fanout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(module.aioredis.Redis, "from_url", away)
    monkeypatch.setattr(live, "broker", away)
    monkeypatch.setattr(module, "PAUSE_AFTER_FAILURE", 0.1)
    ear = Ear()
    hall.join(ear.listener, EVERYONE, seq=0)
    await publish("everyone")
    await until(lambda: ear.heard == [1])


async def test_a_lost_ring_costs_a_moment_and_no_event(hall: Fanout) -> None:
    ear = Ear()
    hall.join(ear.listener, EVERYONE, seq=0)
    await publish("everyone")
    await until(lambda: ear.heard == [1])
    await sync_to_async(event)(["everyone"])
    await sync_to_async(relay.give_order)()
    await until(lambda: ear.heard == [1, 2])


async def test_those_who_whisper_without_a_pause_hold_up_no_event(hall: Fanout) -> None:
    ear = Ear()
    hall.join(ear.listener, EVERYONE, seq=0)
    hall.watch(ear.listener, frozenset({7}))
    await publish("everyone")
    await until(lambda: ear.heard == [1])
    await sync_to_async(event)(["everyone"])
    await sync_to_async(relay.give_order)()  # and the ring is lost
    for _ in range(150):
        live.whisper(["everyone"], {"seq": 0}, ticket=7)
        await asyncio.sleep(0.02)
        if 2 in ear.heard:
            return
    pytest.fail("whispers kept it away")


async def test_whispers_reach_those_who_show_the_ticket_and_may_see_it(hall: Fanout) -> None:
    shows, elsewhere, shut_out = Ear(), Ear(), Ear()
    for ear, groups in ((shows, EVERYONE), (elsewhere, EVERYONE), (shut_out, frozenset({"x"}))):
        hall.join(ear.listener, groups, seq=0)
    hall.watch(shows.listener, frozenset({7}))
    hall.watch(shut_out.listener, frozenset({7}))
    await asyncio.sleep(0.3)
    live.whisper(["everyone"], {"seq": 99}, ticket=7)
    await until(lambda: shows.heard == [99])
    assert (elsewhere.heard, shut_out.heard) == ([], [])


async def test_a_session_that_ended_where_nobody_said_so_is_found_out(
    grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS_BETWEEN_SESSION_CHECKS", 0.2)
    tab = await open_tab(grace)
    await sync_to_async(Session.objects.all().delete)()
    assert await tab.is_closed()
    await tab.disconnect()


async def test_nothing_is_left_running_when_the_last_one_leaves(hall: Fanout) -> None:
    ear = Ear()
    hall.join(ear.listener, EVERYONE, seq=0)
    hall.leave(ear.listener)
    assert (hall._tasks, dict(hall._groups), dict(hall._watchers)) == ([], {}, {})


@pytest.mark.slow
async def test_of_sockets_dropped_at_random_none_misses_or_doubles_anything(
    grace: Agent, heidi: Agent
) -> None:
    chance = random.Random(7)
    clients = [Client(chance.choice([grace, heidi])) for _ in range(12)]
    events = 60
    running = [asyncio.create_task(client.live(events, chance)) for client in clients]
    for number in range(events):
        await publish("everyone", ticket=number)
        await asyncio.sleep(0.01)
    await asyncio.wait_for(asyncio.gather(*running), 60)
    for client in clients:
        assert client.heard == list(range(events))


class Client:
    """A browser that keeps a cursor and loses its socket again and again."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.cursor = 0
        self.heard: list[int] = []

    async def live(self, events: int, chance: random.Random) -> None:
        while len(self.heard) < events:
            socket: Socket = await sync_to_async(socket_of)(self.agent)
            await socket.connect()
            await socket.say(json.dumps({"type": "hello", "last_seq": self.cursor}))
            for _ in range(chance.randint(1, 25)):
                if len(self.heard) == events:
                    break
                self._take(await socket.hear())
            await socket.disconnect()

    def _take(self, said: dict[str, int]) -> None:
        if said.get("ticket") is not None:
            self.heard.append(said["ticket"])
        self.cursor = max(self.cursor, said["seq"])
