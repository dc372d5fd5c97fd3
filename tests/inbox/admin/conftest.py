from __future__ import annotations

import pytest
from django.test import Client

from inbox.models import Agent
from tests.flows.conftest import front, grace, heidi, sales, support, text_line, vault

__all__ = ["front", "grace", "heidi", "sales", "support", "text_line", "vault"]


@pytest.fixture
def admin(db: None) -> Agent:
    return Agent.objects.create_superuser("admin@desk.example", "admin-password", name="Admin")


@pytest.fixture
def desk(admin: Agent) -> Client:
    """The admin's browser."""
    client = Client()
    client.force_login(admin)
    return client
