"""Bodies that are too large are refused before anything of them is kept."""

from __future__ import annotations

import json

import pytest
from asgiref.testing import ApplicationCommunicator

from config import bodies
from config.bodies import bounded

FORM = b"application/x-www-form-urlencoded"
FILES = b"Multipart/form-data; boundary=x"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    monkeypatch.setattr(bodies, "MAX_UPLOAD", 20)
    monkeypatch.setattr(bodies, "FIELDS", 0)


class Reader:
    """An application that reads the whole body and says how much that was."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, scope, receive, send) -> None:
        self.calls += 1
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(size).encode()})


async def call(reader: Reader, *sizes: int, kind: bytes = FORM, path: str = "/", told: int = 0):
    headers = [(b"content-type", kind)]
    headers += [(b"content-length", str(told).encode())] if told else []
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    line = ApplicationCommunicator(bounded(reader), scope)
    for number, size in enumerate(sizes, start=1):
        more = number < len(sizes)
        await line.send_input({"type": "http.request", "body": b"x" * size, "more_body": more})
    status = (await line.receive_output(5))["status"]
    return status, (await line.receive_output(5))["body"]


async def test_a_body_within_the_bounds_passes() -> None:
    assert await call(Reader(), 5, 5, told=10) == (200, b"10")


async def test_a_length_beyond_the_bounds_is_refused_unread() -> None:
    reader = Reader()
    status, body = await call(reader, told=11)
    assert (status, json.loads(body)["code"]) == (413, "too-large")
    assert reader.calls == 0


async def test_a_body_that_does_not_tell_its_length_is_counted() -> None:
    status, _body = await call(Reader(), 5, 5, 1, 5)
    assert status == 413


async def test_only_what_carries_files_may_be_as_large_as_a_file() -> None:
    assert await call(Reader(), 20, kind=FILES, told=20) == (200, b"20")
    assert (await call(Reader(), kind=FILES, told=21))[0] == 413
    assert (await call(Reader(), kind=FILES, path="/api/v1/tickets/", told=11))[0] == 413
