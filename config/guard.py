"""Ends what a supervisor leaves behind when it is killed, on systems whose kernel can't.

Reads `+group` and `-group` lines from the supervisor; the end of that pipe is its death.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

SECONDS_TO_STOP = 10.0


def main(lines: Iterable[str]) -> None:
    """Follow which process groups live; when the supervisor is gone, end them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in lines:
        change = groups.add if line[0] == "+" else groups.discard
        change(int(line[1:]))
    _end(groups)


def _end(groups: set[int]) -> None:
    _signal(groups, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_STOP
    while time.monotonic() < deadline and _signal(groups, 0):
        time.sleep(0.1)
    _signal(groups, signal.SIGKILL)


def _signal(groups: set[int], number: int) -> int:
    """To how many groups the signal went; 0 as number only counts them."""
    reached = 0
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            reached += 1
    return reached


if __name__ == "__main__":
    main(sys.stdin)
