"""Who leaves before the answer costs the desk no database connection."""

from __future__ import annotations

import asyncio

from asgiref.testing import ApplicationCommunicator

from config.asgi import application
from config.patience import seen_through


def get(path: str) -> ApplicationCommunicator:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000")],
    }
    return ApplicationCommunicator(application, scope)


async def test_a_request_whose_caller_has_left_is_seen_through() -> None:
    call = get("/healthz")
    await call.send_input({"type": "http.request", "body": b""})
    await call.send_input({"type": "http.disconnect"})
    assert (await call.receive_output(5))["status"] == 200
    await call.wait(5)


async def test_who_leaves_in_the_middle_of_a_body_is_heard() -> None:
    heard = []

    async def reading(_scope: object, receive, _send: object) -> None:
        heard.extend([(await receive())["type"] for _ in range(2)])
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        heard.append(waiting.done())
        waiting.cancel()

    call = ApplicationCommunicator(seen_through(reading), {"type": "http"})
    await call.send_input({"type": "http.request", "body": b"a", "more_body": True})
    await call.send_input({"type": "http.disconnect"})
    await call.wait(5)
    assert heard == ["http.request", "http.disconnect", False]
