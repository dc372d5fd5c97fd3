from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from inbox.models import Agent, ApiToken
from tests.inbox.api.conftest import Program

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "header",
    ["", "Bearer ", "Bearer wrong", "Basic Z3JhY2U6eA==", "Bearer " + "ä" * 10, "Bearer a b c"],
)
def test_without_a_valid_token_every_address_answers_the_same(header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answers = [Client(headers=headers).get(f"/api/v1/{path}") for path in ("tickets/", "nothing/")]
    for answer in answers:
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"] == 'Bearer realm="Parley"'
        assert answer.json()["code"] == "not-authenticated"
    assert answers[0].content == answers[1].content


def test_a_session_is_no_token(grace: Agent) -> None:
    client = Client()
    client.force_login(grace)
    assert client.get("/api/v1/tickets/").status_code == 401


def test_a_token_ends_with_its_agent(program: Program, grace: Agent) -> None:
    assert program.get("tickets/").status_code == 200
    grace.is_active = False
    grace.save()
    assert program.get("tickets/").status_code == 401


def test_the_database_keeps_no_token(grace: Agent) -> None:
    token = ApiToken.objects.issue(grace)
    row = ApiToken.objects.values().get()
    assert token not in str(row)
    assert token.startswith(row["prefix"])


def test_use_of_a_token_is_noted_at_most_once_a_minute(program: Program) -> None:
    program.get("tickets/")
    first = ApiToken.objects.get().last_used_at
    program.get("tickets/")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    program.get("tickets/")
    assert ApiToken.objects.get().last_used_at > first
