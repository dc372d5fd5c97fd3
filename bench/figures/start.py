"""From a fresh clone to a running desk, and what the idle desk weighs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.ground import ROOT
from bench.report import Figure, at_most
from tests.services import free_port

FIRST, AGAIN = 90, 12
SECONDS_TO_CALM_DOWN = 10


def measure(rounds: int) -> list[Figure]:
    """First and second `bin/run` of a clone, the package cache warm; memory of the second, as
    the proportional share of every process of its tree."""
    with tempfile.TemporaryDirectory(prefix="parley-clone-") as folder:
        clone = Path(folder) / "parley"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        with _running(clone) as (first, _):
            pass
        again, memory = [], []
        for _ in range(rounds):
            with _running(clone) as (seconds, desk):
                again.append(seconds)
                time.sleep(SECONDS_TO_CALM_DOWN if not memory else 0)
                memory.append(_megabytes(desk))
    return [
        at_most("first bin/run of a fresh clone", [first], "s", limit=FIRST),
        at_most("bin/run again", again, "s", limit=AGAIN),
        at_most("memory of the idle desk", memory[:1], "MB", limit=None),
    ]


@contextlib.contextmanager
def _running(clone: Path) -> Iterator[tuple[float, subprocess.Popen[bytes]]]:
    """A desk until the end of the block, and the seconds until it said where it is."""
    own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**own, "PORT": str(free_port()), "ENV_FILE": os.devnull}
    started = time.monotonic()
    desk = subprocess.Popen(
        ["bin/run"], cwd=clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for_welcome(desk)
        yield time.monotonic() - started, desk
    finally:
        desk.send_signal(signal.SIGTERM)
        desk.communicate(timeout=30)


def _wait_for_welcome(desk: subprocess.Popen[bytes]) -> None:
    assert desk.stdout is not None
    for line in desk.stdout:
        if line.startswith(b"Ctrl-C"):
            return
    raise RuntimeError("bin/run ended before it said where it is")


def _megabytes(desk: subprocess.Popen[bytes]) -> float:
    tree = [psutil.Process(desk.pid), *psutil.Process(desk.pid).children(recursive=True)]
    return sum(process.memory_full_info().pss for process in tree) / 1e6
