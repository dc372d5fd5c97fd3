"""Keeps the processes of one desk running under one parent, and leaves none behind.

Children get SIGTERM when the parent dies, however it dies: on Linux from the kernel, elsewhere
from a guard process that notices the end of its pipe.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

LINUX_PR_SET_PDEATHSIG = 1
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LONG_LIFE = 60.0
LOOK_EVERY = 0.2
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Child:
    """One process, and how it is started again when it dies."""

    name: str
    command: Sequence[str]
    seconds_to_stop: float = 10.0
    process: subprocess.Popen[bytes] | None = None
    pause: float = FIRST_PAUSE
    started_at: float = 0.0
    start_again_at: float = field(default=0.0)


def end_on_signals() -> None:
    """Ctrl-C, SIGTERM and SIGHUP raise SystemExit(0), once: the way down is not interrupted."""
    for number in ENDING_SIGNALS:
        signal.signal(number, _end_once)


def _end_once(*_: object) -> None:
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


class Supervisor:
    """Starts children in order, restarts the dead, stops in reverse order."""

    def __init__(self, *, inherited: Sequence[int] = ()) -> None:
        self.children: list[Child] = []
        self.inherited = tuple(inherited)

    def start(self, child: Child) -> None:
        """Run the child from now on. Call from the main thread: Linux ties a child's life to it."""
        self.children.append(child)
        _spawn(child, self.inherited)

    def watch(self) -> None:
        """Whatever dies comes back. Ends by an exception only (see `end_on_signals`)."""
        while True:
            for child in self.children:
                self._look_after(child)
            time.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """Ask each child to end, the youngest first; end it and all it started by force if late."""
        for child in reversed(self.children):
            _end(child)

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_again_at:
                _spawn(child, self.inherited)
        elif child.process.poll() is not None:
            self._bury(child, child.process.returncode)

    def _bury(self, child: Child, code: int) -> None:
        _kill_group(child)
        lived = time.monotonic() - child.started_at
        child.pause = FIRST_PAUSE if lived > LONG_LIFE else min(child.pause * 2, LONGEST_PAUSE)
        child.start_again_at = time.monotonic() + child.pause
        child.process = None
        logger.error(
            "process_died", extra={"part": child.name, "exit_code": code, "wait": child.pause}
        )


def _spawn(child: Child, inherited: tuple[int, ...]) -> None:
    """In a group of its own: a Ctrl-C in the terminal reaches only us, and we stop in order."""
    child.started_at = time.monotonic()
    child.process = subprocess.Popen(
        child.command,
        process_group=0,
        pass_fds=inherited,
        stdin=subprocess.DEVNULL,
        preexec_fn=dying_with_us(),  # noqa: PLW1509 (we have one thread)
    )


def dying_with_us() -> Callable[[], None]:
    """What a child calls before it starts its program: SIGTERM for it when this thread ends."""
    parent = os.getpid()
    libc = ctypes.CDLL(None)

    def tie() -> None:
        libc.prctl(LINUX_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked to be told
            os._exit(1)

    return tie if sys.platform.startswith("linux") else _nothing


def _nothing() -> None:
    """Elsewhere the guard does it."""


def _end(child: Child) -> None:
    """Only the process itself is asked: some take a signal to their whole group for a second one
    and drop their work.
    """
    process = child.process
    if process is None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(child.seconds_to_stop)
    _kill_group(child)
    process.wait()


def _kill_group(child: Child) -> None:
    assert child.process is not None  # noqa: S101 (for the type checker)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, signal.SIGKILL)
