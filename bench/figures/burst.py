"""A burst through the whole pipeline: posted, in tickets, on the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count

from bench.ground import PYTHON, Ground, Grounds
from bench.report import Figure, faster, interleaved
from bench.socket_client import Tab
from bench.wire import as_fast_as_possible, sms_call

EVENTS = 2000
LINES = 32
TEXTBOOK = {
    "web": [PYTHON, "-m", "bench.textbook.server"],
    "worker": [PYTHON, "-m", "dramatiq", "bench.textbook.actors", "--processes", "1"],
}
MESSAGES = "SELECT count(*) FROM inbox_message"
NEWEST = "SELECT coalesce(max(seq), 0) FROM inbox_liveevent"
UNNUMBERED = "SELECT count(*) FROM inbox_liveevent WHERE seq IS NULL"
_rounds = count(1)


def measure(rounds: int, *, events: int = EVENTS) -> list[Figure]:
    """Events a second from the first call to the last push, beside the textbook's way, on
    PostgreSQL: the same rows by the same verb."""
    grounds = Grounds("postgresql")
    with grounds.new(has_provider=False) as desk, grounds.new(start=(), has_provider=False) as book:
        book.extra["DJANGO_SETTINGS_MODULE"] = "bench.textbook.settings"
        for part, command in TEXTBOOK.items():
            book.start(part, command=command)
        book.wait_ready("web")
        runs = interleaved(
            rounds,
            desk=lambda: asyncio.run(_burst(desk, _all_told, events)),
            book=lambda: asyncio.run(_burst(book, _each_told, events)),
        )
    name = f"burst of {events}: call → ticket → screen"
    return [faster(name, runs["desk"], runs["book"], peer="textbook pipeline", aim=3)]


async def _burst(ground: Ground, is_told: Callable[[Ground, Tab, int], bool], events: int) -> float:
    """A quarter of the messages are of new customers."""
    burst = next(_rounds)
    before = ground.store.one(MESSAGES)
    calls = [
        sms_call(
            ground.webhook_url,
            sender=f"+44{7700 + burst}{n % (events // 4):06}",
            text=f"burst {burst}, {n}",
        )
        for n in range(events)
    ]
    async with Tab(ground, says_hello=is_told is _all_told) as tab:
        tab.expected = events
        started = time.perf_counter()
        answers = await as_fast_as_possible(ground.port, calls, lines=LINES)
        assert all(answer.is_ok for answer in answers), {answer.status for answer in answers}
        while not is_told(ground, tab, before + events):
            assert time.perf_counter() < started + 300, (len(tab.heard), ground.tail("worker"))
            await asyncio.sleep(0.05)
        return events / (tab.heard[-1][0] - started)


def _all_told(ground: Ground, tab: Tab, messages: int) -> bool:
    """Every message is in a ticket and the newest number was heard."""
    if not tab.heard or time.perf_counter() - tab.heard[-1][0] < 0.1:
        return False
    if ground.store.one(MESSAGES) < messages or ground.store.one(UNNUMBERED):
        return False
    return bool(tab.last_seq == ground.store.one(NEWEST))


def _each_told(_ground: Ground, tab: Tab, _messages: int) -> bool:
    """The textbook's pushes have no number: there is one for each message."""
    return len(tab.heard) == tab.expected
