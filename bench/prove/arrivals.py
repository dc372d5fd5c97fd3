"""What arrives twice, at once, or kills whoever reads it."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from bench.deadly.sitecustomize import DEADLY
from bench.ground import ROOT, Ground, Grounds, run_python, wait_until
from bench.prove.traffic import left_over, settle
from bench.wire import as_fast_as_possible, at_rate, sms_call

COPIES_AT_ONCE = 8
MAX_CRASHES = 5
PILL = "SELECT state, attempts FROM channels_app_inboundevent"
FREED = """
    UPDATE channels_app_inboundevent SET leased_until = {} WHERE state = 'received' AND attempts > 0
"""


def duplicates(grounds: Grounds, *, events: int) -> dict[str, Any]:
    """Every event comes one to five times, eight calls in parallel, in any order; of each second
    one a copy says something else about itself, so that only its id shows what it is."""
    dice = random.Random(1)
    with grounds.new() as ground:
        repeated = [call for number in range(events) for call in _copies(ground, number, dice)]
        dice.shuffle(repeated)
        answers = asyncio.run(as_fast_as_possible(ground.port, repeated, lines=COPIES_AT_ONCE))
        settle(ground)
        facts = {"events": events, "calls": len(repeated), **_counts(ground)}
    facts["not 2xx"] = sum(not answer.is_ok for answer in answers)
    assert facts["messages"] == events < facts["journal"] <= 2 * events, facts
    assert not facts["not 2xx"], facts
    return facts


def first_contact(grounds: Grounds, *, pairs: int) -> dict[str, Any]:
    """A new customer's first two messages come at once: one ticket, not two. So do the next two,
    long after it was resolved."""
    with grounds.new(start=()) as ground:
        said = run_python("-m", "bench.pairs", str(pairs), environment=ground.environment)
    facts = {"pairs": pairs, **json.loads(said)}
    assert (facts["Customer"], facts["Ticket"]) == (pairs, 2 * pairs), facts
    assert facts["Message"] == 4 * pairs, facts
    assert not facts["errors"], facts
    return facts


def ack_in_time(grounds: Grounds, *, calls: int, limit_ms: int) -> dict[str, Any]:
    """A hundred webhooks a second while no worker runs: answered in time, with 2xx only."""
    with grounds.new(start=("web", "clock")) as ground:
        asyncio.run(as_fast_as_possible(ground.port, [_call(ground, -1)], lines=1))
        requests = [_call(ground, number) for number in range(calls)]
        answers = asyncio.run(at_rate(ground.port, requests, per_second=100))
    milliseconds = [1000 * answer.seconds for answer in answers]
    cuts = statistics.quantiles(milliseconds, n=100)
    facts = {"calls": calls, "p50 ms": cuts[49], "p99 ms": cuts[98], "max ms": max(milliseconds)}
    facts["not 2xx"] = sum(not answer.is_ok for answer in answers)
    assert not facts["not 2xx"], facts
    assert facts["p99 ms"] <= limit_ms, facts
    return facts


def web_gone(grounds: Grounds, *, calls: int) -> dict[str, Any]:
    """The web process dies with acknowledged messages in its hands and does not come back: the
    clock finds them and a worker puts them into tickets."""
    with grounds.new(start=("worker", "clock")) as ground:
        ground.start("web", PARLEY_CRASH_AT="claimed:2")
        ground.wait_ready("web", "worker", "clock")
        requests = [_call(ground, number) for number in range(calls)]
        answers = asyncio.run(as_fast_as_possible(ground.port, requests, lines=4))
        wait_until(lambda: ground.is_dead("web"), seconds=60, what="the web process is dead")
        del ground.processes["web"]
        taken = sum(answer.is_ok for answer in answers)
        settled = settle(ground)
        facts = {"taken": taken, "settled after s": settled, **_counts(ground)}
    assert 0 < taken <= facts["messages"] == facts["journal"], facts
    return facts


def poison(grounds: Grounds, *, after: int, within: float) -> dict[str, Any]:
    """A message that kills whoever reads it: held after five crashes with its reason, the next
    ones pass; replayed by two at once after the bug was mended, it comes once."""
    with grounds.new(start=()) as ground:
        ground.extra["PYTHONPATH"] = f"{ROOT / 'bench' / 'deadly'}:{ROOT}"
        _start_all(ground)
        pill = sms_call(ground.webhook_url, sender=DEADLY, text="poison")
        asyncio.run(as_fast_as_possible(ground.port, [pill], lines=1))
        crashes = _revive_until_held(ground)
        passed_after = _pass(ground, after)
        reason = ground.store.one(
            "SELECT error FROM channels_app_inboundevent WHERE state = 'held'"
        )
        facts = {"crashes": crashes, "reason": reason, "next passed after s": passed_after}
        facts |= _replay_twice(ground)
    assert crashes <= MAX_CRASHES, facts
    assert reason, facts
    assert passed_after <= within, facts
    assert facts["messages"] == after + 1, facts
    return facts


def _call(ground: Ground, number: int) -> bytes:
    sender = f"+4477009{number % 500:05}"
    token = str(uuid4())
    return sms_call(ground.webhook_url, sender=sender, text=f"event {number}", token=token)


def _copies(ground: Ground, number: int, dice: random.Random) -> list[bytes]:
    """The calls of one event."""
    said = {"sender": f"+4477009{number % 500:05}", "text": f"event {number}"}
    ids = {"sid": f"SM{uuid4().hex}", "token": str(uuid4())}
    same = [sms_call(ground.webhook_url, **said, **ids)] * dice.randint(1, 5)
    ids["token"] = str(uuid4())
    return [*same, sms_call(ground.webhook_url, **said, **ids, zone="2")] if number % 2 else same


def _counts(ground: Ground) -> dict[str, int]:
    return {
        "messages": ground.store.one("SELECT count(*) FROM inbox_message"),
        "journal": ground.store.one("SELECT count(*) FROM channels_app_inboundevent"),
    }


def _start_all(ground: Ground) -> None:
    for part in ("web", "worker", "clock"):
        ground.start(part)
    ground.wait_ready("web", "worker", "clock")


def _revive_until_held(ground: Ground) -> int:
    """Whoever dies is started again; the lease of the dead is skipped. How many died."""
    deadline = time.monotonic() + 300
    state, claims = "received", 0
    while state != "held" or claims > sum(ground.deaths.values()):
        for part in tuple(ground.processes):
            ground.revive(part)
        ((state, claims),) = ground.store.rows(PILL)
        if claims == sum(ground.deaths.values()):
            ground.store.rows(FREED.format(ground.store.earlier("CURRENT_TIMESTAMP", 1)))
        assert time.monotonic() < deadline, left_over(ground)
        time.sleep(0.05)
    return sum(ground.deaths.values())


def _pass(ground: Ground, number: int) -> float:
    """Seconds from the first of the next messages to the last one in its ticket."""
    ground.wait_ready("web", "worker", "clock")
    started = time.monotonic()
    calls = [_call(ground, one) for one in range(number)]
    asyncio.run(as_fast_as_possible(ground.port, calls, lines=4))
    messages = "SELECT count(*) FROM inbox_message"
    wait_until(lambda: ground.store.one(messages) == number, seconds=300, what="the next passed")
    return time.monotonic() - started


def _replay_twice(ground: Ground) -> dict[str, Any]:
    ground.extra.clear()
    for part in tuple(ground.processes):
        ground.stop(part)
    _start_all(ground)
    command = ("manage.py", "replay_events", "--json")
    with ThreadPoolExecutor() as pool:
        said = pool.map(lambda _: run_python(*command, environment=ground.environment), range(2))
        replayed = sum(json.loads(one)["replayed"] for one in said)
    settle(ground)
    run_python(*command, environment=ground.environment)
    settle(ground)
    return {"replayed": replayed, **_counts(ground)}
