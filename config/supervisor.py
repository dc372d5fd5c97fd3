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

IS_LINUX = sys.platform.startswith("linux")
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
    is_quiet: bool = False  # nothing on its stdout is worth reading
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
    """Starts children in order, restarts the dead, stops in reverse order.

    `inherited`: file descriptors that stay open in every child.
    """

    def __init__(self, *, inherited: Sequence[int] = (), has_guard: bool = not IS_LINUX) -> None:
        self.children: list[Child] = []
        self.inherited = tuple(inherited)
        self.guard = _start_guard() if has_guard else None

    def start(self, child: Child) -> None:
        """Run the child from now on. Call from the main thread: Linux ties a child's life to it."""
        self.children.append(child)
        self._spawn(child)

    def watch(self) -> None:
        """Whatever dies comes back. Ends by an exception only (see `end_on_signals`)."""
        while True:
            for child in self.children:
                self._look_after(child)
            time.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """Ask each child to end, the youngest first; end it and all it started by force if late."""
        for child in reversed(self.children):
            if child.process is not None:
                _end(child.process, child.seconds_to_stop)
                self._tell_guard("-", child.process)
        if self.guard is not None:
            self.guard.communicate()

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_again_at:
                self._spawn(child)
        elif child.process.poll() is not None:
            self._bury(child, child.process)

    def _bury(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        _kill_group(process)
        self._tell_guard("-", process)
        lived = time.monotonic() - child.started_at
        child.pause = FIRST_PAUSE if lived > LONG_LIFE else min(child.pause * 2, LONGEST_PAUSE)
        child.start_again_at = time.monotonic() + child.pause
        child.process = None
        told = {"part": child.name, "exit_code": process.returncode, "wait": child.pause}
        logger.error("process_died", extra=told)

    def _spawn(self, child: Child) -> None:
        """In a group of its own: a Ctrl-C reaches only us, and we stop the others in order."""
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(
            child.command,
            process_group=0,
            pass_fds=self.inherited,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if child.is_quiet else None,
            preexec_fn=dying_with_us(),  # noqa: PLW1509 (we have one thread)
        )
        self._tell_guard("+", child.process)

    def _tell_guard(self, sign: str, process: subprocess.Popen[bytes]) -> None:
        if self.guard is not None and self.guard.stdin is not None:
            self.guard.stdin.write(f"{sign}{process.pid}\n".encode())
            self.guard.stdin.flush()


def _start_guard() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "config.guard"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0)


def dying_with_us() -> Callable[[], None] | None:
    """What a child calls before it starts its program: SIGTERM for it when this thread ends."""
    if not IS_LINUX:
        return None
    parent = os.getpid()
    libc = ctypes.CDLL(None)

    def tie() -> None:
        libc.prctl(LINUX_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked to be told
            os._exit(1)

    return tie


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Only the process itself is asked: some take a signal to their whole group for a second one
    and drop their work.
    """
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    _kill_group(process)
    process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
