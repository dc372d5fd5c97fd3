from __future__ import annotations

import os

import pytest


def pytest_report_header() -> str:
    database = os.environ.get("TEST_DATABASE", "sqlite")
    return f"database: {database}"


@pytest.fixture(autouse=True)
def _is_on_the_chosen_database(request: pytest.FixtureRequest) -> None:
    """A suite once passed silently on the wrong database."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        from django.db import connection

        assert connection.vendor == os.environ.get("TEST_DATABASE", "sqlite")
