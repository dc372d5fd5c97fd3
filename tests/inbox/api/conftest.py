from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inbox.models import Agent, ApiToken
from tests.flows.conftest import front, grace, heidi, sales, support, text_line, vault

__all__ = ["front", "grace", "heidi", "sales", "support", "text_line", "vault"]


class Program:
    """A program that calls the API with somebody's token."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query or None)

    def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(f"/api/v1/{path}", body, "application/json", headers=headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"/api/v1/{path}", body, "application/json")


@pytest.fixture
def program_of() -> Callable[[Agent], Program]:
    return lambda agent: Program(ApiToken.objects.issue(agent))


@pytest.fixture
def program(grace: Agent, program_of: Callable[[Agent], Program]) -> Program:
    """Grace's."""
    return program_of(grace)


@pytest.fixture
def stranger_program(heidi: Agent, program_of: Callable[[Agent], Program]) -> Program:
    """Heidi's, who is in another team."""
    return program_of(heidi)
