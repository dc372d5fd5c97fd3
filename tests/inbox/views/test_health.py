from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client

from inbox import health


def test_alive_asks_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_ready_names_what_is_degraded_and_still_says_200(monkeypatch: pytest.MonkeyPatch) -> None:
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (
        200,
        {"status": "degraded", "degraded": ["clock"]},
    )
    health.beat("clock")
    health.beat("worker")
    assert Client().get("/readyz").json() == {"status": "ready", "degraded": []}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_not_ready_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", fail)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["database"]) == (503, "unreachable")


@pytest.mark.django_db
def test_not_ready_while_migrations_are_waiting() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'inbox'")
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["database"]) == (503, "migrations are waiting")
