"""A thousand screens at once: how late the last one hears, and what silence costs."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import psycopg
import redis

from bench.ears import Ear, hang_up, last_heard, open_ears, quiet, until_said
from bench.ground import PYTHON, ROOT, Ground, Grounds
from bench.report import Figure, at_most, faster
from tests.services import free_port

TOLD, SILENT = 1000, 5000
AIM = 1 / 3
KB_EACH, CPU_PERCENT = 40, 1.0
SECONDS_OF_SILENCE = 185  # once around the pings
HELLO = b'{"type":"hello","last_seq":0}'
EVENT = """
    INSERT INTO inbox_liveevent (kind, ticket_id, audience, rev, created_at)
    VALUES ('message', 4711, '["everyone"]', 0, now())
"""


def measure(rounds: int) -> list[Figure]:
    """Broadcast to 1,000 sockets beside bare asyncio; memory and CPU of 5,000 silent ones."""
    with Grounds("postgresql").new(start=("web", "clock")) as ground:
        told = asyncio.run(_broadcasts(ground, rounds))
        weights = asyncio.run(_weigh(ground))
    return [*told, *weights]


async def _broadcasts(ground: Ground, rounds: int) -> list[Figure]:
    ours: list[float] = []
    bare: list[float] = []
    changes = _Changes(ground)
    with _bare_server() as (server, port):
        ears = await _desk_ears(ground, TOLD)
        others = await open_ears(TOLD, port=port)
        for _ in range(rounds + 1):
            bare.append(await _one(others, lambda: _ring(server)))
            ours.append(await _one(ears, changes.happen))
    hang_up(ears + others)
    per_second = [[1 / seconds for seconds in runs[1:]] for runs in (ours, bare)]
    return [
        faster(
            f"row committed → last of {TOLD:,} sockets",
            *per_second,
            peer="bare asyncio",
            aim=AIM,
        ),
        at_most("the same in milliseconds", [1000 * one for one in ours[1:]], "ms", limit=None),
    ]


async def _one(ears: list[Ear], act: Callable[[], object]) -> float:
    """Seconds from the act until the last one has been told."""
    await quiet(ears)
    started = time.perf_counter()
    act()
    return await last_heard(ears, after=started) - started


async def _weigh(ground: Ground) -> list[Figure]:
    """What 5,000 sockets add to the web process, and how busy it is while nothing happens."""
    process = psutil.Process(ground.processes["web"].pid)
    warm = await _desk_ears(ground, 50)
    before = process.memory_full_info().uss
    ears = await _desk_ears(ground, SILENT)
    await quiet(ears, seconds=5)
    weight = (process.memory_full_info().uss - before) / SILENT / 1024
    busy = process.cpu_times()
    await asyncio.sleep(SECONDS_OF_SILENCE)
    used = sum(process.cpu_times()[:2]) - sum(busy[:2])
    hang_up(warm + ears)
    return [
        at_most(f"memory of each of {SILENT:,} idle sockets", [weight], "KB", limit=KB_EACH),
        at_most(
            f"CPU of {SILENT:,} idle sockets",
            [100 * used / SECONDS_OF_SILENCE],
            "%",
            limit=CPU_PERCENT,
        ),
    ]


async def _desk_ears(ground: Ground, number: int) -> list[Ear]:
    cookie = f"sessionid={ground.grounds.desk['session']}"
    ears = await open_ears(number, port=ground.port, path="/ws/inbox/", cookie=cookie, hello=HELLO)
    await until_said(ears, b"caught-up")
    return ears


class _Changes:
    """Rows are committed and their bell rung, as every change of a ticket does."""

    def __init__(self, ground: Ground) -> None:
        self.database = psycopg.connect(ground.store.url, autocommit=True)
        self.broker = redis.Redis.from_url(ground.broker.url)

    def happen(self) -> None:
        self.database.execute(EVENT)
        self.broker.publish("parley:bell", b"1")


def _ring(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin is not None
    server.stdin.write(b"\n")
    server.stdin.flush()


@contextmanager
def _bare_server() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    server = subprocess.Popen(
        [PYTHON, "-m", "bench.bare_sockets", str(port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    server.stdout.readline()
    try:
        yield server, port
    finally:
        server.terminate()
        server.wait()
