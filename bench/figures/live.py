"""From a customer's message to an agent's screen."""

from __future__ import annotations

import asyncio
import time
from itertools import count

from bench.ground import Ground, Grounds
from bench.report import Figure, at_most, p95
from bench.socket_client import Tab
from bench.wire import at_rate, sms_call

LIMIT_MS = 50
SECONDS = 6
RATES = (100, 2)
HOMES = "SELECT text, ticket_id FROM inbox_message"
_numbers = count(1)


def measure(rounds: int) -> list[Figure]:
    """Webhook → rows → push to a listening socket, on PostgreSQL: p95 at both rates."""
    figures: dict[int, list[float]] = {rate: [] for rate in RATES}
    with Grounds("postgresql").new(start=("web", "worker", "clock")) as ground:
        _delays(ground, per_second=20)  # warms up
        for _ in range(rounds):
            for rate in RATES:
                figures[rate].append(p95(_delays(ground, per_second=rate)))
    return [
        at_most(f"webhook → socket at {rate}/s: p95", runs, "ms", limit=LIMIT_MS)
        for rate, runs in figures.items()
    ]


def _delays(ground: Ground, *, per_second: float) -> list[float]:
    return asyncio.run(_listen(ground, per_second))


async def _listen(ground: Ground, per_second: float) -> list[float]:
    """Milliseconds from each call's moment to the nudge for its ticket; every sender is new, so
    that each message is one ticket."""
    number = max(20, int(per_second * SECONDS))
    texts = [f"live {next(_numbers)}" for _ in range(number)]
    calls = [
        sms_call(ground.webhook_url, sender=f"+4477{text.split()[1]:0>8}", text=text)
        for text in texts
    ]
    async with Tab(ground) as tab:
        started = time.perf_counter()
        answers = await at_rate(ground.port, calls, per_second=per_second)
        assert all(answer.is_ok for answer in answers)
        deadline = time.perf_counter() + 30
        while len(tab.tickets) < number:
            assert time.perf_counter() < deadline, (len(tab.heard), ground.tail("clock"))
            await asyncio.sleep(0.01)
    heard: dict[int, float] = {}
    for moment, said in tab.heard:
        heard.setdefault(said["ticket"], moment)
    homes = dict(ground.store.rows(HOMES))
    due = {homes[text]: started + n / per_second for n, text in enumerate(texts)}
    return [1000 * (heard[ticket] - moment) for ticket, moment in due.items()]
