"""Customers who write and agents who answer, whatever breaks; and the ledger of what each of
them was told."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.ground import Ground
from bench.wire import Answer, Line, reply_call, sms_call, until_ok

PAUSE_AFTER_TROUBLE = 0.2
SECONDS_BEFORE_A_SKIP = 3


@dataclass
class Ledger:
    """What became of each text: taken, or nobody knows; and how often which status refused."""

    taken: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    refused: Counter[int] = field(default_factory=Counter)

    def end(self, text: str, answer: Answer) -> None:
        """Write down how the last call for a text ended."""
        (self.taken if answer.is_ok else self.unknown).add(text)

    def note(self, answer: Answer) -> None:
        """Count a refusal."""
        if answer.status and not answer.is_ok:
            self.refused[answer.status] += 1


class Traffic:
    """Runs from `with` to the end of its block, in a thread of its own.

    Every second call is repeated until it is taken, as a provider or a browser would; the
    others are made once.
    """

    def __init__(
        self, ground: Ground, *, seed: int = 0, customers: int = 20, writers: int = 4,
        agents: int = 2, per_second: float = 60.0,
    ) -> None:  # fmt: skip
        self.ground = ground
        self.said, self.answered = Ledger(), Ledger()
        self.customers, self.writers, self.agents = customers, writers, agents
        self.pause = (writers + agents) / per_second
        self.random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._tickets: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(90)
        assert not self._thread.is_alive(), "the traffic did not come to an end"

    async def _run(self) -> None:
        writers = [self._write() for _ in range(self.writers)]
        agents = [self._answer(number) for number in range(self.agents)]
        await asyncio.gather(self._watch_tickets(), *writers, *agents)

    async def _write(self) -> None:
        line = Line(self.ground.port)
        while not self._over.is_set():
            number = next(self._numbers)
            sender = f"+4477009{self.random.randrange(self.customers):05}"
            text = f"question {number}"
            call = sms_call(self.ground.webhook_url, sender=sender, text=text)
            await self._make(line, call, text, number, self.said)
        line.close()

    async def _answer(self, agent: int) -> None:
        line, token = Line(self.ground.port), self.ground.grounds.desk["tokens"][agent]
        while not self._over.is_set():
            if not self._tickets:
                await asyncio.sleep(0.05)
                continue
            number = next(self._numbers)
            ticket, text = self.random.choice(self._tickets), f"answer {number}"
            url = f"{self.ground.url}/api/v1/tickets/{ticket}/messages/"
            call = reply_call(url, token=token, key=f"key-{number}", text=text)
            await self._make(line, call, text, number, self.answered)
        line.close()

    async def _make(self, line: Line, call: bytes, text: str, number: int, ledger: Ledger) -> None:
        is_patient = number % 2
        is_over = self._is_long_over if is_patient else lambda: True
        answer = await until_ok(line, call, is_over=is_over, note=ledger.note)
        ledger.end(text, answer)
        await asyncio.sleep(self.pause if answer.is_ok else PAUSE_AFTER_TROUBLE)

    def _is_long_over(self) -> bool:
        """The desk gets half a minute to come back before even the patient give up."""
        if not self._over.is_set():
            self._gives_up_at = time.monotonic() + 30
            return False
        return time.monotonic() > self._gives_up_at

    _gives_up_at = float("inf")

    async def _watch_tickets(self) -> None:
        while not self._over.is_set():
            self._tickets = await asyncio.to_thread(self._known_tickets)
            await asyncio.sleep(0.3)

    def _known_tickets(self) -> list[int]:
        try:
            return [number for (number,) in self.ground.store.rows(TICKETS)]
        except Exception:  # noqa: BLE001 (whatever the driver raises while its server is away)
            return self._tickets


TICKETS = "SELECT number FROM inbox_ticket"
WAITING = """
    SELECT (SELECT count(*) FROM channels_app_inboundevent WHERE state = 'received')
         + (SELECT count(*) FROM inbox_message WHERE status IN ('queued', 'sending'))
         + (SELECT count(*) FROM inbox_liveevent WHERE seq IS NULL)
