"""bin/setup: an environment from a lock file, once, or one line that says why not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import env

SMALL = "idna"


def locked(package: str) -> str:
    """The lines of our own lock file that pin this package."""
    lines = (env.ROOT / "requirements.lock").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{package}=="))
    end = next(i for i in range(start + 1, len(lines)) if not lines[i].startswith("    --hash"))
    return "\n".join(lines[start:end]).removesuffix("\\") + "\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the real shims and locks of one and of two small packages."""
    return planted(tmp_path / "tree")


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = planted(tmp_path_factory.mktemp("setup") / "tree")
    assert run(tree).returncode == 0
    return tree


@pytest.fixture
def ready(grown: Path, tmp_path: Path) -> Path:
    """Such a tree after bin/setup."""
    return Path(shutil.copytree(grown, tmp_path / "tree", symlinks=True))


def planted(tree: Path) -> Path:
    shutil.copytree(env.ROOT / "bin", tree / "bin")
    (tree / "config").mkdir()
    shutil.copy(env.ROOT / "config" / "setup.py", tree / "config")
    (tree / "requirements.lock").write_text(locked(SMALL))
    (tree / "requirements-dev.lock").write_text(locked(SMALL) + locked("hiredis"))
    return tree


def run(tree: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable, **given}
    command = [tree / "bin" / "setup", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def has(tree: Path, package: str) -> bool:
    command = [tree / ".venv" / "bin" / "python", "-c", f"import {package}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_second_set_up_does_nothing_and_takes_a_blink(ready):
    assert has(ready, "idna")
    assert not has(ready, "hiredis")
    started = time.monotonic()
    again = run(ready)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert time.monotonic() - started < 5


def test_the_requirements_of_tests_hold_those_of_the_desk(ready):
    assert run(ready, "--dev").returncode == 0
    assert has(ready, "hiredis")
    assert run(ready).stdout == ""


def test_a_changed_lock_is_installed(ready):
    (ready / "requirements.lock").write_text(locked(SMALL) + locked("hiredis"))
    assert "Installing requirements.lock" in run(ready).stdout
    assert has(ready, "hiredis")


def test_a_package_of_another_hash_is_refused_and_the_next_set_up_tries_again(ready):
    text = locked("hiredis")
    wrong = text.split("--hash", maxsplit=1)[0] + f"--hash=sha256:{'0' * 64}\n"
    (ready / "requirements.lock").write_text(wrong)
    refused = run(ready)
    assert refused.returncode == 1
    assert "The installation stopped" in refused.stderr.splitlines()[-1]
    assert not has(ready, "hiredis")
    (ready / "requirements.lock").write_text(text)
    assert run(ready).returncode == 0
    assert has(ready, "hiredis")


def test_a_broken_environment_is_made_anew(ready):
    python = ready / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert run(ready).returncode == 0
    assert has(ready, "idna")


@pytest.mark.parametrize("shim", ["setup", "run", "test", "check", "bench", "prove", "seed"])
def test_without_a_new_enough_python_one_line_says_what_to_do(tree, shim):
    tools = tree / "tools"
    tools.mkdir()
    for name in ("sh", "dirname"):
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    done = subprocess.run(
        [tree / "bin" / shim], env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "Parley needs Python 3.12 or newer: install it, or set PYTHON to where it is.\n"
    )
    assert not (tree / ".venv").exists()
