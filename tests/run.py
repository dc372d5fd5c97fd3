"""bin/test: what the tests need, then pytest on SQLite and again on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.oracles import NEEDS, missing

ROOT = Path(__file__).resolve().parent.parent
SPECS = ROOT / "tests" / "channels_app" / "specs"
BOTH_DATABASES = ["tests/customers", "tests/inbox", "tests/flows"]


def main(arguments: list[str]) -> None:
    """Every test on SQLite, those that touch rows on PostgreSQL too; or pytest as asked."""
    install_packages()
    install_prism()
    if arguments:
        sys.exit(_pytest(arguments))
    # Browser tests keep two cores busy by themselves.
    codes = [
        _pytest(["-n", "2", "--dist", "loadfile", "-m", "not browser"]),
        _pytest(["-m", "browser"]),
        _pytest(["-n", "2", "--dist", "loadfile", *BOTH_DATABASES], TEST_DATABASE="postgresql"),
    ]
    sys.exit(max(codes))


def install_packages() -> None:
    """The Debian packages that are missing, where this user may install them."""
    packages = {package for need in NEEDS.values() for package in need.packages if missing(need)}
    if not packages or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*apt, "update"], env=quiet, check=False)
    install = [*apt, "install", "-y", "--no-install-recommends", *sorted(packages)]
    subprocess.run(install, env=quiet, stdout=subprocess.DEVNULL, check=False)


def install_prism() -> None:
    """The checker of API descriptions, locked, where npm is there and it is not."""
    if not shutil.which("npm") or not missing(NEEDS["oracle_prism"]):
        return
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    subprocess.run(command, cwd=SPECS, check=False)


def _pytest(arguments: list[str], **environment: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    main(sys.argv[1:])
