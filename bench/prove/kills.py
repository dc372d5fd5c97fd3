"""SIGKILL in the middle of bursts and sends: each acknowledged message exactly once, each
answer sent once or shown uncertain."""

from __future__ import annotations

import random
import time
from collections import deque
from typing import Any

from bench.ground import Ground, Grounds
from bench.prove.traffic import Traffic, check, open_calls, settle

POINTS = {
    "web": [
        *("event-stored", "claimed", "parsed", "message-recorded", "event-processed"),
        "reply-committed",
    ],
    "worker": ["delivery-claimed", "attempt-written", "provider-answered", "receipt-recorded"],
}
SECONDS_A_POINT = 120  # a busy machine takes its time; only a process that never dies is a fault


def crash_points(grounds: Grounds, *, rounds: int, skips: bool, seed: int = 1) -> dict[str, Any]:
    """Every named point kills its process at one of its first three visits, `rounds` times."""
    dice = random.Random(seed)
    waiting = {part: deque(_shuffled(points * rounds, dice)) for part, points in POINTS.items()}
    due = {part: len(points) for part, points in waiting.items()}
    with grounds.new(start=("clock",)) as ground:
        for part in POINTS:
            ground.start(part, **_next(waiting[part], dice))
        with Traffic(ground, seed=seed) as traffic:
            in_flight = _die_at_each(ground, waiting, due, dice)
        settle(ground, skips=skips, seconds=60 if skips else 400)
        facts = check(ground, traffic, in_flight=in_flight)
    assert facts["deaths"] == due, facts
    return facts


def blind_kills(
    grounds: Grounds, *, seconds: float, seeds: int, skips: bool, parts: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Any process is killed at any moment, again and again; once for every seed."""
    runs = [_blindly(grounds, seed, seconds, skips, parts) for seed in range(1, seeds + 1)]
    return runs[0] if len(runs) == 1 else {f"seed {n}": run for n, run in enumerate(runs, start=1)}


def worker_kills(grounds: Grounds, *, seconds: float, skips: bool) -> dict[str, Any]:
    """The worker alone is killed every few seconds."""
    return blind_kills(grounds, seconds=seconds, seeds=1, skips=skips, parts=("worker",))


def _blindly(
    grounds: Grounds, seed: int, seconds: float, skips: bool, parts: tuple[str, ...]
) -> dict[str, Any]:
    dice = random.Random(seed)
    in_flight = 0
    with grounds.new(pace=0.02) as ground:
        with Traffic(ground, seed=seed, customers=200, per_second=100) as traffic:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(dice.uniform(0.3, 2.5))
                part = dice.choice(parts or ("web", "worker", "clock"))
                ground.kill(part)
                in_flight += open_calls(ground)
                ground.start(part)
        settle(ground, skips=skips, seconds=60 if skips else 400)
        return check(ground, traffic, in_flight=in_flight)


def _die_at_each(
    ground: Ground, waiting: dict[str, deque[str]], due: dict[str, int], dice: random.Random
) -> int:
    """Start whoever died with the next point to die at; the calls that were in flight then."""
    in_flight = 0
    deadline = time.monotonic() + SECONDS_A_POINT * max(due.values())
    while ground.deaths != due:
        for part in POINTS:
            if ground.is_dead(part):
                in_flight += open_calls(ground)
                ground.revive(part, **_next(waiting[part], dice))
        assert time.monotonic() < deadline, (dict(ground.deaths), waiting, ground.tail("worker"))
        time.sleep(0.02)
    return in_flight


def _next(points: deque[str], dice: random.Random) -> dict[str, str]:
    return {"PARLEY_CRASH_AT": f"{points.popleft()}:{dice.randint(1, 3)}"} if points else {}


def _shuffled(points: list[str], dice: random.Random) -> list[str]:
    return dice.sample(points, len(points))
