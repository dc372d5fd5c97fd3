"""From a customer's message to an agent's screen."""

from __future__ import annotations

import asyncio
import time
from itertools import count

from bench.ground import Ground, Grounds
from bench.report import Figure, at_most, p95
from bench.socket_client import Tab
from bench.wire import as_fast_as_possible, at_rate, sms_call

LIMIT_MS = 50
SECONDS = 6
RATES = (100, 2)
CUSTOMERS = 700
NEW = 10
HOMES = "SELECT text, ticket_id FROM inbox_message"
_runs = count(1)


def measure(rounds: int) -> list[Figure]:
    """Webhook → rows → push to a listening socket, on PostgreSQL: p95 at both rates. Every tenth
    message is a new customer's."""
    figures: dict[int, list[float]] = {rate: [] for rate in RATES}
    with Grounds("postgresql").new(start=("web", "worker", "clock")) as ground:
        asyncio.run(_meet(ground))
        for _ in range(rounds):
            for rate in RATES:
                figures[rate].append(p95(asyncio.run(_delays(ground, rate))))
    return [
        at_most(f"webhook → socket at {rate}/s: p95", runs, "ms", limit=LIMIT_MS)
        for rate, runs in figures.items()
    ]


async def _meet(ground: Ground) -> None:
    """The customers write for the first time."""
    calls = [_call(ground, _known(number), f"meet {number}") for number in range(CUSTOMERS)]
    async with Tab(ground) as tab:
        await as_fast_as_possible(ground.port, calls, lines=8)
        await _until_told(ground, tab, CUSTOMERS)


async def _delays(ground: Ground, per_second: float) -> list[float]:
    """Milliseconds from each call's moment to the nudge for its ticket; nobody writes twice, so
    that each ticket stands for one message."""
    run, number = next(_runs), max(20, int(per_second * SECONDS))
    texts = [f"live {run} {n}" for n in range(number)]
    senders = [_known(n) if n % NEW else f"+4478{run:04}{n:04}" for n in range(number)]
    calls = [_call(ground, sender, text) for sender, text in zip(senders, texts, strict=True)]
    async with Tab(ground) as tab:
        started = time.perf_counter()
        answers = await at_rate(ground.port, calls, per_second=per_second)
        assert all(answer.is_ok for answer in answers), {answer.status for answer in answers}
        await _until_told(ground, tab, number)
    heard: dict[int, float] = {}
    for moment, said in tab.heard:
        heard.setdefault(said["ticket"], moment)
    homes = dict(ground.store.rows(HOMES))
    due = {homes[text]: started + n / per_second for n, text in enumerate(texts)}
    return [1000 * (heard[ticket] - moment) for ticket, moment in due.items()]


async def _until_told(ground: Ground, tab: Tab, tickets: int) -> None:
    deadline = time.perf_counter() + 60
    while len(tab.tickets) < tickets:
        assert time.perf_counter() < deadline, (len(tab.tickets), ground.tail("clock"))
        await asyncio.sleep(0.01)


def _call(ground: Ground, sender: str, text: str) -> bytes:
    return sms_call(ground.webhook_url, sender=sender, text=text)


def _known(number: int) -> str:
    return f"+4477009{number:05}"
