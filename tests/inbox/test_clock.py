"""One clock leads; the others wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from inbox import clock
from inbox.clock import AdvisoryLead, FileLead, Lead

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def leads() -> Iterator[tuple[Lead, Lead]]:
    """Two clocks that would like to lead."""
    kind = AdvisoryLead if connection.vendor == "postgresql" else FileLead
    one, other = kind(), kind()
    yield one, other
    one.give_up()
    other.give_up()


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


class TestLead:
    def test_only_one_has_it(self, leads: tuple[Lead, Lead]) -> None:
        one, other = leads
        assert one.take()
        assert not other.take()
        assert one.holds()

    def test_another_can_have_it_when_it_is_given_up(self, leads: tuple[Lead, Lead]) -> None:
        one, other = leads
        one.take()
        one.give_up()
        assert other.take()

    def test_it_ends_with_its_connection(self) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("a file's lock ends with its process")
        one, other = AdvisoryLead(), AdvisoryLead()
        assert one.take()
        with one._own.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
        assert not one.holds()
        assert other.take()
        other.give_up()


class TestParts:
    def test_a_part_that_crashes_begins_anew(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(clock, "LOOK_EVERY", 0.01)
        stop, runs = threading.Event(), []

        def part(stop: threading.Event) -> None:
            runs.append(1)
            if len(runs) < 3:
                raise RuntimeError("canary")
            stop.set()

        clock.keep_running("part", part, stop)
        assert len(runs) == 3
        assert caplog.text.count("clock_part_failed") == 2

    def test_parts_run_while_it_leads_and_end_with_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clock, "LOOK_EVERY", 0.01)
        running: list[str] = []

        def part(stop: threading.Event) -> None:
            running.append("part")
            stop.wait()
            running.remove("part")

        monkeypatch.setattr(clock, "PARTS", {"part": part})
        stop = threading.Event()
        thread = threading.Thread(target=clock.run, args=(stop,))
        thread.start()
        until(lambda: running)
        stop.set()
        thread.join(5)
        assert (running, thread.is_alive()) == ([], False)

    def test_parts_end_when_the_lead_is_lost(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "LOOK_EVERY", 0.01)
        ended = threading.Event()
        monkeypatch.setattr(clock, "PARTS", {"part": lambda stop: (stop.wait(), ended.set())})

        class Lost:
            given_up = False

            def take(self) -> bool:
                return True

            def holds(self) -> bool:
                return False

            def give_up(self) -> None:
                self.given_up = True

        lead = Lost()
        clock._lead_until(threading.Event(), lead)
        assert ended.is_set()
        assert lead.given_up

    def test_a_part_that_does_not_end_ends_the_process(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clock, "LOOK_EVERY", 0.01)
        monkeypatch.setattr(clock, "SECONDS_TO_STOP", 0.05)
        forever = threading.Event()
        monkeypatch.setattr(clock, "PARTS", {"stuck": lambda _: forever.wait()})
        stop = threading.Event()
        stop.set()
        lead = FileLead()
        lead.take()
        with pytest.raises(SystemExit):
            clock._lead_until(stop, lead)
        forever.set()
        lead.give_up()


@pytest.mark.slow
def test_the_command_ends_on_a_signal(tmp_path: Path) -> None:
    environment = os.environ | {"DATA_DIR": str(tmp_path), "REDIS_URL": settings.REDIS_URL}
    environment.pop("DATABASE_URL", None)
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    process = subprocess.Popen([*manage, "clock"], env=environment)
    try:
        until(lambda: (tmp_path / "clock.lock").exists())
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
