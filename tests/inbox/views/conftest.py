from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox.models import Agent


@pytest.fixture
def as_grace(grace: Agent) -> Client:
    """Grace's browser."""
    client = Client()
    client.force_login(grace)
    return client


@pytest.fixture
def script(grace: Agent) -> Client:
    """A script of ours in Grace's browser, asking for fragments."""
    client = Client(headers={"HX-Request": "true"})
    client.force_login(grace)
    return client


@pytest.fixture
def queries() -> Callable[[Callable[[], Any]], int]:
    """How many times the database is asked."""

    def counted(act: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as context:
            act()
        return len(context)

    return counted
