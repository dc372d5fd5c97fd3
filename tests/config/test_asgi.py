"""Who answers which kind of connection, and which pages may open a socket."""

from __future__ import annotations

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings

from config import accepted
from config.asgi import sockets


def test_a_public_desk_is_opened_under_its_public_address_only():
    assert accepted.same_origins("https://desk.example") == ["https://desk.example"]


def test_on_one_machine_its_names_stand_for_each_other():
    assert "http://localhost:8000" in accepted.same_origins("http://127.0.0.1:8000")
    assert "http://127.0.0.1:8000" in accepted.same_origins("http://localhost:8000")


@pytest.mark.django_db(transaction=True)  # a connection of its thread may be looked after
@pytest.mark.parametrize(
    "origin",
    ["http://127.0.0.1:1", "https://127.0.0.1:8000", "http://eve.example:8000", "null", ""],
)
async def test_a_page_of_another_origin_does_not_reach_a_consumer(origin):
    assert await first_answer(origin) != await first_answer(settings.PUBLIC_URL)


async def first_answer(origin: str) -> dict:
    headers = [(b"origin", origin.encode())] if origin else []
    scope = {"type": "websocket", "path": "/ws/inbox/", "headers": headers, "query_string": b""}
    page = ApplicationCommunicator(sockets, scope)
    await page.send_input({"type": "websocket.connect"})
    return await page.receive_output(5)
