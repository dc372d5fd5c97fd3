"""Makes `.venv` from a lock file. Runs before anything is installed: standard library only."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
RUN, DEV = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"


def main(arguments: list[str]) -> None:
    """Install what the desk needs, with --dev also what its tests need, unless it is there."""
    wanted = DEV if "--dev" in arguments else RUN
    if _is_installed(wanted):
        return
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_installed(wanted):
            _install(wanted)


def _is_installed(wanted: Path) -> bool:
    """The requirements of the tests hold those of the desk, in the same versions."""
    if not STAMP.exists():
        return False
    acceptable = {_print_of(lock) for lock in {wanted, DEV}}
    return STAMP.read_text() in acceptable and _starts()


def _print_of(lock: Path) -> str:
    return f"{lock.name} {hashlib.sha256(lock.read_bytes()).hexdigest()}"


def _starts() -> bool:
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0


def _install(wanted: Path) -> None:
    if STAMP.exists() and STAMP.read_text().startswith(DEV.name):
        wanted = DEV  # a lock changed: what was there stays there
    print(f"Installing {wanted.name} into .venv …", flush=True)
    STAMP.unlink(missing_ok=True)
    if not _starts():
        _make_environment()
    pip = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "--no-deps", "--requirement", wanted])
    _make_importable()
    STAMP.write_text(_print_of(wanted))


def _make_environment() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True)
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            "Python's venv module does not work: install it (Debian: apt install python3-venv)."
        )


def _make_importable() -> None:
    """Packages of this tree can be imported wherever a command is called from."""
    (next(VENV.glob("lib/python3*/site-packages")) / "parley.pth").write_text(f"{ROOT}\n")


def _run(command: list[object]) -> None:
    code = subprocess.run([str(part) for part in command], check=False).returncode
    if code:
        sys.exit(f"The installation stopped (pip said why above). Run it again: {ROOT}/bin/setup")


if __name__ == "__main__":
    main(sys.argv[1:])
