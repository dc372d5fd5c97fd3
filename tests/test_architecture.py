"""The shape of the tree: who may import whom, what a module may be called."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from config import env

ROOMS = ("config", "customers", "channels_app", "inbox")
# Named after a kind of code, not after the business: drawers that fill with anything.
JUNK_DRAWERS = {"utils", "helpers", "services", "signals", "managers", "constants", "tasks", "misc"}
LONGEST_FILE = 400


def modules() -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((env.ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def test_no_module_is_a_junk_drawer():
    named = {path for path in modules() if {path.stem, path.parent.name} & JUNK_DRAWERS}
    assert named == set()


def test_imports_go_one_way_only():
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=env.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_actors_stand_in_modules_the_worker_loads():
    from django.conf import settings

    loaded = set(settings.DRAMATIQ_AUTODISCOVER_MODULES)
    strays = [
        str(path)
        for path in modules()
        if has_actor(path)
        and not loaded & {path.stem, path.parent.name, f"{path.parent.name}.{path.stem}"}
    ]
    assert strays == []


def has_actor(path: Path) -> bool:
    functions = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)]
    decorators = [ast.unparse(d).split("(")[0] for f in functions for d in f.decorator_list]
    return bool({"actor", "dramatiq.actor"} & set(decorators))


def test_no_file_grows_into_a_centre_of_everything():
    long = {str(path): lines(path) for path in modules() if lines(path) > LONGEST_FILE}
    assert long == {}


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_the_content_policy_allows_nothing_inline_anywhere():
    from django.conf import settings

    words = {word for sources in settings.SECURE_CSP.values() for word in sources}
    assert words == {"'self'", "'none'"}
    assert settings.SECURE_CSP["default-src"] == ["'self'"]


def test_lock_files_name_no_host_and_pin_every_package_by_hash():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (env.ROOT / name).read_text()
        assert "://" not in text
        assert "--index" not in text
        packages = [line for line in text.splitlines() if line[:1].isalnum()]
        assert packages
        assert all("==" in line and line.endswith("\\") for line in packages)
    npm = (env.ROOT / "tests/channels_app/specs/package-lock.json").read_text()
    assert '"resolved"' not in npm
