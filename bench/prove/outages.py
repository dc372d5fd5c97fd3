"""The broker or the database is away for a while."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from bench.ground import Ground, Grounds, wait_until
from bench.prove.traffic import Traffic, check, open_calls, settle
from bench.stores import PostgresStore, SqliteStore

PATIENCE = 11  # a pool waits ten seconds
# On SQLite who wants to write waits five: a drain for its batch, for the first of it alone, and
# to say that this failed; then it is the turn of a store.
MORE_PATIENCE = 10
DELAYS = """
    SELECT inbox_message.created_at, received_at
      FROM inbox_message JOIN channels_app_inboundevent AS event ON event.id = event_id
"""
SENDS = """
    SELECT started_at, created_at FROM inbox_deliveryattempt AS attempt
      JOIN inbox_message AS message ON message.id = attempt.message_id WHERE number = 1
"""


def broker(
    grounds: Grounds, *, seconds: float, flushes: int, late: float, sent_late: float
) -> dict[str, Any]:
    """The broker is flushed under load, then away: nothing is lost, what comes in and goes out
    is at most so many seconds late without it, and everything is done within two minutes."""
    with grounds.new() as ground:
        with Traffic(ground, per_second=40, customers=200) as traffic:
            for _ in range(flushes):
                time.sleep(seconds / (flushes + 1))
                _flush(ground)
            ground.broker.stop()
            time.sleep(seconds)
            ground.broker.start()
            time.sleep(1)
        drained = settle(ground, seconds=120, skips=False)
        facts = check(ground, traffic, in_flight=0)
        facts |= {"drained after s": drained, "late s": _worst(ground, DELAYS)}
        facts["sent late s"] = _worst(ground, SENDS)
    assert facts["late s"] <= late, facts
    # One second of the clock's, two that a row counts as attended, two of the strand's own queue.
    assert facts["sent late s"] <= sent_late, facts
    return facts


def database(grounds: Grounds, *, times: int, seconds: float, within: float) -> dict[str, Any]:
    """The database goes away under load: 503 meanwhile (to those who would wait for longer than
    ten seconds), back within so many seconds, nothing by hand.

    SQLite has no server to stop: somebody else keeps it locked for longer than anybody waits.
    """
    recovered = []
    with grounds.new() as ground:
        in_flight = 0
        with Traffic(ground, per_second=40, customers=200) as traffic:
            for _ in range(times):
                time.sleep(2)
                with _database_away(ground):
                    time.sleep(seconds)
                recovered.append(_seconds_until_taken(ground, traffic))
                in_flight += open_calls(ground)
        settle(ground, seconds=120)
        facts = check(ground, traffic, in_flight=in_flight)
    facts |= {"recovered after s": recovered, "ended by themselves": ground.ended}
    assert max(recovered) <= within, facts
    assert set(facts["refused"]) <= {500, 503}, facts
    assert set(traffic.said.refused) <= {503}, facts
    assert traffic.said.refused or seconds < PATIENCE, facts
    return facts


@contextlib.contextmanager
def _database_away(ground: Ground) -> Iterator[None]:
    store = ground.store
    if isinstance(store, PostgresStore):
        store.server.stop()
        yield
        store.server.start()
    elif isinstance(store, SqliteStore):
        holder = sqlite3.connect(store.path, timeout=30, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        time.sleep(MORE_PATIENCE)
        yield
        holder.close()


def _seconds_until_taken(ground: Ground, traffic: Traffic) -> float:
    """From now until both a customer's message and an agent's answer were taken again."""
    said, answered = len(traffic.said.taken), len(traffic.answered.taken)

    def are_taken() -> bool:
        ground.revive_ended()
        return len(traffic.said.taken) > said and len(traffic.answered.taken) > answered

    return wait_until(are_taken, seconds=120, what=f"calls are taken again\n{ground.tail('web')}")


def _flush(ground: Ground) -> None:
    import redis

    with redis.Redis.from_url(ground.broker.url) as client:
        client.flushall()


def _worst(ground: Ground, query: str) -> float:
    """The longest time between two moments, in seconds."""
    from datetime import datetime

    def moment(value: Any) -> datetime:
        return datetime.fromisoformat(value) if isinstance(value, str) else value

    late = [
        (moment(end) - moment(begin)).total_seconds() for end, begin in ground.store.rows(query)
    ]
    return max(late)
