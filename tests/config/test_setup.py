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
    """A tree with the real shims and a lock of one small package."""
    shutil.copytree(env.ROOT / "bin", tmp_path / "bin")
    (tmp_path / "config").mkdir()
    shutil.copy(env.ROOT / "config" / "setup.py", tmp_path / "config")
    (tmp_path / "requirements.lock").write_text(locked(SMALL))
    (tmp_path / "requirements-dev.lock").write_text(locked(SMALL) + locked("hiredis"))
    return tmp_path


def run(tree: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable, **given}
    command = [tree / "bin" / "setup", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def has(tree: Path, package: str) -> bool:
    command = [tree / ".venv" / "bin" / "python", "-c", f"import {package}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_second_set_up_does_nothing_and_takes_a_blink(tree):
    assert run(tree).returncode == 0
    assert has(tree, "idna")
    assert not has(tree, "hiredis")
    started = time.monotonic()
    again = run(tree)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert time.monotonic() - started < 2


def test_the_requirements_of_tests_hold_those_of_the_desk(tree):
    assert run(tree, "--dev").returncode == 0
    assert has(tree, "hiredis")
    assert run(tree).stdout == ""


def test_a_changed_lock_is_installed(tree):
    run(tree)
    (tree / "requirements.lock").write_text(locked(SMALL) + locked("hiredis"))
    assert "Installing requirements.lock" in run(tree).stdout
    assert has(tree, "hiredis")


def test_a_package_of_another_hash_is_refused_and_the_next_set_up_tries_again(tree):
    text = locked(SMALL)
    digest = text.split("sha256:")[1].split()[0]
    wrong = text.split("--hash")[0] + f"--hash=sha256:{digest[::-1]}\n"
    (tree / "requirements.lock").write_text(wrong)
    refused = run(tree)
    assert refused.returncode == 1
    assert "The installation stopped" in refused.stderr.splitlines()[-1]
    assert not has(tree, "idna")
    (tree / "requirements.lock").write_text(text)
    assert run(tree).returncode == 0
    assert has(tree, "idna")


def test_a_broken_environment_is_made_anew(tree):
    run(tree)
    python = tree / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert run(tree).returncode == 0
    assert has(tree, "idna")


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
