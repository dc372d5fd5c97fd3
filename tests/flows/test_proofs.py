"""The proofs of bin/prove, scaled down: real processes are killed, starved and flooded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from bench.ground import Grounds
from bench.prove import PROOFS, prove


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    founded = Grounds(os.environ.get("TEST_DATABASE", "sqlite"))
    yield founded
    founded.close()


MARKS = {"mailbox-gone": pytest.mark.oracle_mail}


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in PROOFS])
def test_the_promise_holds(grounds: Grounds, name: str) -> None:
    told = prove(name, grounds, size="small")
    assert told["held"], json.dumps(told, indent=1, default=str)
