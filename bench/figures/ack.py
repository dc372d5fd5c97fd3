"""How fast a webhook is durably acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Iterator

from bench.ground import PYTHON, Ground, Grounds, run_python
from bench.report import Figure, at_most, faster, interleaved
from bench.wire import as_fast_as_possible, at_rate, sms_call

CALLS = 1500
LINES = 64
LIMIT_MS = 250
STOCK = [PYTHON, "-m", "bench.textbook.server"]
ALONE = [PYTHON, "-m", "bench.door_alone"]


def measure(rounds: int) -> list[Figure]:
    """The desk's door beside a stock view and beside bare INSERT + COMMIT, on PostgreSQL."""
    grounds = Grounds("postgresql")
    with _web(grounds, ALONE) as door, _web(grounds, STOCK) as stock, _desk(grounds) as desk:
        runs = interleaved(
            rounds,
            desk=lambda: _rate(desk, "webhooks"),
            door=lambda: _rate(door, "webhooks"),
            stock=lambda: _rate(stock, "stored"),
            bare=lambda: _bare(door),
        )
        slowest = [_p99(desk) for _ in range(rounds)]
    bare = "bare INSERT + COMMIT on one connection"
    return [
        faster(
            "ack, while the desk works off", runs["desk"], runs["stock"], peer="stock view", aim=4
        ),
        faster("ack, the door alone", runs["door"], runs["stock"], peer="stock view", aim=4),
        faster("ack, the door alone", runs["door"], runs["bare"], peer=bare, aim=0.6),
        at_most("ack at 100/s, no worker: p99", slowest, "ms", limit=LIMIT_MS),
    ]


@contextlib.contextmanager
def _web(grounds: Grounds, command: list[str]) -> Iterator[Ground]:
    with grounds.new(start=(), has_provider=False) as ground:
        ground.start("web", command=command)
        ground.wait_ready("web")
        yield ground


@contextlib.contextmanager
def _desk(grounds: Grounds) -> Iterator[Ground]:
    with grounds.new(start=("web",), has_provider=False) as ground:
        yield ground


def _rate(ground: Ground, path: str) -> float:
    """Acknowledged calls a second, as many at a time as there are lines."""
    url = f"{ground.url}/{path}/{ground.grounds.desk['sms']}/"
    calls = [sms_call(url, sender=f"+4477009{n % 500:05}", text=f"event {n}") for n in range(CALLS)]
    asyncio.run(as_fast_as_possible(ground.port, calls[:LINES], lines=LINES))
    started = time.perf_counter()
    answers = asyncio.run(as_fast_as_possible(ground.port, calls[LINES:], lines=LINES))
    rate = len(answers) / (time.perf_counter() - started)
    assert all(answer.is_ok for answer in answers), {answer.status for answer in answers}
    ground.store.rows("UPDATE channels_app_inboundevent SET state = 'processed'")
    return rate


def _bare(ground: Ground) -> float:
    """The same row, one INSERT and COMMIT after the other, from a process of its own."""
    said = run_python(
        "-m", "bench.bare", ground.store.url, str(CALLS), environment=ground.environment
    )
    return float(said)


def _p99(ground: Ground) -> float:
    calls = [
        sms_call(ground.webhook_url, sender=f"+4477009{n % 500:05}", text="hello")
        for n in range(500)
    ]
    answers = asyncio.run(at_rate(ground.port, calls, per_second=100))
    assert all(answer.is_ok for answer in answers), {answer.status for answer in answers}
    return 1000 * statistics.quantiles([answer.seconds for answer in answers], n=100)[98]
