from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
from inbox import crash
for visit in range(5):
    print(visit, flush=True)
    crash.point("here")
    crash.point("elsewhere")
"""


def run(**environment: str) -> tuple[int, int]:
    """How the program ended and how often it came by."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, len(done.stdout.split())


@pytest.mark.parametrize(
    ("at", "ended"),
    [
        ("", (0, 5)),
        ("nowhere", (0, 5)),
        ("here", (-signal.SIGKILL, 1)),
        ("here:3", (-signal.SIGKILL, 3)),
        ("here:6", (0, 5)),
    ],
)
def test_a_process_dies_where_and_when_it_is_told(at: str, ended: tuple[int, int]) -> None:
    assert run(PARLEY_CRASH_AT=at) == ended


def test_with_a_mark_only_the_first_one_dies(tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    assert run(PARLEY_CRASH_AT="here", PARLEY_CRASH_MARK=mark) == (-signal.SIGKILL, 1)
    assert run(PARLEY_CRASH_AT="here", PARLEY_CRASH_MARK=mark) == (0, 5)
