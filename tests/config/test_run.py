"""bin/run on an empty machine: up, clear lines when it can't, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.config.test_supervisor import is_gone, wait_until
from tests.services import free_port

SECONDS_TO_START = 60.0


class Desk:
    """A desk started like bin/run starts it."""

    def __init__(self, data_dir: Path, **given: str) -> None:
        self.port = int(given.get("PORT", 0)) or free_port()
        passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        own = {"DATA_DIR": str(data_dir), "ENV_FILE": os.devnull, "DEMO": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.run"],
            env={**passed, **own, **given, "PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.seen: list[psutil.Process] = []

    def wait_until_up(self) -> list[str]:
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        assert lines
        assert lines[-1].startswith("Ctrl-C"), "".join(lines)
        self.seen = psutil.Process(self.process.pid).children(recursive=True)
        return lines

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as got:
                return got.status, got.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    started: list[Desk] = []

    def start(**given: str) -> Desk:
        started.append(Desk(tmp_path / "desk", **given))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()
        for left in one.seen:
            if left.is_running():
                left.kill()


def test_it_comes_up_serves_and_stops_cleanly_and_starts_again(desk):
    first = desk()
    said = "".join(first.wait_until_up())
    assert f"http://127.0.0.1:{first.port}/" in said
    assert "create_agent" in said
    assert first.get("/healthz")[0] == 200
    assert first.get("/accounts/login/")[0] == 200
    assert first.get("/webhooks/nobody/")[0] == 404
    started = time.monotonic()
    first.process.terminate()
    assert first.process.wait(30) == 0
    assert time.monotonic() - started < 10
    assert all(is_gone(process) for process in first.seen)

    second = desk(PORT=str(first.port))
    second.wait_until_up()
    assert second.get("/healthz")[0] == 200


def test_a_killed_parent_leaves_nothing_and_the_next_start_waits_for_that(desk):
    first = desk()
    first.wait_until_up()
    assert len(first.seen) >= 4
    first.process.kill()
    second = desk(PORT=str(first.port))
    second.wait_until_up()
    assert all(is_gone(process) for process in first.seen)
    assert second.get("/healthz")[0] == 200


def test_each_part_comes_back_after_a_kill(desk):
    running = desk()
    running.wait_until_up()
    for part in ("config.web", "django_dramatiq.setup", "manage.py clock", "valkey-server"):
        kill_and_await(running, part)
    wait_until(lambda: answers(running), 30)


def kill_and_await(desk: Desk, part: str) -> None:
    wait_until(lambda: named(desk, part) != set(), 30)
    before = named(desk, part)
    psutil.Process(min(before)).kill()
    wait_until(lambda: named(desk, part) - before != set(), 30)


def named(desk: Desk, part: str) -> set[int]:
    found = set()
    for process in desk.family():
        try:
            if part in " ".join(process.cmdline()):
                found.add(process.pid)
        except psutil.NoSuchProcess:
            continue
    return found


def answers(desk: Desk) -> bool:
    try:
        return desk.get("/healthz")[0] == 200
    except OSError:
        return False


def test_a_static_file_is_served_with_the_content_policy_and_may_be_kept_forever(desk, tmp_path):
    running = desk()
    running.wait_until_up()
    names = json.loads((tmp_path / "desk" / "static" / "staticfiles.json").read_text())["paths"]
    url = f"http://127.0.0.1:{running.port}/static/{names['admin/css/base.css']}"
    with urllib.request.urlopen(url, timeout=10) as got:
        assert "immutable" in got.headers["Cache-Control"]
        assert "default-src 'self'" in got.headers["Content-Security-Policy"]
        assert len(got.read()) > 1000


def one_line(desk: Desk) -> str:
    said = desk.process.communicate(timeout=60)[0]
    assert desk.process.returncode == 1
    assert len(said.splitlines()) == 1, said
    return said.strip()


def test_a_taken_port_ends_it_with_one_line(desk):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        said = one_line(desk(PORT=str(port)))
    assert said == f"PORT: 127.0.0.1:{port} can't be used (Address already in use); choose another"


def test_an_unreachable_database_ends_it_with_one_line(desk):
    said = one_line(desk(DATABASE_URL=f"postgres://parley@127.0.0.1:{free_port()}/parley"))
    assert said.startswith("DATABASE_URL: the database can't be reached (")


def test_a_wrong_setting_ends_it_with_one_line(desk):
    assert one_line(desk(LOG_FORMAT="xml")) == "LOG_FORMAT: expected text or json"


def test_a_second_desk_in_the_same_data_dir_ends_with_one_line(desk, tmp_path):
    desk().wait_until_up()
    said = one_line(desk())
    assert said == f"DATA_DIR: another desk is running in {tmp_path / 'desk'}; stop it first"


def test_ctrl_c_while_it_is_still_starting_stops_it(desk):
    starting = desk()
    wait_until(lambda: starting.family() != [], 20)
    starting.seen = starting.family()
    starting.process.send_signal(signal.SIGINT)
    assert starting.process.wait(20) == 0
    assert all(is_gone(process) for process in starting.seen)
