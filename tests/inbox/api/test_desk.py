from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from channels_app.models import Channel
from inbox.models import Agent, CannedReply, Team
from tests.inbox.api.conftest import Program

pytestmark = pytest.mark.django_db


def test_channels_without_settings_or_secrets(program: Program, text_line: Channel) -> None:
    [shown] = program.get("channels/").json()["results"]
    assert shown == {
        "key": text_line.key,
        "kind": "sms",
        "name": "SMS UK",
        "address": text_line.account,
        "is_active": True,
        "broken_since": None,
    }


def test_canned_replies_of_your_teams_and_your_own(
    program: Program, grace: Agent, heidi: Agent, front: Team, vault: Team
) -> None:
    for shortcut, fields in {
        "all": {},
        "front": {"team": front},
        "vault": {"team": vault},
        "mine": {"owner": grace},
        "hers": {"owner": heidi},
    }.items():
        CannedReply.objects.create(title=shortcut, shortcut=shortcut, text="x", **fields)
    listed = program.get("canned-replies/").json()["results"]
    assert {one["shortcut"]: one["is_own"] for one in listed} == {
        "all": False,
        "front": False,
        "mine": True,
    }


def test_teams_and_active_agents(program: Program, grace: Agent, heidi: Agent, front: Team) -> None:
    heidi.is_active = False
    heidi.save()
    assert {team["name"] for team in program.get("teams/").json()["results"]} == {
        "Front desk",
        "Vault",
    }
    [shown] = program.get("agents/").json()["results"]
    assert shown == {
        "id": grace.pk,
        "name": "Grace",
        "email": grace.email,
        "role": "agent",
        "timezone": "UTC",
        "teams": [front.pk],
    }


@pytest.mark.parametrize("path", ["channels/", "canned-replies/", "teams/", "agents/"])
def test_lists_have_pages_and_refuse_unknown_keys(program: Program, path: str) -> None:
    assert program.get(path).json().keys() == {"next", "previous", "results"}
    assert program.get(path, page_size=1).status_code == 200
    assert program.get(path, colour="red").status_code == 400


def test_any_other_address_is_a_problem_and_not_a_page(program: Program) -> None:
    for path in ("nothing/", "tickets", "tickets/x/", ""):
        answer = program.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert program.post(path, {}).status_code == 404


def test_a_bug_is_logged_and_answered_as_a_problem(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("inbox.api.rows.channels", broken)
    program.client.raise_request_exception = False
    answer = program.get("channels/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert b"secret" not in answer.content
    assert "api_call_failed" in caplog.text


class TestDescription:
    def test_the_openapi_file_names_every_address(self) -> None:
        answer = Client().get("/api/v1/schema/", headers={"Accept": "application/json"})
        schema = answer.json()
        assert schema["openapi"].startswith("3.1")
        assert {
            "/api/v1/tickets/",
            "/api/v1/tickets/{number}/",
            "/api/v1/tickets/{number}/messages/",
            "/api/v1/tickets/{number}/notes/",
            "/api/v1/messages/{id}/",
            "/api/v1/customers/",
            "/api/v1/customers/{id}/",
            "/api/v1/customers/{id}/timeline/",
            "/api/v1/channels/",
            "/api/v1/canned-replies/",
            "/api/v1/teams/",
            "/api/v1/agents/",
        } <= schema["paths"].keys()
        assert schema["components"]["securitySchemes"] == {
            "token": {"type": "http", "scheme": "bearer"}
        }

    def test_it_is_made_without_a_warning(self, capsys: pytest.CaptureFixture[str]) -> None:
        Client().get("/api/v1/schema/")
        assert capsys.readouterr().err == ""

    def test_its_pages_bring_no_script_from_elsewhere(self) -> None:
        answer = Client().get("/api/docs/")
        assert answer.status_code == 200
        assert "script-src" not in answer["Content-Security-Policy"]
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert b"http://" not in answer.content
        assert b"https://" not in answer.content
        assert b"<style" not in answer.content
