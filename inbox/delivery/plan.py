"""When to try again, and when to stop."""

from __future__ import annotations

import random
from datetime import timedelta

WAITS = (10, 30, 120, 600, 1800, 3600, 7200)
LONGEST_ASKED_FOR = 3600.0
JITTER = 0.2


def wait(attempts: int, *, retry_after: float | None = None) -> timedelta | None:
    """How long to wait after the n-th try; None when that was the last.

    10 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, each ± 20 %. What the provider asks for (up to
    an hour) counts when it is longer, and is never cut short.
    """
    if attempts > len(WAITS):
        return None
    planned = WAITS[attempts - 1]
    asked = min(retry_after or 0.0, LONGEST_ASKED_FOR)
    if asked > planned:
        return timedelta(seconds=asked * random.uniform(1, 1 + JITTER))  # noqa: S311
    return timedelta(seconds=planned * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
