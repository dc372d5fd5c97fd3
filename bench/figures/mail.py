"""How fast mail is taken in, beside django-helpdesk on the same mails."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from bench.ground import PYTHON, ROOT, Ground, Grounds
from bench.mails import write_mails
from bench.report import Figure, faster, interleaved
from bench.stores import PostgresStore

MAILS = 100
PEER = ROOT / "bench" / "peers"
ENVIRONMENT = ROOT / ".venv-peers"
_batches = count(1)


class Taker:
    """A process that takes in one folder of mails at a time and says how long it took."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._read()
        self.messages = 0

    def rate(self, order: str) -> float:
        """Mails a second; every one has to be there afterwards, except those only stored."""
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        seconds, messages = self._read().split()
        if not order.startswith("later"):
            assert int(messages) >= self.messages + MAILS, (order, messages, self.messages)
        self.messages = int(messages)
        return MAILS / float(seconds)

    def end(self) -> None:
        """No more folders."""
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that takes in mails has died"
        return line


def measure(rounds: int) -> list[Figure]:
    """Stored, and stored and processed, by `receive_email`'s code; django-helpdesk's `get_email`
    for both, on the same PostgreSQL."""
    install_peer()
    grounds = Grounds("postgresql")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-mails-")))
        ground = stack.enter_context(grounds.new(start=(), has_provider=False))
        desk = Taker([PYTHON, "-m", "bench.take_mails", grounds.desk["mail"]], ground.environment)
        stack.callback(desk.end)
        peer = Taker(
            [str(ENVIRONMENT / "bin/python"), "-m", "bench.peers.helpdesk.run"], _peer(ground)
        )
        stack.callback(peer.end)
        runs = interleaved(
            rounds,
            stored=lambda: desk.rate(f"later {_mails(folder)}"),
            processed=lambda: desk.rate(f"whole {_mails(folder)}"),
            peer=lambda: peer.rate(str(_mails(folder))),
        )
    name = "django-helpdesk's get_email"
    return [
        faster("mails stored", runs["stored"], runs["peer"], peer=name, aim=5),
        faster("mails processed", runs["processed"], runs["peer"], peer=name, aim=1.5),
    ]


def install_peer() -> None:
    """An environment of its own from its own lock, made once."""
    uv = str(Path(PYTHON).parent / "uv")
    if not ENVIRONMENT.exists():
        subprocess.run([uv, "venv", "-q", "-p", PYTHON, str(ENVIRONMENT)], check=True)
    lock = str(PEER / "requirements.lock")
    install = [uv, "pip", "sync", "-q", "--require-hashes", "--python", str(ENVIRONMENT), lock]
    subprocess.run(install, check=True)


def _peer(ground: Ground) -> dict[str, str]:
    assert isinstance(ground.store, PostgresStore)
    store = PostgresStore(ground.store.server, f"helpdesk_{os.getpid()}").create()
    return {**ground.environment, "DATABASE_URL": store.url}


def _mails(folder: Path) -> Path:
    batch = next(_batches)
    write_mails(folder / str(batch), MAILS, name=f"batch{batch}")
    return folder / str(batch)