"""
GAPS = """
    SELECT number, last_position, (
        SELECT count(DISTINCT position) FROM (
            SELECT position FROM inbox_message WHERE ticket_id = number
            UNION ALL SELECT position FROM inbox_activity WHERE ticket_id = number
            UNION ALL SELECT position FROM inbox_note WHERE ticket_id = number
        ) AS places
    ) AS filled FROM inbox_ticket
"""


def settle(ground: Ground, *, seconds: float = 60, skips: bool = True) -> float:
    """Wait until nothing is left to do: the seconds that took. With `skips` the minutes for
    which lost answers are looked for are skipped, not waited for. What ended by itself is
    started again."""
    started, skipped = time.monotonic(), time.monotonic()
    while ground.store.one(WAITING):
        now = time.monotonic()
        if now - started > seconds:
            raise TimeoutError(f"not settled: {left_over(ground)}")
        if skips and now - skipped > SECONDS_BEFORE_A_SKIP:
            ground.skip_lost_calls()
            skipped = now
        ground.revive_ended()
        time.sleep(0.05)
    return time.monotonic() - started


def left_over(ground: Ground) -> dict[str, Any]:
    """What is still to be done, for the report of a failure."""
    events = (
        "SELECT state, attempts, error, count(*) FROM channels_app_inboundevent GROUP BY 1, 2, 3"
    )
    messages = "SELECT status, attempts, error_text, count(*) FROM inbox_message GROUP BY 1, 2, 3"
    logs = {part: ground.tail(part) for part in ("web", "worker", "clock")}
    return {"events": ground.store.rows(events), "messages": ground.store.rows(messages)} | logs


def open_calls(ground: Ground) -> int:
    """Calls to the provider whose outcome is not written down."""
    return ground.store.one("SELECT count(*) FROM inbox_deliveryattempt WHERE outcome = 'open'")


def check(ground: Ground, traffic: Traffic, *, in_flight: int) -> dict[str, Any]:
    """What the ledgers, the rows and the provider's own book say together. Raises AssertionError
    for anything lost or doubled, and for more uncertain answers than calls were in flight."""
    inbound = Counter(text for (text,) in ground.store.rows(SAID))
    outbound = dict(ground.store.rows(ANSWERED))
    sent = Counter(sms.body for sms in ground.provider.accepted)
    said, answered = traffic.said, traffic.answered
    facts = {
        "customers' messages taken": len(said.taken),
        "… nobody knows": len(said.unknown),
        "… lost": sorted(said.taken - set(inbound)),
        "… doubled": sorted(text for text, times in inbound.items() if times > 1),
        "… from nowhere": sorted(set(inbound) - said.taken - said.unknown),
        "answers taken": len(answered.taken),
        "answers nobody knows": len(answered.unknown),
        "answers lost": sorted(answered.taken - set(outbound)),
        "answers sent twice": sorted(text for text, times in sent.items() if times > 1),
        "called sent, never sent": _called_sent(outbound) - set(sent),
        "called failed": dict(Counter(s for s in outbound.values() if s == "failed")),
        "uncertain": sum(status == "uncertain" for status in outbound.values()),
        "calls in flight at a kill": in_flight,
        "positions with gaps": [row for row in ground.store.rows(GAPS) if row[1] != row[2]],
        "refused": dict(said.refused + answered.refused),
        "deaths": dict(ground.deaths),
    }
    wrong = [name for name in MUST_BE_EMPTY if facts[name]]
    assert not wrong, {name: facts[name] for name in wrong} | {"facts": facts}
    assert facts["uncertain"] <= in_flight, facts
    assert said.taken, facts
    return facts


SAID = "SELECT text FROM inbox_message WHERE direction = 'inbound'"
ANSWERED = "SELECT text, status FROM inbox_message WHERE direction = 'outbound'"
MUST_BE_EMPTY = (
    "… lost", "… doubled", "… from nowhere", "answers lost", "answers sent twice",
    "called sent, never sent", "called failed", "positions with gaps",
)  # fmt: skip


def _called_sent(outbound: dict[str, str]) -> set[str]:
    return {text for text, status in outbound.items() if status in ("sent", "delivered", "read")}
