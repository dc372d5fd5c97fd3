"""bin/check: every check is run and reported; the exit code says whether all passed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: dict[str, list[str]] = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "imports": ["lint-imports", "--no-logo"],
    "templates": ["djlint", "templates", "--lint", "--quiet"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "deployment": ["python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    "catalogs": ["python", "-m", "tests.catalogs", "--check"],
    "weights": ["python", "-m", "tests.weights"],
    "types": ["mypy"],
}
PRODUCTION = {
    "PUBLIC_URL": "https://desk.example",
    "MAIL_URL": "smtps://desk@mail.example",
    "DEBUG": "0",
    "DEMO": "0",
}


def main(wanted: list[str]) -> None:
    """Run the named checks, or all of them."""
    with tempfile.TemporaryDirectory(prefix="parley-check-") as folder:
        own = {"DATA_DIR": folder, "ENV_FILE": os.devnull}
        environment = {**os.environ, **PRODUCTION, **own}
        failed = [name for name in wanted or CHECKS if not _passes(name, environment)]
    if failed:
        sys.exit(f"Not clean: {', '.join(failed)}")
    print("All clean.")


def _passes(name: str, environment: dict[str, str]) -> bool:
    program, *arguments = CHECKS[name]
    started = time.monotonic()
    done = subprocess.run(
        [BIN / program, *arguments],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    print(
        f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name} ({time.monotonic() - started:.1f} s)"
    )
    if done.returncode:
        print(done.stdout.decode(errors="replace"), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])
