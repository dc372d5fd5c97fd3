"""One ear per process: it hears of an event once and hands it to every socket that may know.

The rows say what happened, the broker only rings: a lost ring costs a second, never an event.
Sockets are served without waiting for any of them; one that can't keep up is dropped and
catches up by its cursor when it comes back.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio as aioredis
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError
from django.db.models import Max
from django.utils import timezone
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from inbox import live
from inbox.listener import Listener
from inbox.models import LiveEvent

logger = logging.getLogger(__name__)

BATCH = 500
SERVED_AT_A_STRETCH = 250
SECONDS_WITHOUT_A_BELL = 1.0
PAUSE_AFTER_FAILURE = 1.0
SECONDS_BETWEEN_SESSION_CHECKS = 30.0


class Fanout:
    """The sockets of this process and the one subscription they share."""

    def __init__(self) -> None:
        self.seq = 0
        self._groups: defaultdict[str, set[Listener]] = defaultdict(set)
        self._watchers: defaultdict[int, set[Listener]] = defaultdict(set)
        self._listeners: set[Listener] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def join(self, listener: Listener, groups: frozenset[str], *, seq: int) -> bool:
        """Let a socket hear everything after `seq`, up to which it was told already. False when
        newer things have been passed on since: it must catch up first."""
        if not self._tasks:
            self.seq = seq
            self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._check())]
        elif self.seq > seq:
            return False
        listener.groups, listener.seq = groups, seq
        self._listeners.add(listener)
        for group in groups:
            self._groups[group].add(listener)
        return True

    async def join_from_now(self, listener: Listener, groups: frozenset[str]) -> None:
        """Let a socket that reads everything anew by itself hear what comes from now on."""
        while not self.join(listener, groups, seq=await in_thread(_newest)()):
            pass

    def leave(self, listener: Listener) -> None:
        """Let it hear nothing more."""
        self.watch(listener, frozenset())
        for group in listener.groups:
            _remove(self._groups, group, listener)
        listener.groups = frozenset()
        self._listeners.discard(listener)
        if not self._listeners:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    def watch(self, listener: Listener, tickets: frozenset[int]) -> None:
        """Let it hear what is whispered about exactly these tickets."""
        for ticket in listener.watching - tickets:
            _remove(self._watchers, ticket, listener)
        for ticket in tickets - listener.watching:
            self._watchers[ticket].add(listener)
        listener.watching = tickets

    async def _run(self) -> None:
        while True:
            try:
                await self._read()
                await self._listen()
            except (RedisError, OSError, OperationalError, InterfaceError) as error:
                logger.warning("fanout_interrupted", extra={"error": type(error).__name__})
            await asyncio.sleep(PAUSE_AFTER_FAILURE)

    async def _listen(self) -> None:
        client = aioredis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1)
        async with client, client.pubsub(ignore_subscribe_messages=True) as ear:
            await ear.subscribe(live.NUMBERED, live.WHISPERS)
            while True:
                await self._read()
                await self._hear(ear)

    async def _hear(self, ear: PubSub) -> None:
        """Pass on what is whispered until the bell rings, for a second at most: those who type
        without a pause keep nobody from what was written."""
        deadline = time.monotonic() + SECONDS_WITHOUT_A_BELL
        while (left := deadline - time.monotonic()) > 0:
            said = await ear.get_message(timeout=left)
            if said and said["channel"].decode() == live.NUMBERED:
                return
            if said:
                self._whisper(json.loads(said["data"]))

    async def _read(self) -> None:
        """Pass on what has been numbered since."""
        while True:
            events = await in_thread(_events)(self.seq)
            for event in events:
                await self._tell(event)
            if len(events) < BATCH:
                return

    async def _tell(self, event: LiveEvent) -> None:
        self.seq = event.seq or 0
        if event.kind == "access":
            return self._ask_again(self._of(event.audience))
        frame = live.frame(event.poke)
        for number, listener in enumerate(self._of(event.audience), start=1):
            if listener.seq < self.seq:
                listener.seq = self.seq
                self._hand(listener, frame)
            if number % SERVED_AT_A_STRETCH == 0:
                await asyncio.sleep(0)  # pages are served by this loop too
        return None

    def _whisper(self, said: dict[str, Any]) -> None:
        groups = frozenset(said["groups"])
        ticket = said["ticket"]
        listeners = self._of(groups) if ticket is None else list(self._watchers.get(ticket, ()))
        frame = live.frame(said["say"])
        for listener in listeners:
            if groups & listener.groups:
                self._hand(listener, frame)

    def _hand(self, listener: Listener, frame: str) -> None:
        if not listener.hand(frame):
            self.leave(listener)
            listener.too_slow()

    def _of(self, groups: Iterable[str]) -> list[Listener]:
        found = [self._groups[group] for group in groups if group in self._groups]
        return list(found[0]) if len(found) == 1 else list(set().union(*found))

    async def _check(self) -> None:
        """Sessions also end where nobody says so: they expire, or are signed out from afar."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_SESSION_CHECKS)
            keys = list({one.session_key for one in self._listeners})
            try:
                lasting = await in_thread(_lasting)(keys)
            except (OperationalError, InterfaceError):
                continue  # the other task says so in the log
            self._ask_again([one for one in self._listeners if one.session_key not in lasting])

    def _ask_again(self, listeners: Iterable[Listener]) -> None:
        """They hear nothing more until they have shown that they still may."""
        for listener in listeners:
            self.leave(listener)
            listener.access_changed()


def fanout() -> Fanout:
    """The one of this process (of its event loop, to be exact)."""
    return _fanouts.setdefault(asyncio.get_running_loop(), Fanout())


def in_thread[**P, T](ask: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Ask the database or the broker without holding up this loop, several at a time."""
    return database_sync_to_async(ask, thread_sensitive=False)


_fanouts: WeakKeyDictionary[asyncio.AbstractEventLoop, Fanout] = WeakKeyDictionary()


def _events(after: int) -> list[LiveEvent]:
    return list(LiveEvent.objects.filter(seq__gt=after).order_by("seq")[:BATCH])


def _newest() -> int:
    return LiveEvent.objects.aggregate(newest=Max("seq"))["newest"] or 0


def _lasting(keys: list[str]) -> set[str]:
    """The sessions among these that go on; visitors, who have none, do too."""
    lasting = {""}
    for start in range(0, len(keys), BATCH):
        found = Session.objects.filter(
            session_key__in=keys[start : start + BATCH], expire_date__gt=timezone.now()
        )
        lasting.update(found.values_list("session_key", flat=True))
    return lasting


def _remove[Key](places: dict[Key, set[Listener]], key: Key, listener: Listener) -> None:
    places[key].discard(listener)
    if not places[key]:
        del places[key]
