"""Values no honest program sends: each is an error of the caller, none a bug of ours."""

from __future__ import annotations

from typing import Any

import pytest

from channels_app.models import Channel
from inbox.models import Ticket
from tests.flows.saying import sms
from tests.inbox.api.conftest import Program

pytestmark = pytest.mark.django_db

HUGE = 10**30
NUL, LONE = "a\x00b", "a\\ud800b"


@pytest.fixture
def ticket(text_line: Channel) -> Ticket:
    return Ticket.objects.get(pk=sms(text_line, "Hi").ticket_id)


@pytest.mark.parametrize(
    "path",
    [
        "tickets/{}/",
        "tickets/{}/messages/",
        "messages/{}/",
        "messages/{}/attachments/{}/",
        "customers/{}/",
        "customers/{}/timeline/",
    ],
)
def test_ids_beyond_any_row_are_missing(program: Program, path: str) -> None:
    assert program.get(path.format(HUGE, HUGE)).status_code == 404


@pytest.mark.parametrize(
    "query",
    [{key: value} for key in ("q", "tag", "channel", "team", "customer") for value in (NUL, HUGE)],
)
def test_odd_filters(program: Program, ticket: Ticket, query: dict[str, Any]) -> None:
    assert program.get("tickets/", **query).status_code in (200, 400)


@pytest.mark.parametrize(
    "body",
    [
        {"assignee": HUGE},
        {"team": HUGE},
        {"subject": NUL},
        {"tags": [NUL]},
        {"tags": [{"a": 1}]},
        {"snoozed_until": "9999-12-31T23:59:59-23:59"},
        {"snoozed_until": "tomorrow"},
        {"assignee": [1]},
        {"status": {}},
    ],
)
def test_odd_changes(program: Program, ticket: Ticket, body: dict[str, Any]) -> None:
    answer = program.patch(f"tickets/{ticket.pk}/", body)
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize(
    "body",
    [
        {"text": NUL},
        {"text": "x", "conversation": HUGE},
        {"text": "", "canned_reply": HUGE},
        {"text": "x", "base": -1},
        {"text": "x", "attachments": [{}]},
        {"text": "x", "attachments": [{"name": NUL, "content": ""}]},
        {"text": ["x"]},
    ],
)
def test_odd_replies(program: Program, ticket: Ticket, body: dict[str, Any]) -> None:
    answer = program.post(f"tickets/{ticket.pk}/messages/", body)
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize(
    "attributes", [{"a": NUL}, {NUL: 1}, {"a": {"b": [NUL]}}, [], "x", {"a": "\ud800"}]
)
def test_odd_attributes(program: Program, ticket: Ticket, attributes: Any) -> None:
    answer = program.patch(f"customers/{ticket.customer_id}/", {"attributes": attributes})
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"1", b"[]", b"NaN", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, LONE.encode()],
)
def test_odd_bodies(program: Program, ticket: Ticket, body: bytes) -> None:
    for path in (f"tickets/{ticket.pk}/", f"customers/{ticket.customer_id}/"):
        answer = program.client.patch(f"/api/v1/{path}", body, "application/json")
        if body:
            assert answer.status_code == 400, answer.content
            assert answer["Content-Type"] == "application/problem+json"
        else:
            assert answer.status_code == 200


@pytest.mark.parametrize("key", ["é" * 5, "a\tb", "😀"])
def test_odd_idempotency_keys(program: Program, ticket: Ticket, key: str) -> None:
    path = f"tickets/{ticket.pk}/notes/"
    assert program.post(path, {"text": "x"}, key=key).status_code in (201, 400)
