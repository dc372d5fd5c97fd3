"""A limit for code that may run away: libraries that go back and forth over hostile text."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class OutOfTime(BaseException):
    """The limit passed. No `except Exception` of a library keeps it from us."""


@contextmanager
def cpu_seconds(limit: float) -> Generator[None]:
    """Raise OutOfTime inside the block after this much CPU time. Main thread only."""
    previous = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTime
