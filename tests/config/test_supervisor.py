"""One parent, its children, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

PARENT = """
import os, sys
from config import supervisor
HAS_GUARD = "HAS_GUARD" in os.environ
supervisor.IS_LINUX = supervisor.IS_LINUX and not HAS_GUARD
from config.supervisor import Child, Supervisor, end_on_signals
supervisor.FIRST_PAUSE = 0.05
end_on_signals()
desk = Supervisor(has_guard=HAS_GUARD)
try:
    for number, code in enumerate(sys.argv[1:]):
        desk.start(Child(f"child {number}", [sys.executable, "-c", code], 1.0, pause=0.05))
    print("up", flush=True)
    desk.watch()
finally:
    desk.stop()
"""
SLEEPS = "import time; time.sleep(600)"
IGNORES_TERM = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
HAS_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPS!r}])"


@pytest.fixture
def desk() -> Iterator[Callable[..., psutil.Process]]:
    """Starts a supervisor of children that run the given code, and cleans up whatever happens."""
    started: list[subprocess.Popen[bytes]] = []
    family: list[psutil.Process] = []

    def start(*codes: str, descendants: int | None = None) -> psutil.Process:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, *codes], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        started.append(parent)
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        process = psutil.Process(parent.pid)
        wanted = len(codes) if descendants is None else descendants
        wait_until(lambda: len(process.children(recursive=True)) >= wanted)
        family.extend(process.children(recursive=True))
        return process

    yield start
    for left in [*family, *(psutil.Process(p.pid) for p in started if p.poll() is None)]:
        if left.is_running():
            left.kill()
    for parent in started:
        parent.communicate()


def wait_until(is_true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_parent_stops_all_children_and_ends_well(desk, number):
    parent = desk(SLEEPS, SLEEPS)
    children = parent.children(recursive=True)
    parent.send_signal(number)
    assert parent.wait(10) == 0
    assert all(is_gone(child) for child in children)


def test_a_killed_parent_leaves_no_process(desk):
    parent = desk(SLEEPS, HAS_A_CHILD.replace("subprocess.run", "subprocess.Popen"), descendants=2)
    children = parent.children()
    parent.kill()
    wait_until(lambda: all(is_gone(child) for child in children))


def test_where_the_kernel_does_not_tell_a_guard_ends_the_children(desk, monkeypatch):
    monkeypatch.setenv("HAS_GUARD", "1")
    parent = desk(SLEEPS, HAS_A_CHILD, descendants=4)
    family = parent.children(recursive=True)
    parent.kill()
    wait_until(lambda: all(is_gone(process) for process in family))


def test_the_guard_ends_with_an_orderly_stop(desk, monkeypatch):
    monkeypatch.setenv("HAS_GUARD", "1")
    parent = desk(SLEEPS, descendants=2)
    family = parent.children(recursive=True)
    parent.terminate()
    assert parent.wait(10) == 0
    assert all(is_gone(process) for process in family)


def test_a_child_that_dies_comes_back(desk):
    parent = desk(SLEEPS)
    (first,) = parent.children()
    first.kill()
    wait_until(
        lambda: [c for c in parent.children() if c.pid != first.pid and not is_gone(c)] != []
    )


def test_what_a_dead_child_had_started_is_ended_with_it(desk):
    parent = desk(HAS_A_CHILD, descendants=2)
    (child,) = parent.children()
    (grandchild,) = child.children()
    child.kill()
    wait_until(lambda: is_gone(grandchild))


def test_a_child_that_does_not_stop_in_time_is_ended_by_force(desk):
    parent = desk(IGNORES_TERM)
    (child,) = parent.children()
    time.sleep(0.3)  # until it ignores the signal
    parent.terminate()
    assert parent.wait(10) == 0
    assert is_gone(child)


def test_a_second_ctrl_c_does_not_cut_the_way_down_short(desk):
    parent = desk(IGNORES_TERM, SLEEPS)
    children = parent.children()
    time.sleep(0.3)
    parent.send_signal(signal.SIGINT)
    time.sleep(0.1)
    parent.send_signal(signal.SIGINT)
    assert parent.wait(10) == 0
    assert all(is_gone(child) for child in children)


def test_a_child_that_dies_at_once_is_started_again_more_and_more_slowly(desk, tmp_path: Path):
    starts = tmp_path / "starts"
    desk(f"open({str(starts)!r}, 'a').write('x')", descendants=0)
    time.sleep(2.5)
    assert 3 <= len(starts.read_text()) <= 6


def test_children_are_stopped_in_the_reverse_order_of_their_start(desk, tmp_path: Path):
    log = tmp_path / "log"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(log)!r}, 'a').write(NAME)\n"
        "    sys.exit(0)\n"
        "signal.signal(15, end)\n"
        f"open({str(log)!r} + NAME, 'w').close()\n"
        "time.sleep(600)\n"
    )
    parent = desk(*(f"NAME = {name!r}\n{code}" for name in "abc"))
    wait_until(lambda: all(Path(f"{log}{name}").exists() for name in "abc"))
    parent.terminate()
    parent.wait(10)
    assert log.read_text() == "cba"


def test_a_child_whose_parent_died_before_it_could_be_tied_does_not_start():
    code = (
        "import os\n"
        "from config.supervisor import dying_with_us\n"
        "tie = dying_with_us()\n"
        "if os.fork() == 0:\n"
        "    os.setpgid(0, 0)\n"
        "    if os.fork() == 0:\n"
        "        tie()\n"
        "        os._exit(0)\n"
        "    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 1
