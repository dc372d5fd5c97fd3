"""The proofs: what must hold when things break, each at full size and scaled down."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.ground import Grounds
from bench.prove import answers, arrivals, chats, kills, mailboxes, outages, screens


@dataclass(frozen=True)
class Proof:
    """A proof and its two sizes: `full` for bin/prove, `small` for bin/test. It raises
    AssertionError with the facts when a promise is broken."""

    run: Callable[..., dict[str, Any]]
    full: dict[str, Any]
    small: dict[str, Any]


# Where tests share their cores with each other, how long things take says nothing: the small size
# asks that they happen, the full one when.
PATIENT = 120

PROOFS = {
    "crash-points": Proof(
        kills.crash_points, {"rounds": 5, "skips": False}, {"rounds": 1, "skips": True}
    ),
    "blind-kills": Proof(
        kills.blind_kills,
        {"seconds": 60, "seeds": 5, "skips": False},
        {"seconds": 8, "seeds": 1, "skips": True},
    ),
    "worker-kills": Proof(
        kills.worker_kills, {"seconds": 120, "skips": False}, {"seconds": 6, "skips": True}
    ),
    "duplicates": Proof(arrivals.duplicates, {"events": 10_000}, {"events": 300}),
    "first-contact": Proof(arrivals.first_contact, {"pairs": 1000}, {"pairs": 50}),
    "ack-in-time": Proof(
        arrivals.ack_in_time,
        {"calls": 6000, "limit_ms": 250},
        {"calls": 300, "limit_ms": 1000 * PATIENT},
    ),
    "web-gone": Proof(arrivals.web_gone, {"calls": 500}, {"calls": 50}),
    "poison": Proof(
        arrivals.poison, {"after": 100, "within": 60}, {"after": 20, "within": PATIENT}
    ),
    "broker": Proof(
        outages.broker,
        {"seconds": 600, "flushes": 10, "late": 5, "sent_late": 10},
        {"seconds": 4, "flushes": 1, "late": PATIENT, "sent_late": PATIENT},
    ),
    "database": Proof(
        outages.database,
        {"times": 20, "seconds": 12, "within": 10},
        {"times": 1, "seconds": 12, "within": PATIENT},
    ),
    "mailbox-gone": Proof(mailboxes.mailbox_gone, {"mails": 5000}, {"mails": 60}),
    "provider": Proof(
        answers.provider, {"copies": 5, "skips": False}, {"copies": 1, "skips": True}
    ),
    "statuses": Proof(answers.statuses, {"messages": 500}, {"messages": 20}),
    "screens": Proof(
        screens.screens, {"clients": 200, "seconds": 60}, {"clients": 15, "seconds": 6}
    ),
    "chats": Proof(chats.chats, {"clients": 200, "seconds": 60}, {"clients": 15, "seconds": 6}),
    "two-agents": Proof(answers.two_agents, {"pairs": 500}, {"pairs": 20}),
}


def prove(name: str, grounds: Grounds, *, size: str) -> dict[str, Any]:
    """Run one proof on one database; its facts, and whether it held."""
    proof = PROOFS[name]
    started = time.monotonic()
    told: dict[str, Any] = {"proof": name, "database": grounds.vendor, "size": size}
    try:
        facts = proof.run(grounds, **getattr(proof, size))
        told |= {"held": True, "facts": facts}
    except (AssertionError, TimeoutError) as error:
        told |= {"held": False, "facts": error.args}
    return told | {"seconds": round(time.monotonic() - started, 1)}
