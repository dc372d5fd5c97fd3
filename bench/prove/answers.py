"""Answers when the provider misbehaves, reports come in any order, or two agents write at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import datetime
from typing import Any

from bench.ground import Ground, Grounds
from bench.prove.traffic import settle
from bench.wire import Answer, Line, as_fast_as_possible, reply_call, sms_call
from channels_app.pretend.faults import Fault

RETRY_AFTER = 14
FAULTS = {
    "too many calls": Fault(status=429, code=20429, retry_after=RETRY_AFTER),
    "out of order": Fault(status=503, code=20503),
    "dropped, not taken": Fault(drops=True),
    "answer lost after it was taken": Fault(takes=True, drops=True),
    "error after it was taken": Fault(takes=True, status=500),
    "answer too late": Fault(takes=True, delay=12),
}
MESSAGES = "SELECT text, status, error_text FROM inbox_message WHERE direction = 'outbound'"
TRIES = """
    SELECT text, number, started_at, outcome FROM inbox_deliveryattempt AS attempt
      JOIN inbox_message AS message ON message.id = attempt.message_id ORDER BY text, number
"""
STATUSES = "SELECT status, count(*) FROM inbox_message WHERE direction = 'outbound' GROUP BY 1"


def provider(grounds: Grounds, *, copies: int, skips: bool) -> dict[str, Any]:
    """Each way a call can go wrong: the plan is kept, nothing leaves twice, and what was taken
    without an answer is found in the provider's own list."""
    with grounds.new() as ground:
        tickets = _tickets(ground, copies * len(FAULTS))
        for name, fault in FAULTS.items():
            for copy in range(copies):
                ground.provider.faults.next_sends.append(fault)
                _answer_and_wait(ground, tickets.pop(), f"{name} {copy}")
        time.sleep(RETRY_AFTER * 1.3 if skips else 0)
        settle(ground, seconds=120 if skips else 400, skips=skips)
        sent = Counter(sms.body for sms in ground.provider.accepted)
        messages = ground.store.rows(MESSAGES)
        tries = ground.store.rows(TRIES)
    waits = _waits(tries)
    facts = {"messages": messages, "sent": dict(sent), "waits s": waits}
    assert set(sent.values()) == {1}, facts
    assert len(sent) == len(messages) == copies * len(FAULTS), facts
    assert {status for _, status, _ in messages} <= {"sent", "delivered"}, facts
    for copy in range(copies):
        assert RETRY_AFTER <= waits[f"too many calls {copy}"] <= RETRY_AFTER * 1.2 + 4, facts
        assert 8 <= waits[f"out of order {copy}"] <= 12 + 4, facts
    return facts


def statuses(grounds: Grounds, *, messages: int) -> dict[str, Any]:
    """Every report comes three times, the last one first, some before the receipt: all end as
    delivered, none goes back."""
    with grounds.new(pace=0.0) as ground:
        ground.provider.faults.shuffles = True
        ground.provider.faults.callback_copies = 3
        early = [Fault(takes=True, delay=0.2)] * (messages // 2)
        ground.provider.faults.next_sends.extend(early)
        tickets = _tickets(ground, messages)
        calls = [_reply(ground, ticket, f"answer {ticket}") for ticket in tickets]
        asyncio.run(as_fast_as_possible(ground.port, calls, lines=4))
        _wait_for_reports(ground, messages)
        kept = ground.store.one("SELECT count(*) FROM inbox_unmatchedupdate")
        facts = {"statuses": dict(ground.store.rows(STATUSES)), "reports left over": kept}
    assert facts == {"statuses": {"delivered": messages}, "reports left over": 0}, facts
    return facts


def two_agents(grounds: Grounds, *, pairs: int) -> dict[str, Any]:
    """Two agents who saw the same answer at the same moment: one is sent, the other is told
    what came since and keeps their text."""
    with grounds.new(start=("web", "clock")) as ground:
        tickets = _tickets(ground, pairs)
        answers = asyncio.run(_at_once(ground, tickets))
        replies = ground.store.one(
            "SELECT count(*) FROM inbox_message WHERE direction = 'outbound'"
        )
    facts = {"pairs": pairs, "answers": dict(Counter(map(_pair, answers))), "replies": replies}
    assert facts["answers"] == {"201 and 409": pairs}, facts
    assert replies == pairs, facts
    assert all(b"stale-reply" in one.body for pair in answers for one in pair if one.status == 409)
    return facts


async def _at_once(ground: Ground, tickets: list[int]) -> list[list[Answer]]:
    lines = [Line(ground.port), Line(ground.port)]
    answers = []
    for ticket in tickets:
        base = ground.store.one(f"SELECT last_position FROM inbox_ticket WHERE number = {ticket}")
        calls = [_reply(ground, ticket, f"by {who}", who=who, base=base) for who in range(2)]
        pair = await asyncio.gather(
            *(line.call(call) for line, call in zip(lines, calls, strict=True))
        )
        answers.append(list(pair))
    return answers


def _pair(answers: list[Answer]) -> str:
    return " and ".join(sorted(str(answer.status) for answer in answers))


def _tickets(ground: Ground, number: int) -> list[int]:
    """So many customers each write once: their tickets."""
    calls = [
        sms_call(ground.webhook_url, sender=f"+4477009{one:05}", text="Where is it?")
        for one in range(number)
    ]
    answers = asyncio.run(as_fast_as_possible(ground.port, calls, lines=4))
    assert all(answer.is_ok for answer in answers)
    settle(ground)
    tickets = [one for (one,) in ground.store.rows("SELECT number FROM inbox_ticket ORDER BY 1")]
    assert len(tickets) == number
    return tickets


def _reply(ground: Ground, ticket: int, text: str, *, who: int = 0, **more: Any) -> bytes:
    url = f"{ground.url}/api/v1/tickets/{ticket}/messages/"
    token = ground.grounds.desk["tokens"][who]
    return reply_call(url, token=token, key=f"{ticket}-{text}", text=text, **more)


def _answer_and_wait(ground: Ground, ticket: int, text: str) -> None:
    """One at a time, so that each meets the fault that is meant for it."""
    left = len(ground.provider.faults.next_sends)
    call = _reply(ground, ticket, text)
    (answer,) = asyncio.run(as_fast_as_possible(ground.port, [call], lines=1))
    assert answer.status == 201, answer
    deadline = time.monotonic() + 20
    while len(ground.provider.faults.next_sends) == left:
        assert time.monotonic() < deadline, "nobody called the provider"
        time.sleep(0.01)


def _waits(tries: list[tuple[Any, ...]]) -> dict[str, float]:
    """Seconds between the first and the second try of each message that had two."""
    starts: dict[str, list[datetime]] = {}
    for text, _, started, _ in tries:
        moment = datetime.fromisoformat(started) if isinstance(started, str) else started
        starts.setdefault(text, []).append(moment)
    return {text: (two[1] - two[0]).total_seconds() for text, two in starts.items() if len(two) > 1}


def _wait_for_reports(ground: Ground, messages: int) -> None:
    """Until every report was made and taken in: the provider calls in its own time."""
    settle(ground)
    reports = "SELECT count(*) FROM channels_app_inboundevent WHERE state = 'processed'"
    deadline = time.monotonic() + 60
    while ground.store.one(reports) < messages * (1 + 2):
        assert time.monotonic() < deadline, ground.store.rows(STATUSES)
        time.sleep(0.1)
    time.sleep(2)
    settle(ground)
