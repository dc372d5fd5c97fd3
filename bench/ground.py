"""A whole desk to measure and to break: servers, its three processes, a pretend provider."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.founding import LINE
from bench.stores import Store, new_store
from channels_app.pretend.server import serving
from channels_app.pretend.twilio import PretendTwilio
from tests.services import Server, free_port, valkey

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
ACCOUNT, TOKEN = "AC" + "b" * 32, "0123456789abcdef" * 2
# The same commands as bin/run's.
COMMANDS = {
    "web": [PYTHON, "-m", "config.web"],
    "worker": [
        *(PYTHON, "manage.py", "rundramatiq", "--skip-logging"),
        *("--processes", "1", "--threads", "8", "--worker-shutdown-timeout", "10000"),
    ],
    "clock": [PYTHON, "manage.py", "clock"],
}
SKIPPED = 200
LOST_CALLS = """
    SELECT attempt.id, message.id, message.text FROM inbox_deliveryattempt AS attempt
      JOIN inbox_message AS message ON message.id = attempt.message_id
     WHERE attempt.outcome = 'open' AND message.status = 'sending'
       AND (attempt.error_text <> '' OR attempt.started_at < {}) AND attempt.started_at > {}
"""


@dataclass
class Grounds:
    """One founded desk from which any number of runs start alike."""

    vendor: str
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="parley-bench-")))
    provider_port: int = field(default_factory=free_port)
    store: Store = field(init=False)
    desk: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.store = new_store(self.vendor, self.folder)
        environment = self.environment(self.folder, self.store.url)
        self.desk = json.loads(run_python("-m", "bench.founding", environment=environment))

    def environment(self, folder: Path, database_url: str) -> dict[str, str]:
        """What a process of such a desk finds."""
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "bench-" + "s" * 60,
            "FIELD_ENCRYPTION_KEYS": "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtMTI=",
            "OUTBOUND_ALLOW_HOSTS": "127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "dramatiq_worker_timeout": "50",
            "PYTHONPATH": str(ROOT),
            "BENCH_ACCOUNT_SID": ACCOUNT,
            "BENCH_AUTH_TOKEN": TOKEN,
            "BENCH_PROVIDER_URL": f"http://127.0.0.1:{self.provider_port}",
        }

    @contextlib.contextmanager
    def new(
        self,
        *,
        pace: float = 0.05,
        start: tuple[str, ...] = tuple(COMMANDS),
        has_provider: bool = True,
    ) -> Iterator[Ground]:
        """A desk of its own, running; nothing of it is left afterwards. Of several at a time only
        one has the provider."""
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        provider = PretendTwilio(ACCOUNT, TOKEN, pace=pace)
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            if has_provider:
                stack.enter_context(serving(provider, port=self.provider_port))
            ground = Ground(folder, self.store.copy(folder), valkey(folder), provider, self)
            stack.callback(ground.end)
            provider.book.own(LINE, sms_url=ground.webhook_url)
            for part in start:
                ground.start(part)
            ground.wait_ready(*start)
            yield ground

    def close(self) -> None:
        """The founded desk goes too."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class Ground:
    """One running desk. Start processes from the main thread only: they end with the thread."""

    folder: Path
    store: Store
    broker: Server
    provider: PretendTwilio
    grounds: Grounds
    port: int = field(default_factory=free_port)
    extra: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    deaths: dict[str, int] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/webhooks/{self.grounds.desk['sms']}/"

    @property
    def environment(self) -> dict[str, str]:
        own = {"PORT": str(self.port), "REDIS_URL": self.broker.url}
        return self.grounds.environment(self.folder, self.store.url) | own | self.extra

    def start(self, part: str, *, command: list[str] | None = None, **more: str) -> None:
        """Run one of web, worker, clock, or another command in its place; `more` is added to its
        environment."""
        self.processes[part] = subprocess.Popen(
            command or COMMANDS[part],
            cwd=ROOT,
            env=self.environment | more,
            process_group=0,
            stdin=subprocess.DEVNULL,
            stdout=self._log(part),
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,
        )

    def kill(self, part: str) -> None:
        """SIGKILL it and everything it started."""
        process = self.processes.pop(part)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.deaths[part] = self.deaths.get(part, 0) + 1

    def stop(self, part: str) -> None:
        """Ask it to end, and wait."""
        process = self.processes.pop(part)
        process.terminate()
        process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def is_dead(self, part: str) -> bool:
        """Whether it ended by itself."""
        return self.processes[part].poll() is not None

    def revive(self, part: str, **more: str) -> bool:
        """Start it again if it ended by itself; whether it had."""
        if not self.is_dead(part):
            return False
        self.kill(part)
        self.start(part, **more)
        return True

    def revive_ended(self) -> None:
        """Start whatever ended by itself, as the supervisor of bin/run does."""
        for part in tuple(self.processes):
            if self.revive(part):
                self.ended.append(part)

    def wait_ready(self, *parts: str, seconds: float = 120) -> None:
        """Return when these answer, each by its own sign of life."""
        for part in parts:
            check = self._web_answers if part == "web" else lambda part=part: self._beats(part)
            wait_until(check, seconds=seconds, what=f"{part} is up\n{self.tail(part)}")

    def skip_lost_calls(self) -> None:
        """Let the minutes pass for which a lost answer is looked for: the attempt, its lease and
        the provider's own entry grow older together.

        Calls that may be under way are left alone, as no real minutes pass over a call: whoever
        lost an answer has written that down, and after 15 s no call goes on. The entries come
        first: who looks for one meanwhile has too young an attempt to miss it for good.
        """
        old, now = self.store.earlier, "CURRENT_TIMESTAMP"
        lost = self.store.rows(LOST_CALLS.format(old(now, 15), old(now, 60)))
        texts = {text for _, _, text in lost}
        for sms in [one for one in self.provider.accepted if one.body in texts]:
            entry = self.provider.book.find(sms.sid)
            self.provider.book.write(replace(entry, made_at=entry.made_at - SKIPPED))
        for attempt, message, _ in lost:
            for table, column, row in (
                ("inbox_deliveryattempt", "started_at", attempt),
                ("inbox_message", "leased_until", message),
            ):
                aged = old(column, SKIPPED)
                self.store.rows(f"UPDATE {table} SET {column} = {aged} WHERE id = {row}")

    def end(self) -> None:
        """Kill what still runs."""
        for part in tuple(self.processes):
            self.kill(part)
        self.broker.stop()

    def tail(self, part: str, lines: int = 20) -> str:
        """The last lines a process wrote."""
        path = self.folder / f"{part}.log"
        return "\n".join(path.read_text().splitlines()[-lines:]) if path.exists() else ""

    def _log(self, part: str) -> int:
        return os.open(self.folder / f"{part}.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def _web_answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _beats(self, part: str) -> bool:
        """The worker's pulse needs a clock: without one its process is trusted to be there."""
        if "clock" not in self.processes:
            return not self.is_dead(part)
        fresh = self.store.earlier("CURRENT_TIMESTAMP", 3)
        beats = "SELECT count(*) FROM inbox_heartbeat WHERE name = '{}' AND at > {}"
        return bool(self.store.one(beats.format(part, fresh)))


def run_python(*arguments: str, environment: dict[str, str], text: bytes = b"") -> bytes:
    """Run Python in a desk's environment; what it wrote to stdout. Raises on failure."""
    done = subprocess.run(
        [PYTHON, *arguments], cwd=ROOT, env=environment, input=text, capture_output=True
    )
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stderr.decode()[-2000:]}")
    return done.stdout


def wait_until(is_so: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Return as soon as it is so: the seconds that took. Raises TimeoutError."""
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"after {seconds} s still not: {what}")
        time.sleep(0.02)
    return time.monotonic() - started


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
