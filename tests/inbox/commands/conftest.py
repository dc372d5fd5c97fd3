from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command

from tests.flows.conftest import front, grace, heidi, sales, support, text_line, vault

__all__ = ["front", "grace", "heidi", "sales", "support", "text_line", "vault"]

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command and read its lines of JSON."""

    def run(*arguments: str, stdin: bytes = b"") -> list[dict[str, Any]]:
        given = SimpleNamespace(
            buffer=io.BytesIO(stdin), readline=io.StringIO(stdin.decode("latin-1")).readline
        )
        monkeypatch.setattr(sys, "stdin", given)
        out = io.StringIO()
        call_command(*arguments, stdout=out, stderr=sys.stderr)
        return [json.loads(line) for line in out.getvalue().splitlines()]

    return run
